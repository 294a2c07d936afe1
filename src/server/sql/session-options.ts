import type { SessionOptionValue } from '../../../flight/index.ts'
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

function numberOf({ int64Value, doubleValue, stringValue }: SessionOptionValue): number | null {
  if (int64Value !== null) return Number(int64Value)
  if (doubleValue !== null) return doubleValue
  return stringValue !== null && /^\d+(\.\d+)?$/.test(stringValue) ? Number(stringValue) : null
}
