import { unpackFlightSql } from './flight-sql.ts'
import { parseJsonRequest } from './json-request.ts'
import { datasetRef, decodeText, isJson, type Request, SCHEMA_DEFAULT } from './request.ts'
import { DescriptorType } from './codec/enums.ts'
import { WireError } from './status.ts'

export type { DatasetRef, Request } from './request.ts'

const code = 'DESCRIPTOR_MALFORMED'

/**
 * Reads what a FlightDescriptor asks for: a path is a dataset, `[key]` or `[schema, key]`; a command is a Flight SQL
 * message, a request in JSON, or SQL text.
 *
 * @param descriptor - as `messages.FlightDescriptor.decode` gives it
 * @throws WireError DESCRIPTOR_MALFORMED
 */
export function parseDescriptor(descriptor: {
  readonly type: number
  readonly path: readonly string[]
  readonly cmd: Uint8Array
}): Request {
  switch (descriptor.type) {
    case DescriptorType.PATH:
      return parsePath(descriptor.path)
    case DescriptorType.CMD:
      return parseCommand(descriptor.cmd)
    default:
      throw new WireError(code, `Descriptor type ${descriptor.type} is neither PATH (1) nor CMD (2)`)
  }
}

function parsePath(path: readonly string[]): Request {
  const [first, second] = path
  if (first === undefined || path.length > 2) {
    throw new WireError(code, `Descriptor path has ${path.length} parts, expected [key] or [schema, key]`)
  }
  const [schema, key] = second === undefined ? [SCHEMA_DEFAULT, first] : [first, second]
  return { kind: 'dataset', dataset: datasetRef(schema, key, code) }
}

function parseCommand(cmd: Uint8Array): Request {
  const flightSql = unpackFlightSql(cmd)
  if (flightSql !== null) return flightSql
  const text = decodeText(cmd, 'Command', code)
  if (text === null) throw new WireError(code, 'Command is neither UTF-8 text nor a Flight SQL message')
  if (isJson(text)) return parseJsonRequest(text, 'Command', code)
  if (text.trim() === '') throw new WireError(code, 'Command is empty')
  return { kind: 'sql', sql: text }
}
