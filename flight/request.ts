import { WireError, type WireErrorCode } from './status.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue }

/** The name of a dataset. */
export interface DatasetRef {
  /** A DuckLake schema; `main` unless another is named. */
  schema: string
  key: string
}

/** Reads or writes one dataset. */
export interface DatasetRequest {
  kind: 'dataset'
  dataset: DatasetRef
  /** What DoPut does with rows that are there already; replace unless said otherwise. */
  mode?: 'replace' | 'append' | 'create'
  /** When an appended batch counts as stored; as the server is set unless said otherwise. */
  durability?: 'fsync' | 'interval' | 'none'
  /** Options for a dataset that DoPut writes; what they mean is not known here. */
  options?: Record<string, JsonValue>
  /** True for a last PutResult that says in JSON what a DoPut has written. */
  result?: boolean
  columns?: string[]
  /** A SQL condition. */
  where?: string
  /** Range of the time column, half-open: ISO 8601 text, or a number in the column's own unit. */
  start?: string | number
  end?: string | number
  /** Rows at most. */
  limit?: number
  /** As many as a large result may have; one when absent. */
  endpoints?: number
  /** A snapshot of the past. */
  version?: number
  /** An instant of the past: the snapshot that was the last one then. */
  at?: string
}

/** Runs one SQL statement. */
export interface SqlRequest {
  kind: 'sql'
  sql: string
  /** By position or by name. */
  parameters?: JsonValue[] | Record<string, JsonValue>
  /** As many as a large result may have; one when absent. */
  endpoints?: number
}

/** A Flight SQL command or ticket, still encoded. */
export interface FlightSqlRequest {
  kind: 'flight-sql'
  /** Full protobuf name, such as `arrow.flight.protocol.sql.CommandStatementQuery`. */
  typeName: string
  /** The message, a view of the bytes it came in. */
  value: Uint8Array
}

/** What a descriptor or ticket asks for. */
export type Request = DatasetRequest | SqlRequest | FlightSqlRequest

/** The schema of a dataset that names none; DuckDB and DuckLake have the same. */
export const SCHEMA_DEFAULT = 'main'

/** Name length in UTF-8 bytes: percent-encoded it still fits a file name, as `limits.keyBytesMax` says. */
const nameBytesMax = 200

/** JSON and SQL longer than this is refused before it is parsed. */
const textBytesMax = 1024 * 1024

/** Lists and objects in each other, in JSON of a request: without a bound, deep ones exhaust the stack of who walks them. */
const jsonDepthMax = 32

const controlCharacter = /\p{Cc}/u
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A dataset's name from its parts.
 *
 * @param code - of the WireError where a part is empty, too long, or has control characters or lone surrogates
 */
export function datasetRef(schema: string, key: string, code: WireErrorCode): DatasetRef {
  checkName('Schema', schema, code)
  checkName('Key', key, code)
  return { schema, key }
}

function checkName(what: string, name: string, code: WireErrorCode): void {
  const bytes = Buffer.from(name)
  if (bytes.length === 0) throw new WireError(code, `${what} is empty`)
  if (bytes.length > nameBytesMax) {
    throw new WireError(code, `${what} of ${bytes.length} bytes is longer than ${nameBytesMax}`)
  }
  if (controlCharacter.test(name)) throw new WireError(code, `${what} has a control character`)
  if (bytes.toString() !== name) throw new WireError(code, `${what} is not valid Unicode`)
}

/** The bytes as text, or null where they are not UTF-8. */
export function decodeText(bytes: Uint8Array, what: string, code: WireErrorCode): string | null {
  if (bytes.length > textBytesMax) {
    throw new WireError(code, `${what} of ${bytes.length} bytes is longer than ${textBytesMax}`)
  }
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** True where parsed JSON is nested deeper than any request has to be. */
export function isDeeplyNested(value: unknown, levels = jsonDepthMax): boolean {
  if (value === null || typeof value !== 'object') return false
  return levels === 0 || Object.values(value).some((item) => isDeeplyNested(item, levels - 1))
}

/** True for text that is meant as a JSON request; neither SQL nor a sensible key begins so. */
export function isJson(text: string): boolean {
  return text.trimStart().startsWith('{')
}
