import { ErrorValue, type SessionOptionValue } from '../../../flight/index.ts'
import { parseBytes } from '../../config/bytes.ts'
import { LIMITS } from '../../limits.ts'
import type { Services } from '../services.ts'
import { CATALOG, DEFAULT_SCHEMA } from './names.ts'
import type { Session } from './sessions.ts'

/** What a session's options mean for the statements of its client. */
export function statementOptions(session: Session | undefined): {
  schema?: string
  timeoutMs?: number
  timeZone?: string
  memory?: string
  endpoints?: number
} {
  const schema = session?.options.get('schema')?.stringValue
  const timeZone = session?.options.get('time_zone')?.stringValue
  const timeout = session?.options.get('query_timeout')
  const endpoints = session?.options.get('endpoints')
  const seconds = timeout === undefined ? null : numberOf(timeout)
  return {
    ...(typeof schema === 'string' && { schema }),
    ...(seconds !== null && seconds > 0 && { timeoutMs: seconds * 1000 }),
    ...(typeof timeZone === 'string' && { timeZone }),
    ...(endpoints !== undefined && { endpoints: numberOf(endpoints) ?? 1 }),
    ...(typeof session?.memory === 'string' && { memory: session.memory }),
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

/**
 * Sets an option, or unsets it by a value of which nothing is set.
 *
 * @returns what is wrong with it, as an `ErrorValue` of the specification; null where nothing is
 */
export async function setOption(
  session: Session,
  name: string,
  value: SessionOptionValue,
  services: Services,
): Promise<number | null> {
  const option = SESSION_OPTIONS.get(name)
  if (option === undefined) return ErrorValue.INVALID_NAME
  const isUnset = Object.values(value).every((member) => member === null)
  if (!isUnset && !(await option.isValid(value, services))) return ErrorValue.INVALID_VALUE
  try {
    await option.apply?.(isUnset ? null : value, session, services)
  } catch {
    return ErrorValue.ERROR
  }
  if (isUnset) session.options.delete(name)
  else session.options.set(name, value)
  return null
}

interface SessionOption {
  isValid(value: SessionOptionValue, services: Services): boolean | Promise<boolean>
  /** Makes it so at once. Throws where that cannot be at the moment; the option then stays as it was. */
  apply?(value: SessionOptionValue | null, session: Session, services: Services): Promise<void>
}

/** The options of a session. */
const OPTIONS: Readonly<Record<string, SessionOption>> = {
  /** There is one. */
  catalog: { isValid: (value) => value.stringValue === CATALOG },
  /** Of tables that a statement names without one; it may come to be later. */
  schema: {
    isValid: ({ stringValue }) =>
      stringValue !== null && stringValue !== '' && Buffer.byteLength(stringValue) <= LIMITS.keyBytesMax,
  },
  /** Seconds, 0 for none: a longer statement ends with DEADLINE_EXCEEDED. */
  query_timeout: {
    isValid: (value) => {
      const seconds = numberOf(value)
      return seconds !== null && seconds >= 0 && seconds <= TIMEOUT_SECONDS_MAX
    },
  },
  /** Of times with a zone in SQL: as which they are computed, printed and given to clients. UTC by default. */
  time_zone: {
    isValid: async ({ stringValue }, { engine }) =>
      stringValue !== null && (await engine.timeZones()).has(stringValue),
  },
  /** Of results that are large, and rows of one dataset; 1 by default. */
  endpoints: {
    isValid: (value) => {
      const count = numberOf(value)
      return count !== null && Number.isInteger(count) && count >= 1 && count <= LIMITS.endpointsMax
    },
  },
  /** Of all its statements together: one that needs more, and cannot spill, ends with LIMIT_EXCEEDED. */
  memory_limit: {
    isValid: (value) => (bytesOf(value) ?? 0) >= LIMITS.memoryShareBytesMin,
    apply: async (value, session, { sql }) => {
      const bytes = value === null ? null : bytesOf(value)
      const { memory } = session
      if (memory !== null && bytes !== null) return sql.memory.resize(memory, bytes)
      session.memory = null
      if (memory !== null) await sql.memory.end(memory)
      if (bytes === null) return
      const { id } = await sql.memory.take(bytes)
      if (canHave(session)) session.memory = id
      else await sql.memory.end(id)
    },
  },
}

/** False for a session that has ended meanwhile, or in which another call has set the same option. */
function canHave({ memory, hasEnded }: Session): boolean {
  return memory === null && !hasEnded
}

const SESSION_OPTIONS: ReadonlyMap<string, SessionOption> = new Map(Object.entries(OPTIONS))

/** What a timer takes. */
const TIMEOUT_SECONDS_MAX = 2_147_483

function numberOf({ int64Value, doubleValue, stringValue }: SessionOptionValue): number | null {
  if (int64Value !== null) return Number(int64Value)
  if (doubleValue !== null) return doubleValue
  return stringValue !== null && /^\d+(\.\d+)?$/.test(stringValue) ? Number(stringValue) : null
}

/** Bytes, or a text with a unit. */
function bytesOf({ int64Value, stringValue }: SessionOptionValue): number | null {
  if (int64Value !== null) return Number(int64Value)
  return stringValue === null ? null : (parseBytes(stringValue) ?? null)
}
