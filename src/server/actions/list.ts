import { z } from 'zod'
import { jsonAction, parseBody } from './action.ts'
import { datasetSummary } from './describe.ts'

export const list = jsonAction(
  'list',
  'Lists datasets. In: nothing, or {"glob"?, "schema"?}. Out: an array of {key, schema, rows, …}',
  (body, services) => {
    const { glob, schema } = parseBody(
      'list',
      z.strictObject({ glob: z.string().optional(), schema: z.string().optional() }),
      body,
    )
    return services.store
      .list(glob ?? '*')
      .filter(({ ref }) => schema === undefined || ref.schema === schema)
      .map(datasetSummary)
  },
)
