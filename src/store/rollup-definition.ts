import { z } from 'zod'
import { SternaError } from '../errors.ts'
import type { RollupDefinition } from './parts.ts'

const definitionSchema = z.strictObject({
  sql: z.string(),
  source: z.strictObject({ schema: z.string(), key: z.string() }),
  before: z.string(),
  after: z.string(),
  time: z.string(),
  width: z.strictObject({ months: z.int(), us: z.int() }),
  order: z.tuple([z.string()], z.string()),
})

/** What a rollup is of, as the catalog keeps it. @throws DATA_CORRUPT where this version did not write it */
export function readDefinition(text: string, key: string): RollupDefinition {
  const parsed = definitionSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new SternaError('DATA_CORRUPT', `The catalog does not say what dataset "${key}" is a rollup of`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
