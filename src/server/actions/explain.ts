import { z } from 'zod'
import { jsonAction, parseSqlBody } from './action.ts'

export const explain = jsonAction(
  'explain',
  'Shows the plan of SQL. In: the SQL text, or {"sql", "analyze"?: run it and show times}. Out: {"plan", "rollups": what is read of each}',
  async (body, services, { signal }) => {
    const { sql, analyze } = parseSqlBody('explain', body, { analyze: z.boolean().optional() })
    return services.engine.explain(sql, { analyze: analyze === true, signal })
  },
)
