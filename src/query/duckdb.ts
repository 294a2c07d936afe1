import {
  DuckDBDataChunk,
  DuckDBIntervalValue,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  INTERVAL,
  type JS,
} from '@duckdb/node-api'
import bindings from '@duckdb/node-bindings'

import { SternaError } from '../errors.ts'
import type { FilterValue } from '../store/part-filter.ts'
import { mapDuckError } from './duck-errors.ts'

export { bindings, mapDuckError }
export { DuckDBDataChunk, DuckDBIntervalValue, DuckDBPreparedStatement, INTERVAL }
export type { DuckDBType, DuckDBValue }

/** A value of a JSON document, or a bigint where an integer does not fit a number. */
export type ParameterValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ParameterValue[]
  | { readonly [name: string]: ParameterValue }

/** Values that bind themselves, in types of their own. */
export interface SelfBinding {
  /** Different for different values. */
  readonly key: string
  /** Different for different types, which decide those of the result. */
  readonly types: string
  bindTo(handle: bindings.PreparedStatement): void
  /** The value of a parameter without a name, as parts are chosen by it. */
  filterValue(position: number): FilterValue | undefined
}

/** Parameters of a statement: by position (`?`, `$1`), by name (`$name`), or such as bind themselves. */
export type Parameters = readonly ParameterValue[] | Readonly<Record<string, ParameterValue>> | SelfBinding

export function isSelfBinding(parameters: unknown): parameters is SelfBinding {
  return (
    typeof parameters === 'object' &&
    parameters !== null &&
    'bindTo' in parameters &&
    typeof parameters.bindTo === 'function'
  )
}

/** What a connection tells the instance it belongs to. */
export interface ConnectionOwner {
  /** As in `DuckOptions`. */
  readonly memoryName: string | undefined
  /** @param error - null where nobody knows it */
  onFailure(error: SternaError | null): void
  onRelease(connection: Connection): void
  onClose(connection: Connection): void
}

/** How often running statements are told to end: DuckDB needs some milliseconds to hear it. */
export const INTERRUPT_INTERVAL_MS = 10

/** The zone of a connection that nothing was said to. */
export const UTC = 'UTC'

/** One connection, for one statement at a time. Its errors are {@link SternaError}s. */
export class Connection {
  readonly #connection: bindings.Connection
  readonly #owner: ConnectionOwner
  #timeZone = UTC
  #kept: { readonly sql: string; readonly statement: Statement } | null = null

  constructor(connection: bindings.Connection, owner: ConnectionOwner) {
    this.#connection = connection
    this.#owner = owner
  }

  /** Runs one statement to its end and gives all its rows: for small results of our own. */
  async run(sql: string, parameters?: Parameters): Promise<JS[][]> {
    const statement = await this.prepare(sql)
    try {
      if (parameters !== undefined) statement.bind(parameters)
      return await new DuckDBMaterializedResult(await statement.execute()).getRowsJS()
    } catch (error) {
      throw this.failed(error)
    } finally {
      statement.close()
    }
  }

  /**
   * The one text that a statement gives for one text. The statement stays prepared for the next call, and what it
   * gives is read without another turn of a thread: 0.13 ms, where {@link Connection.run} takes 0.38 ms.
   */
  async textOf(sql: string, parameter: string): Promise<string | null> {
    if (this.#kept?.sql !== sql) {
      this.#kept?.statement.close()
      this.#kept = null
      this.#kept = { sql, statement: await this.prepare(sql) }
    }
    const { statement } = this.#kept
    statement.bind([parameter])
    const result = await statement.execute()
    const value = new DuckDBMaterializedResult(result).getChunk(0).getColumnVector(0).getItem(0)
    return typeof value === 'string' ? value : null
  }

