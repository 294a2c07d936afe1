import { z } from 'zod'
import { SternaError } from '../../errors.ts'
import { limitsOf, parseOptions } from '../../store/options.ts'
import { jsonAction, parseBody } from './action.ts'

const bodySchema = z.strictObject({
  glob: z.string().optional(),
  dry_run: z.boolean().optional(),
  at: z.string().optional(),
  retention: z.json().optional(),
})

export const retention = jsonAction(
  'retention',
  'Has rows go that are older than the age of their dataset, or beyond its size; or only tells of them. In: nothing, or ' +
    '{"glob"?, "dry_run"?: false, "at"?: the instant at which they are old, "retention"?: {"age"?, "size"?, "column"?} to ' +
    'try in a dry run in place of those of all datasets}. Out: [{"key", "schema", "before", "parts", ' +
    '"bytes", "rewritten_parts", "rows", "error"}], one for each dataset that has limits',
  (body, { store }, { signal }) => {
    const { glob, dry_run: isDry = false, at, retention: tried } = parseBody('retention', bodySchema, body)
    if (tried !== undefined && !isDry) {
      throw new SternaError(
        'REQUEST_INVALID',
        'Limits can be tried in a dry run; to set them use "configure"',
      )
    }
    const limits = tried === undefined ? undefined : parseOptions({ retention: tried }).retention
    return store.upkeep.retain({ glob, isDry, at, limits: limits ? limitsOf(limits) : undefined }, signal)
  },
)
