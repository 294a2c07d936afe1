import type { SessionOptionValue } from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import { CATALOG } from './names.ts'
import type { Session } from './sessions.ts'

/** What a session's options mean for the statements of its client. */
export function statementOptions(session: Session | undefined): { schema?: string; timeoutMs?: number } {
  const schema = session?.options.get('schema')?.stringValue
  const timeout = session?.options.get('query_timeout')
  const seconds = timeout === undefined ? null : numberOf(timeout)
  return {
    ...(typeof schema === 'string' && { schema }),
    ...(seconds !== null && seconds > 0 && { timeoutMs: seconds * 1000 }),
  }
}

/** The options of a session, each with what it may be. */
export const SESSION_OPTIONS: Readonly<Record<string, (value: SessionOptionValue) => boolean>> = {
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
  /** Times with a zone are computed in UTC, whatever zone their column has. */
  time_zone: (value) => value.stringValue === 'UTC',
}

/** What a timer takes. */
const TIMEOUT_SECONDS_MAX = 2_147_483

function numberOf({ int64Value, doubleValue, stringValue }: SessionOptionValue): number | null {
  if (int64Value !== null) return Number(int64Value)
  if (doubleValue !== null) return doubleValue
  return stringValue !== null && /^\d+(\.\d+)?$/.test(stringValue) ? Number(stringValue) : null
}
