import { jsonAction, parseKeyBody } from './action.ts'

export const evict = jsonAction(
  'evict',
  'Takes a dataset out of the cache; it stays on disk. In: the key, or {"key", "schema"?}. Out: {"key", "evicted"}',
  (body, services) => {
    const dataset = parseKeyBody('evict', body)
    return { key: dataset.key, evicted: services.store.evict(dataset) }
  },
)
