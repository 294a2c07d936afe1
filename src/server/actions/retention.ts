import { z } from 'zod'
import { jsonAction, parseBody } from './action.ts'

const bodySchema = z.strictObject({
  glob: z.string().optional(),
  dry_run: z.boolean().optional(),
  at: z.string().optional(),
})

export const retention = jsonAction(
  'retention',
  'Has rows go that are older than the age of their dataset, or beyond its size; or only tells of them. In: nothing, or ' +
    '{"glob"?, "dry_run"?: false, "at"?: the instant at which they are old}. Out: [{"key", "schema", "before", "parts", ' +
    '"bytes", "rewritten_parts", "rows", "error"}], one for each dataset that has limits',
  (body, { store }, { signal }) => {
    const { glob, dry_run: isDry = false, at } = parseBody('retention', bodySchema, body)
    return store.upkeep.retain(glob, isDry, at, signal)
  },
)
