import { ErrorValue, type SessionOptionValue } from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import type { Services } from '../services.ts'
import { CATALOG, DEFAULT_SCHEMA } from './names.ts'
import type { Session } from './sessions.ts'

/** What a session's options mean for the statements of its client. */
export function statementOptions(session: Session | undefined): {
  schema?: string
  timeoutMs?: number
  timeZone?: string
} {
  const schema = session?.options.get('schema')?.stringValue
  const timeZone = session?.options.get('time_zone')?.stringValue
  const timeout = session?.options.get('query_timeout')
  const seconds = timeout === undefined ? null : numberOf(timeout)
  return {
    ...(typeof schema === 'string' && { schema }),
    ...(seconds !== null && seconds > 0 && { timeoutMs: seconds * 1000 }),
    ...(typeof timeZone === 'string' && { timeZone }),
  }
}

/** The options of a caller, and where it is as long as it has not said so: drivers ask. */
export function currentOptions(session: Session | undefined): Map<string, SessionOptionValue> {
  return new Map([
    ['catalog', textValue(CATALOG)],
    ['schema', textValue(DEFAULT_SCHEMA)],
    ...(session?.options ?? []),
  ])
}

function textValue(stringValue: string): SessionOptionValue {
  return { stringValue, boolValue: null, int64Value: null, doubleValue: null, stringListValue: null }
}

/** What is wrong with an option, as an `ErrorValue` of the specification; null where nothing is. */
export async function optionError(
  name: string,
  value: SessionOptionValue,
  services: Services,
): Promise<number | null> {
  // DuckDB bounds the memory of an instance, never of one statement: no promise could be kept.
  if (name === 'memory_limit') return ErrorValue.ERROR
  const isValid = SESSION_OPTIONS.get(name)
  if (isValid === undefined) return ErrorValue.INVALID_NAME
  const isUnset = Object.values(value).every((member) => member === null)
  return isUnset || (await isValid(value, services)) ? null : ErrorValue.INVALID_VALUE
}

type OptionCheck = (value: SessionOptionValue, services: Services) => boolean | Promise<boolean>

/** The options of a session, each with what it may be. */
const OPTIONS: Readonly<Record<string, OptionCheck>> = {
  /** There is one. */
  catalog: (value) => value.stringValue === CATALOG,
  /** Of tables that a statement names without one; it may come to be later. */
  schema: ({ stringValue }) =>
    stringValue !== null && stringValue !== '' && Buffer.byteLength(stringValue) <= LIMITS.keyBytesMax,
  /** Seconds, 0 for none: a longer statement ends with DEADLINE_EXCEEDED. */
  query_timeout: (value) => {
    const seconds = numberOf(value)
    return seconds !== null && seconds >= 0 && seconds <= TIMEOUT_SECONDS_MAX
  },
  /** Of times with a zone in SQL: as which they are computed, printed and given to clients. UTC by default. */
  time_zone: async ({ stringValue }, { engine }) =>
    stringValue !== null && (await engine.timeZones()).has(stringValue),
}
const SESSION_OPTIONS: ReadonlyMap<string, OptionCheck> = new Map(Object.entries(OPTIONS))

/** What a timer takes. */
const TIMEOUT_SECONDS_MAX = 2_147_483

function numberOf({ int64Value, doubleValue, stringValue }: SessionOptionValue): number | null {
  if (int64Value !== null) return Number(int64Value)
  if (doubleValue !== null) return doubleValue
  return stringValue !== null && /^\d+(\.\d+)?$/.test(stringValue) ? Number(stringValue) : null
}
