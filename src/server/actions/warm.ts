import { jsonAction, parseKeyBody } from './action.ts'

export const warm = jsonAction(
  'warm',
  'Loads a dataset into the cache. In: the key, or {"key", "schema"?}. Out: {"key", "cached", "bytes"}; ' +
    'not cached means larger than the share of the cache that one dataset may take',
  async (body, services, { signal }) => {
    const dataset = parseKeyBody('warm', body)
    return { key: dataset.key, ...(await services.store.warm(dataset, signal)) }
  },
)
