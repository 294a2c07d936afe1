import { TYPE_URL_PREFIX } from './codec/any.ts'
import { messages } from './codec/messages.ts'
import { unpackFlightSql } from './flight-sql.ts'
import { formatJsonRequest, parseJsonRequest } from './json-request.ts'
import { datasetRef, decodeText, isJson, type Request, SCHEMA_DEFAULT } from './request.ts'
import { WireError } from './status.ts'

const code = 'TICKET_MALFORMED'

/**
 * Reads what a ticket asks for: a Flight SQL message, a request in JSON, or else the key of a dataset in schema
 * `main`. A ticket of ours is one of the first two, so that a client may write its own just as well; it grants
 * nothing, and rights are checked where it is used.
 *
 * @throws WireError TICKET_MALFORMED, or MESSAGE_MALFORMED for a broken Flight SQL message
 */
export function parseTicket(bytes: Uint8Array): Request {
  const flightSql = unpackFlightSql(bytes)
  if (flightSql !== null) return flightSql
  const text = decodeText(bytes, 'Ticket', code)
  if (text === null) throw new WireError(code, 'Ticket is neither a UTF-8 key nor a request')
  if (isJson(text)) return parseJsonRequest(text, 'Ticket', code)
  return { kind: 'dataset', dataset: datasetRef(SCHEMA_DEFAULT, text, code) }
}

/**
 * Makes the ticket that {@link parseTicket} reads back as the same request. It holds the whole request, so that it
 * stays good on another connection, on another server of the same lake, and after a restart.
 *
 * @returns bytes of their own
 */
export function encodeTicket(request: Request): Uint8Array {
  if (request.kind !== 'flight-sql') return Buffer.from(formatJsonRequest(request))
  return messages.Any.encode({ typeUrl: TYPE_URL_PREFIX + request.typeName, value: request.value })
}
