import { DuckDBMaterializedResult, type JS } from '@duckdb/node-api'
import bindings from '@duckdb/node-bindings'

import { setTimeout as delay } from 'node:timers/promises'

import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { mapDuckError } from './duck-errors.ts'

export { bindings, mapDuckError }

/** A value of a JSON document, or a bigint where an integer does not fit a number. */
export type ParameterValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ParameterValue[]
  | { readonly [name: string]: ParameterValue }

/** Parameters of a statement: by position (`?`, `$1`) or by name (`$name`). */
export type Parameters = readonly ParameterValue[] | Readonly<Record<string, ParameterValue>>

export interface DuckOptions {
  /** As DuckDB writes it, such as `4GB`; 80 % of the machine's memory by default. */
  readonly memoryLimit?: string
  /** The machine's cores by default. */
  readonly threads?: number
  /** Where large sorts and joins spill. */
  readonly tempDirectory: string
  readonly dataDirectory: string
  /** Further directories whose files SQL may touch. */
  readonly allowedDirectories: readonly string[]
}

/**
 * Settings of one connection, allowed past the lock since DuckDB has no other way to give them. Progress exists
 * only with the progress bar on, which must not print.
 *
 * Measured: DuckDB fills the buffer before the first chunk and counts a text as 16 bytes however long it is. 64 MB
 * kept the first rows of 1M back for 80 ms, and 3 GB of texts of 1 kB in memory; from 1 to 16 MB a scan took the same.
 */
const CONNECTION_SETTINGS = {
  streaming_buffer_size: `'4MB'`,
  enable_progress_bar: 'true',
  enable_progress_bar_print: 'false',
} as const

/** How often running statements are told to end: DuckDB needs some milliseconds to hear it. */
const INTERRUPT_INTERVAL_MS = 10

/**
 * One in-memory DuckDB instance: no tables of its own, reads and writes Parquet inside the given directories
 * only, and nothing that SQL says changes that.
 */
export class Duck {
  readonly #database: bindings.Database
  readonly #connections = new Set<Connection>()
  #isClosing = false

  private constructor(database: bindings.Database) {
    this.#database = database
  }

  static async open(options: DuckOptions): Promise<Duck> {
    const config = bindings.create_config()
    const settings: Record<string, string> = {
      temp_directory: options.tempDirectory,
      preserve_insertion_order: 'true',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
      ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
      ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    }
    for (const [name, value] of Object.entries(settings)) bindings.set_config(config, name, value)
    const duck = new Duck(await bindings.open(':memory:', config))
    const directories = [options.dataDirectory, options.tempDirectory, ...options.allowedDirectories]
    // The order matters: the list of directories only binds once external access is off, and neither can be
    // set once the configuration is locked.
    const hardening = [
      `SET GLOBAL TimeZone = 'UTC'`,
      `SET allowed_directories = [${directories.map(quoteText).join(', ')}]`,
      `SET allowed_configs = [${Object.keys(CONNECTION_SETTINGS).map(quoteText).join(', ')}]`,
      `SET enable_external_access = false`,
      `SET lock_configuration = true`,
    ]
    const connection = await bindings.connect(duck.#database)
    for (const statement of hardening) await bindings.query(connection, statement)
    bindings.disconnect_sync(connection)
    return duck
  }

  /** A connection for one query at a time: another statement on it would end its running stream. */
  async connect(): Promise<Connection> {
    if (this.#isClosing)
      throw new SternaError('SERVER_STOPPING', 'The server is stopping and runs no more queries')
    const handle = await bindings.connect(this.#database)
    const settings = Object.entries(CONNECTION_SETTINGS).map(([name, value]) => `SET ${name} = ${value}`)
    await bindings.query(handle, settings.join('; '))
    const connection: Connection = new Connection(handle, () => this.#connections.delete(connection))
    this.#connections.add(connection)
    return connection
  }

  /**
   * Ends every statement that runs, and lets none begin. A process cannot exit while one runs: its thread is waited
   * for. Resolves when all connections are closed, or after {@link LIMITS.interruptMs}.
   */
  async interruptAll(): Promise<void> {
    this.#isClosing = true
    const endMs = Date.now() + LIMITS.interruptMs
    // Again and again: a statement may start on a connection that was idle a moment before.
    while (this.#connections.size > 0 && Date.now() < endMs) {
      for (const connection of this.#connections) connection.interrupt()
      await delay(INTERRUPT_INTERVAL_MS)
    }
  }

  /** Makes a table function visible to every connection. */
  async registerTableFunction(tableFunction: bindings.TableFunction): Promise<void> {
    const connection = await bindings.connect(this.#database)
    bindings.register_table_function(connection, tableFunction)
    bindings.disconnect_sync(connection)
  }

  /** Frees the instance once its last connection is closed. */
  close(): void {
    bindings.close_sync(this.#database)
  }
}

/** One connection. Its errors are {@link SternaError}s. */
export class Connection {
  readonly #connection: bindings.Connection
  readonly #onClose: () => void

  constructor(connection: bindings.Connection, onClose: () => void) {
    this.#connection = connection
    this.#onClose = onClose
  }

  /** Runs one statement to its end and gives all its rows: for small results of our own. */
  async run(sql: string, parameters?: Parameters): Promise<JS[][]> {
    const statement = await this.prepare(sql)
    try {
      if (parameters !== undefined) statement.bind(parameters)
      return await new DuckDBMaterializedResult(await statement.execute()).getRowsJS()
    } catch (error) {
      throw mapDuckError(error)
    } finally {
      statement.close()
    }
  }

  /** Parses and binds one statement without running it (0.2–3 ms). */
  async prepare(sql: string): Promise<Statement> {
    try {
      return new Statement(await bindings.prepare(this.#connection, sql))
    } catch (error) {
      throw mapDuckError(error)
    }
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

  /** Share of the running query that is done, in percent; negative when DuckDB cannot tell. */
  get progressPercent(): number {
    return bindings.query_progress(this.#connection).percentage
  }

  /** Ends the running statement within milliseconds; it fails with CANCELLED. The connection stays usable. */
  interrupt(): void {
    bindings.interrupt(this.#connection)
  }

  close(): void {
    this.#onClose()
    bindings.disconnect_sync(this.#connection)
  }
}

/** A prepared statement, with the types of its result and of its parameters. */
export class Statement {
  readonly handle: bindings.PreparedStatement

  constructor(handle: bindings.PreparedStatement) {
    this.handle = handle
  }

  get columnCount(): number {
    return bindings.prepared_statement_column_count(this.handle)
  }

  get parameterCount(): number {
    return bindings.nparams(this.handle)
  }

  /** @throws {@link SternaError} SQL_INVALID when the parameters are not those of the statement. */
  bind(parameters: Parameters): void {
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
      throw mapDuckError(error)
    }
  }

  /** Starts; see {@link Connection.stream}. */
  async stream(): Promise<bindings.Result> {
    try {
      return await bindings.execute_prepared_streaming(this.handle)
    } catch (error) {
      throw mapDuckError(error)
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
