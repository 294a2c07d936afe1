import { readdirSync, rmSync } from 'node:fs'
import { SternaError } from '../errors.ts'
import { lacksRoom, spoilsInstance } from './duck-errors.ts'
import { bindings, Connection, quoteText, UTC, type ConnectionOwner } from './duckdb.ts'

export interface DuckOptions {
  /** As DuckDB writes it, such as `4GB`; 80 % of the machine's memory by default. */
  readonly memoryLimit?: string
  /** What has that limit, for the error of a statement that needs more: "the memory_limit of …". */
  readonly memoryName?: string | undefined
  /** The machine's cores by default. */
  readonly threads?: number
  /** Where large sorts and joins spill: a folder of its own for each instance. */
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
 * What a closed stream had in it stays until the garbage collector comes round: 64 of 4 MB made 130 MB.
 */
const CONNECTION_SETTINGS = {
  streaming_buffer_size: `'1MB'`,
  enable_progress_bar: 'true',
  enable_progress_bar_print: 'false',
  // Its own, so that no other connection can change it.
  TimeZone: `'${UTC}'`,
} as const

/** What can be set past the lock. Clients cannot: the gate lets no SET pass. */
const CHANGEABLE = [...Object.keys(CONNECTION_SETTINGS), 'memory_limit']

/**
 * Connections kept for the next statement, as many as small queries overlap. Measured: opening one takes 0.3 ms, a
 * third of what `SELECT now()` took. SQL that passed the gate leaves nothing behind on a connection.
 */
const IDLE_MAX = 8

/**
 * One in-memory instance of DuckDB. Once it is retired it lends no more connections, and goes with all it has on
 * disk when the last one comes back.
 */
export class DuckInstance implements ConnectionOwner {
  readonly #database: bindings.Database
  /** Of the instance itself, for what clients have no part in. */
  readonly #own: bindings.Connection
  readonly #spillDirectory: string
  readonly #busy = new Set<Connection>()
  readonly #idle: Connection[] = []
  #isRetired = false
  #openingCount = 0
  #isClosed = false
  /** A statement failed for want of memory or disk since nothing ran the last time. */
  #lackedRoom = false

  /** As in {@link DuckOptions}. */
  memoryName: string | undefined

  private constructor(
    database: bindings.Database,
    own: bindings.Connection,
    spillDirectory: string,
    memoryName: string | undefined,
  ) {
    this.memoryName = memoryName
    this.#database = database
    this.#own = own
    this.#spillDirectory = spillDirectory
  }

  /** @param spillDirectory - of this instance alone; DuckDB makes it when it first needs it. */
  static async open(options: DuckOptions, spillDirectory: string): Promise<DuckInstance> {
    const config = bindings.create_config()
    const settings: Record<string, string> = {
      temp_directory: spillDirectory,
      preserve_insertion_order: 'true',
      // What queries have freed goes back to the system within seconds; without, 600 MB of 30 scans stayed for good.
      allocator_background_threads: 'true',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
      ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
      ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    }
    for (const [name, value] of Object.entries(settings)) bindings.set_config(config, name, value)
    const database = await bindings.open(':memory:', config)
    const directories = [options.dataDirectory, options.tempDirectory, ...options.allowedDirectories]
    // The order matters: the list of directories only binds once external access is off, and neither can be
    // set once the configuration is locked.
    const hardening = [
      `SET GLOBAL TimeZone = 'UTC'`,
      `SET allowed_directories = [${directories.map(quoteText).join(', ')}]`,
      `SET allowed_configs = [${CHANGEABLE.map(quoteText).join(', ')}]`,
      `SET enable_external_access = false`,
      `SET lock_configuration = true`,
    ]
    const own = await bindings.connect(database)
    for (const statement of hardening) await bindings.query(own, statement)
    return new DuckInstance(database, own, spillDirectory, options.memoryName)
  }

  get isRetired(): boolean {
    return this.#isRetired
  }

  /** Nothing of it is left. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Connections that someone has. */
  get busyCount(): number {
    return this.#busy.size
  }

  /** Makes a table function visible to every connection. */
  registerTableFunction(tableFunction: bindings.TableFunction): void {
    bindings.register_table_function(this.#own, tableFunction)
  }

  /** As {@link Duck.limitMemory} does for its current instance. @param memoryLimit - as in {@link DuckOptions} */
  async limitMemory(memoryLimit: string, memoryName: string | undefined): Promise<void> {
    try {
      await bindings.query(this.#own, `SET memory_limit = ${quoteText(memoryLimit)}`)
    } catch (error) {
      throw new SternaError('SERVER_BUSY', 'Statements that run use more memory than that', { cause: error })
    }
    this.memoryName = memoryName
  }

  /** A connection that no one else uses until it is released or closed. */
  async connect(): Promise<Connection> {
    const connection = this.#idle.pop() ?? (await this.#open())
    this.#busy.add(connection)
    return connection
  }

  interrupt(): void {
    for (const connection of this.#busy) connection.interrupt()
  }

  /** Keeps no connection from here on, and closes as soon as nobody has one. */
  retire(): void {
    this.#isRetired = true
    for (const connection of this.#idle.splice(0)) connection.close()
    this.#closeIfUnused()
  }

  onFailure(error: SternaError | null): void {
    if (error === null || lacksRoom(error)) this.#lackedRoom = true
    if (error !== null && spoilsInstance(error)) this.retire()
  }

  onRelease(connection: Connection): void {
    if (this.#isRetired || this.#idle.length >= IDLE_MAX || !connection.isPlain) {
      connection.close()
      return
    }
    this.#busy.delete(connection)
    this.#idle.push(connection)
    this.#afterLast()
  }

  onClose(connection: Connection): void {
    this.#busy.delete(connection)
    this.#afterLast()
  }

  async #open(): Promise<Connection> {
    this.#openingCount++
    try {
      const handle = await bindings.connect(this.#database)
      const settings = Object.entries(CONNECTION_SETTINGS).map(([name, value]) => `SET ${name} = ${value}`)
      await bindings.query(handle, settings.join('; '))
      return new Connection(handle, this)
    } finally {
      this.#openingCount--
    }
  }

  /**
   * A statement that failed for want of room can leave its spill files, which DuckDB keeps for as long as the
   * instance. It goes when nothing runs on it, so that there never are two that use the memory of one.
   */
  #afterLast(): void {
    if (this.#busy.size > 0) return
    if (this.#lackedRoom) {
      this.#lackedRoom = false
      if (filesIn(this.#spillDirectory).length > 0) this.retire()
    }
    this.#closeIfUnused()
  }

  #closeIfUnused(): void {
    if (!this.#isRetired || this.#isClosed || this.#busy.size + this.#openingCount > 0) return
    this.#isClosed = true
    bindings.disconnect_sync(this.#own)
    bindings.close_sync(this.#database)
    rmSync(this.#spillDirectory, { recursive: true, force: true })
  }
}

/** None where DuckDB has not made the folder yet. */
function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
