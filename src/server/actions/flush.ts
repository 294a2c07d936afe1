import { jsonAction, parseKeyBody } from './action.ts'
import { datasetSummary } from './describe.ts'

export const flush = jsonAction(
  'flush',
  'Makes a part of the rows that were appended to a dataset and are in its log. In: the key, or {"key", "schema"?}. ' +
    'Out: {key, schema, rows, parts, …} as it is then',
  async (body, services) => datasetSummary(await services.store.flush(parseKeyBody('flush', body))),
)
