import { z } from 'zod'
import { SternaError } from '../../errors.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

export const rollup = jsonAction(
  'rollup',
  'Makes a dataset whose rows are those of a query over another one, whatever that gets. ' +
    'In: {"key", "schema"?, "sql"}. Out: {"key", "schema", "sql", "source", "order"}',
  async (body, { engine, store }) => {
    const { dataset, options } = parseKeyBodyWith('rollup', body, { sql: z.string() })
    if (options.sql === undefined) {
      throw new SternaError('REQUEST_INVALID', 'The body of action "rollup" is wrong: sql: there is none')
    }
    const declared = await engine.defineRollup(options.sql, dataset.schema)
    store.declareRollup(dataset, declared)
    const { sql, source, order } = declared
    return { ...dataset, sql, source, order }
  },
)
