import { z } from 'zod'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import { parseBytes } from '../config/bytes.ts'
import { parseDuration } from '../config/duration.ts'
import { SternaError } from '../errors.ts'
import { DURABILITIES } from './log/append.ts'
import { PARTITION_STEPS } from './partitions.ts'

/** A further column could only order rows that are equal in all of these. */
const ORDER_COLUMNS_MAX = 16

function oneOf<T extends string>(choices: readonly T[]): z.ZodEnum<{ [C in T]: C }> {
  return z.enum(choices, { error: `expected one of ${choices.join(', ')}` })
}

/** What a dataset can be told, by name. A further option is a line here, and a row in docs/datasets.md. */
const OPTIONS = {
  /** Rows of one hour, day or month, in UTC, have parts of their own. */
  partition_by: z.strictObject({ column: z.string(), every: oneOf(PARTITION_STEPS) }),
  /** The order of the rows of a part that compaction makes. */
  order_by: z.array(z.string()).min(1).max(ORDER_COLUMNS_MAX),
  durability: oneOf(DURABILITIES),
  /** Which rows go by themselves: those that are older than an age, and the oldest beyond a size of all files. */
  retention: z
    .strictObject({
      age: z.string().refine((text) => (parseDuration(text) ?? 0) > 0, 'expected a time such as 90d or 12h'),
      size: z
        .union([z.string(), z.number()])
        .refine((size) => (parseBytes(String(size)) ?? 0) > 0, 'expected a size such as 500GB'),
      column: z.string(),
    })
    .partial()
    .refine(({ age, size }) => age !== undefined || size !== undefined, 'expected an age, a size or both'),
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

/** @throws REQUEST_INVALID where an option names a column that the schema does not have, or one that it cannot be about */
export function checkOptions(options: DatasetOptions, schema: Schema): void {
  const { partition_by: by, order_by: order, retention } = options
  const check = (option: string, column: string, isFit: (field: Field) => boolean, fit: string): void => {
    const field = schema.fields.find(({ name }) => name === column)
    if (field !== undefined && isFit(field)) return
    const problem = field === undefined ? 'does not exist' : `is no ${fit}`
    throw new SternaError('REQUEST_INVALID', `Option ${option}: column "${column}" ${problem}`)
  }
  if (by !== undefined) check('partition_by', by.column, isTime, 'timestamp or date')
  for (const column of order ?? [])
    check('order_by', column, ({ children }) => children.length === 0, 'single value')
  if (retention?.column !== undefined) check('retention', retention.column, isTime, 'timestamp or date')
  if (retention?.age !== undefined && timeColumn({ schema, options }, retention.column) === undefined) {
    throw new SternaError(
      'REQUEST_INVALID',
      'Option retention: there is no single timestamp column; name one',
    )
  }
}

/** How much of a dataset stays. */
export interface RetentionLimits {
  /** Milliseconds. */
  readonly age?: number | undefined
  /** Bytes of its files. */
  readonly size?: number | undefined
  /** By which the age of a row is told; where it is absent, see {@link timeColumn}. */
  readonly column?: string | undefined
}

export function limitsOf({ age, size, column }: NonNullable<DatasetOptions['retention']>): RetentionLimits {
  return {
    age: age === undefined ? undefined : parseDuration(age),
    size: size === undefined ? undefined : parseBytes(String(size)),
    column,
  }
}

/** The column that is named, else that of the partitions, else the only timestamp; undefined where none fits. */
export function timeColumn(
  { schema, options }: { readonly schema: Schema; readonly options: DatasetOptions },
  named: string | undefined,
): string | undefined {
  const chosen = named ?? options.partition_by?.column
  if (chosen !== undefined) return schema.fields.find((field) => field.name === chosen && isTime(field))?.name
  const [only, ...others] = schema.fields.filter((field) => isTime(field) && field.type.kind === 'timestamp')
  return others.length === 0 ? only?.name : undefined
}

function isTime({ type, dictionary }: Field): boolean {
  return dictionary === null && (type.kind === 'timestamp' || type.kind === 'date')
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
