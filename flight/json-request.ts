import {
  type DatasetRequest,
  datasetRef,
  isDeeplyNested,
  type JsonValue,
  type Request,
  SCHEMA_DEFAULT,
} from './request.ts'
import { WireError, type WireErrorCode } from './status.ts'

const datasetFields = [
  'schema',
  'key',
  'mode',
  'durability',
  'options',
  'result',
  'columns',
  'where',
  'start',
  'end',
  'limit',
  'endpoints',
  'version',
  'at',
] as const
const sqlFields = ['sql', 'parameters', 'endpoints'] as const
const modes = ['replace', 'append', 'create'] as const
const durabilities = ['fsync', 'interval', 'none'] as const

type JsonObject = Record<string, JsonValue | undefined>

/**
 * Reads a request in JSON: `{"key", …}` for a dataset, `{"sql", …}` for a statement.
 *
 * @param what - "Command" or "Ticket", for messages
 * @param code - of the WireError where it is no JSON object, misses its name, or has a field that is unknown or wrong
 */
export function parseJsonRequest(text: string, what: string, code: WireErrorCode): Request {
  const fields = new JsonFields(parseObject(text, what, code), what, code)
  if (fields.has('sql')) {
    fields.allow(sqlFields)
    const parameters = fields.parameters()
    const sql = fields.text('sql')
    const request: Request = { kind: 'sql', sql }
    if (parameters !== undefined) request.parameters = parameters
    if (fields.has('endpoints')) request.endpoints = fields.count('endpoints')
    return request
  }
  if (!fields.has('key')) throw new WireError(code, `${what} has neither "key" nor "sql"`)
  fields.allow(datasetFields)
  const schema = fields.has('schema') ? fields.text('schema') : SCHEMA_DEFAULT
  const request: DatasetRequest = { kind: 'dataset', dataset: datasetRef(schema, fields.text('key'), code) }
  if (fields.has('mode')) request.mode = fields.oneOf('mode', modes)
  if (fields.has('durability')) request.durability = fields.oneOf('durability', durabilities)
  if (fields.has('options')) request.options = fields.object('options')
  if (fields.has('result')) request.result = fields.boolean('result')
  if (fields.has('columns')) request.columns = fields.texts('columns')
  if (fields.has('where')) request.where = fields.text('where')
  if (fields.has('start')) request.start = fields.textOrNumber('start')
  if (fields.has('end')) request.end = fields.textOrNumber('end')
  if (fields.has('limit')) request.limit = fields.count('limit')
  if (fields.has('endpoints')) request.endpoints = fields.count('endpoints')
  if (fields.has('version')) request.version = fields.count('version')
  if (fields.has('at')) request.at = fields.text('at')
  if (fields.has('version') && fields.has('at')) {
    throw new WireError(code, `${what} has both "version" and "at"; either names a state of the past`)
  }
  return request
}

/** The JSON that {@link parseJsonRequest} reads back as the same request. */
export function formatJsonRequest(request: Exclude<Request, { kind: 'flight-sql' }>): string {
  if (request.kind === 'sql') {
    const { sql, parameters, endpoints } = request
    return JSON.stringify({ sql, parameters, endpoints })
  }
  const { dataset, ...options } = request
  const schema = dataset.schema === SCHEMA_DEFAULT ? undefined : dataset.schema
  return JSON.stringify({ ...options, kind: undefined, schema, key: dataset.key })
}

function parseObject(text: string, what: string, code: WireErrorCode): JsonObject {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    throw new WireError(code, `${what} begins like JSON and is not`)
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new WireError(code, `${what} is no JSON object`)
  }
  if (isDeeplyNested(value)) throw new WireError(code, `${what} is nested too deeply`)
  return value
}

/** The fields of a request, each read as the type it has to be. A null is as good as none. */
class JsonFields {
  private readonly values: JsonObject
  private readonly what: string
  private readonly code: WireErrorCode

  constructor(values: JsonObject, what: string, code: WireErrorCode) {
    this.values = values
    this.what = what
    this.code = code
  }

  has(name: string): boolean {
    const value = this.get(name)
    return value !== undefined && value !== null
  }

  /** A field that is misspelt must not be passed over: without its "where" a request reads everything. */
  allow(names: readonly string[]): void {
    for (const name of Object.keys(this.values)) {
      if (names.includes(name)) continue
      throw new WireError(
        this.code,
        `${this.what} has unknown field "${name.slice(0, 50)}"; known are ${names.join(', ')}`,
      )
    }
  }

  text(name: string): string {
    const value = this.get(name)
    if (typeof value !== 'string' || value.trim() === '') throw this.wrong(name, 'text that is not empty')
    return value
  }

  texts(name: string): string[] {
    const value = this.get(name)
    const isTexts =
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
    if (!isTexts) throw this.wrong(name, 'a list of texts')
    return value
  }

  textOrNumber(name: string): string | number {
    const value = this.get(name)
    return typeof value === 'number' ? value : this.text(name)
  }

  boolean(name: string): boolean {
    const value = this.get(name)
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false')
    return value
  }

  object(name: string): Record<string, JsonValue> {
    const value = this.get(name)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw this.wrong(name, 'an object')
    }
    return value
  }

  count(name: string): number {
    const value = this.get(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.wrong(name, 'a whole number from 0 on')
    }
    return value
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const choice = choices.find((item) => item === this.get(name))
    if (choice === undefined) throw this.wrong(name, `one of ${choices.join(', ')}`)
    return choice
  }

  parameters(): JsonValue[] | Record<string, JsonValue> | undefined {
    if (!this.has('parameters')) return undefined
    const value = this.get('parameters')
    if (value === null || typeof value !== 'object') throw this.wrong('parameters', 'a list or an object')
    return value
  }

  private get(name: string): JsonValue | undefined {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined
  }

  private wrong(name: string, expected: string): WireError {
    return new WireError(this.code, `${this.what} field "${name}" must be ${expected}`)
  }
}
