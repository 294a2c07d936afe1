import { jsonAction, parseKeyBody } from './action.ts'

export const drop = jsonAction(
  'drop',
  'Drops a dataset. In: the key, or {"key", "schema"?}. Out: {"dropped": key}',
  (body, services) => {
    const dataset = parseKeyBody('drop', body)
    services.store.drop(dataset)
    return { dropped: dataset.key }
  },
)