  /** Parses and binds one statement without running it (0.2–3 ms). */
  async prepare(sql: string): Promise<Statement> {
    try {
      return new Statement(await bindings.prepare(this.#connection, sql), (error) => this.failed(error))
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** What a statement here threw as our error. The instance hears of it, since some errors spoil it. */
  failed(error: unknown): SternaError {
    const mapped = mapDuckError(error, this.#owner.memoryName)
    this.#owner.onFailure(mapped)
    return mapped
  }

  /**
   * Starts one statement; its chunks are fetched with `bindings.fetch_chunk`. At the end
   * {@link assertStreamEnded} tells a complete result from a broken one.
   */
  async stream(sql: string, parameters?: Parameters): Promise<bindings.Result> {
    const statement = await this.prepare(sql)
    try {
      if (parameters !== undefined) statement.bind(parameters)
      return await statement.stream()
    } finally {
      statement.close()
    }
  }

  /**
   * In which zone its statements compute and print times that have one. Before they are prepared.
   *
   * @throws {@link SternaError} SQL_INVALID for a name that the tz database does not have
   */
  async useTimeZone(zone: string): Promise<void> {
    if (zone === this.#timeZone) return
    this.#timeZone = zone
    await this.run(`SET TimeZone = ${quoteText(zone)}`)
  }

  /** Nothing was set on it that the next statement does not want. */
  get isPlain(): boolean {
    return this.#timeZone === UTC
  }

  /** Share of the running query that is done, in percent; negative when DuckDB cannot tell. */
  get progressPercent(): number {
    return bindings.query_progress(this.#connection).percentage
  }

  /** Ends the running statement within milliseconds; it fails with CANCELLED. The connection stays usable. */
  interrupt(): void {
    bindings.interrupt(this.#connection)
  }

  /**
   * As {@link interrupt}, again and again: a statement that waits for its thread forgets, as it begins, what it was told.
   *
   * @returns to be called once the statement has ended
   */
  interruptAgain(): () => void {
    this.interrupt()
    const timer = setInterval(() => {
      this.interrupt()
    }, INTERRUPT_INTERVAL_MS)
    return () => {
      clearInterval(timer)
    }
  }

  /** For a statement that broke and whose error is lost: the instance hears if it was spoiled, or lacked room. */
  async check(): Promise<void> {
    this.#owner.onFailure(null)
    await this.run('SELECT 1').catch(() => undefined)
  }

  /** Gives it back for another statement to use: the last one has ended by itself. */
  release(): void {
    this.#owner.onRelease(this)
  }

  close(): void {
    this.#kept?.statement.close()
    bindings.disconnect_sync(this.#connection)
    this.#owner.onClose(this)
  }
}

/** A prepared statement, with the types of its result and of its parameters. */
export class Statement {
  readonly handle: bindings.PreparedStatement
  readonly #failed: (error: unknown) => SternaError

  constructor(handle: bindings.PreparedStatement, failed: (error: unknown) => SternaError) {
    this.handle = handle
    this.#failed = failed
  }

  get columnCount(): number {
    return bindings.prepared_statement_column_count(this.handle)
  }

  get parameterCount(): number {
    return bindings.nparams(this.handle)
  }

  /** @throws {@link SternaError} SQL_INVALID when the parameters are not those of the statement. */
  bind(parameters: Parameters): void {
    if (isSelfBinding(parameters)) {
      parameters.bindTo(this.handle)
      return
    }
    const values = isList(parameters) ? parameters : this.#positional(parameters)
    const expected = this.parameterCount
    if (values.length !== expected) {
      throw new SternaError(
        'SQL_INVALID',
        `The statement takes ${expected} parameters, ${values.length} were given`,
      )
    }
    values.forEach((value, index) => {
      bindings.bind_value(this.handle, index + 1, toDuckValue(value))
    })
  }

  #positional(parameters: Readonly<Record<string, ParameterValue>>): ParameterValue[] {
    const names = Array.from({ length: this.parameterCount }, (_, index) =>
      bindings.parameter_name(this.handle, index + 1),
    )
    const unknown = Object.keys(parameters).find((name) => !names.includes(name))
    if (unknown !== undefined)
      throw new SternaError('SQL_INVALID', `The statement has no parameter '${unknown}'`)
    return names.map((name) => {
      const value = parameters[name]
      if (value === undefined) throw new SternaError('SQL_INVALID', `Parameter '${name}' has no value`)
      return value
    })
  }

  /** Runs to the end; the result is in memory. */
  async execute(): Promise<bindings.Result> {
    try {
      return await bindings.execute_prepared(this.handle)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Starts; see {@link Connection.stream}. */
  async stream(): Promise<bindings.Result> {
    try {
      return await bindings.execute_prepared_streaming(this.handle)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  close(): void {
    bindings.destroy_prepare_sync(this.handle)
  }
}

/**
 * Call once, after the first empty chunk: DuckDB ends a stream that failed or was interrupted like one that is
 * complete, and only its return type differs. The cause is lost by then.
 */
export function assertStreamEnded(result: bindings.Result): void {
  if (bindings.result_return_type(result) !== bindings.ResultType.QUERY_RESULT) {
    throw new SternaError('SQL_FAILED', 'The query failed or was interrupted after its first rows')
  }
}

/** SQL text literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(`'`, `''`)}'`
}

/** SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll(`"`, `""`)}"`
}

const INT32_MAX = 2 ** 31 - 1
const INT64_MAX = 2n ** 63n - 1n
const INT128_MAX = 2n ** 127n - 1n

function isList(value: unknown): value is readonly ParameterValue[] {
  return Array.isArray(value)
}

function toDuckValue(value: ParameterValue): bindings.Value {
  if (value === null) return bindings.create_null_value()
  if (typeof value === 'boolean') return bindings.create_bool(value)
  if (typeof value === 'string') return bindings.create_varchar(value)
  if (typeof value === 'number') return numberValue(value)
  if (typeof value === 'bigint') return integerValue(value)
  if (isList(value)) return listValue(value)
  throw new SternaError(
    'SQL_INVALID',
    'A parameter is an object; it can be a text, number, boolean, null or list',
  )
}

function numberValue(value: number): bindings.Value {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return bindings.create_double(value)
  // INTEGER as DuckDB types its own literals: `date + $1` exists for INTEGER only.
  return Math.abs(value) <= INT32_MAX ? bindings.create_int32(value) : bindings.create_int64(BigInt(value))
}

function integerValue(value: bigint): bindings.Value {
  const magnitude = value < 0n ? -value : value
  if (magnitude <= INT64_MAX) return bindings.create_int64(value)
  if (magnitude <= INT128_MAX) return bindings.create_hugeint(value)
  throw new SternaError('SQL_INVALID', 'A parameter is an integer of more than 127 bits')
}

function listValue(values: readonly ParameterValue[]): bindings.Value {
  const present = values.filter((value) => value !== null)
  const kinds = new Set(present.map((value) => typeof value))
  const has = (...allowed: string[]): boolean => [...kinds].every((kind) => allowed.includes(kind))
  const { Type } = bindings
  if (
    has('number', 'bigint') &&
    present.every((value) => typeof value === 'bigint' || Number.isSafeInteger(value))
  ) {
    return list(Type.BIGINT, (value) => bindings.create_int64(BigInt(value as number | bigint)))
  }
  if (has('number', 'bigint')) return list(Type.DOUBLE, (value) => bindings.create_double(Number(value)))
  if (has('boolean')) return list(Type.BOOLEAN, toDuckValue)
  if (has('string')) return list(Type.VARCHAR, toDuckValue)
  throw new SternaError('SQL_INVALID', 'A list parameter holds values of different kinds')

  function list(type: bindings.Type, convert: (value: ParameterValue) => bindings.Value): bindings.Value {
    const items = values.map((value) => (value === null ? bindings.create_null_value() : convert(value)))
    return bindings.create_list_value(bindings.create_logical_type(type), items)
  }
}
