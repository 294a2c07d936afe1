import { z } from 'zod'
import { SternaError } from '../errors.ts'
import { DURABILITIES } from './log/append.ts'

/** What a dataset can be told, by name. A further option is a line here, and a row in docs/datasets.md. */
const OPTIONS = {
  durability: z.enum(DURABILITIES, { error: `expected one of ${DURABILITIES.join(', ')}` }),
}

const optionsSchema = z.strictObject(OPTIONS).partial()
const patchSchema = z
  .strictObject(
    Object.fromEntries(Object.entries(OPTIONS).map(([name, option]) => [name, option.nullable()])),
  )
  .partial()

/** The options that a dataset has. */
export type DatasetOptions = Readonly<z.infer<typeof optionsSchema>>

/** A change of options: those that it names are set, or taken away by null. */
export type OptionsPatch = { readonly [Name in keyof DatasetOptions]: DatasetOptions[Name] | null }

/** A change of options as a client sends it. @throws REQUEST_INVALID naming each option that is wrong or unknown */
export function parseOptions(value: unknown): OptionsPatch {
  const parsed = patchSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new SternaError('REQUEST_INVALID', `The options are wrong: ${problemsOf(parsed.error)}`)
}

/** Options as the catalog keeps them. @throws DATA_CORRUPT where they are none that this version knows */
export function readOptions(text: string | null, key: string): DatasetOptions {
  if (text === null) return {}
  const parsed = optionsSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new SternaError(
    'DATA_CORRUPT',
    `The catalog has options of dataset "${key}" that this version does not know: ${problemsOf(parsed.error)}`,
  )
}

/** The options of a dataset after a change. */
export function changeOptions(options: DatasetOptions, patch: OptionsPatch = {}): DatasetOptions {
  const changed = Object.entries({ ...options, ...patch }).filter(([, value]) => value !== null)
  return optionsSchema.parse(Object.fromEntries(changed))
}

/** True for the same options: both come from one schema, which gives their fields an order. */
export function areSameOptions(a: DatasetOptions, b: DatasetOptions): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ')
}
