import { TYPE_URL_PREFIX, unpackAny } from './codec/any.ts'
import type { FlightSqlRequest } from './request.ts'

const prefix = Buffer.from(TYPE_URL_PREFIX)

/**
 * Reads a command or ticket that is a `google.protobuf.Any`.
 *
 * @returns null where the bytes are something else: text that begins with a line break has the same first byte, but
 * not the prefix of all type URLs after the next
 * @throws WireError MESSAGE_MALFORMED where they begin as an Any and are none
 */
export function unpackFlightSql(bytes: Uint8Array): FlightSqlRequest | null {
  // Spec: tag of field 1, the length of the URL in one byte or two, the URL.
  if (bytes[0] !== 0x0a) return null
  const start = (bytes[1] ?? 0) < 0x80 ? 2 : 3
  if (!prefix.equals(bytes.subarray(start, start + prefix.length))) return null
  return { kind: 'flight-sql', ...unpackAny(bytes) }
}
