import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { DuckInstance, type DuckOptions } from './duck-instance.ts'
import { type bindings, type Connection, INTERRUPT_INTERVAL_MS } from './duckdb.ts'

/**
 * DuckDB in memory: no tables of its own, reads and writes Parquet inside the given directories only, and nothing
 * that SQL says changes that.
 *
 * An error inside of DuckDB makes its instance refuse every further statement. Statements that come later then find
 * a new one; those that run on the old one go on, and it closes after the last of them.
 */
export class Duck {
  #options: DuckOptions
  readonly #tableFunctions: bindings.TableFunction[] = []
  /** Those that may still have statements, the current one among them. */
  readonly #instances = new Set<DuckInstance>()
  #current: DuckInstance | null = null
  #opening: Promise<DuckInstance> | null = null
  /** Why no statement begins any more. */
  #closed: SternaError | null = null

  private constructor(options: DuckOptions) {
    this.#options = options
  }

  static async open(options: DuckOptions): Promise<Duck> {
    const duck = new Duck(options)
    await duck.#instance()
    return duck
  }

  /**
   * A connection for one statement at a time: another one on it would end its running stream. Whoever has it
   * releases or closes it.
   */
  async connect(): Promise<Connection> {
    for (;;) {
      if (this.#closed !== null) throw this.#closed
      const instance = await this.#instance()
      const connection = await instance.connect()
      if (!instance.isRetired) return connection
      connection.close()
    }
  }

  /** Lends a connection for the time of a call. */
  async use<T>(call: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.connect()
    let value: T
    try {
      value = await call(connection)
    } catch (error) {
      connection.close()
      throw error
    }
    connection.release()
    return value
  }

  /**
   * Lends a connection for several statements, which end with a signal.
   *
   * @throws SternaError CANCELLED where it is aborted, between two of them too
   */
  async useUntil<T>(
    signal: AbortSignal | undefined,
    call: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.connect()
    let stop: (() => void) | undefined
    const interrupt = (): void => {
      stop = connection.interruptAgain()
    }
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      refuseAborted(signal)
      const result = await call(connection)
      // An abort between two statements has interrupted none.
      refuseAborted(signal)
      return result
    } finally {
      stop?.()
      signal?.removeEventListener('abort', interrupt)
      connection.close()
    }
  }

  /**
   * Ends every statement that runs, and lets none begin. A process cannot exit while one runs: its thread is waited
   * for. Resolves when nobody has a connection, or after {@link LIMITS.interruptMs}.
   *
   * @param reason - for the statements that would begin
   */
  async interruptAll(reason = stopping()): Promise<void> {
    this.#closed = reason
    const endMs = Date.now() + LIMITS.interruptMs
    // Again and again: a statement may start on a connection that was idle a moment before.
    while ([...this.#instances].some(({ busyCount }) => busyCount > 0) && Date.now() < endMs) {
      for (const instance of this.#instances) instance.interrupt()
      await delay(INTERRUPT_INTERVAL_MS)
    }
  }

  /** Makes a table function visible to every connection, also of the instances to come. */
  registerTableFunction(tableFunction: bindings.TableFunction): void {
    this.#tableFunctions.push(tableFunction)
    this.#current?.registerTableFunction(tableFunction)
  }

  /**
   * Changes how much memory its statements may use together.
   *
   * @param memoryName - as in {@link DuckOptions}
   * @throws SternaError SERVER_BUSY where they use more at the moment
   */
  async limitMemory(bytes: number, memoryName?: string): Promise<void> {
    const memoryLimit = `${bytes}B`
    const instance = await this.#instance()
    await instance.limitMemory(memoryLimit, memoryName)
    this.#options = { ...this.#options, memoryLimit, memoryName }
  }

  /** Frees the instance once its last connection is closed. */
  close(): void {
    this.#closed ??= stopping()
    this.#current?.retire()
  }

  async #instance(): Promise<DuckInstance> {
    const current = this.#current
    if (current !== null && !current.isRetired) return current
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #open(): Promise<DuckInstance> {
    // Two instances in one folder would write the same files.
    const spillDirectory = path.join(this.#options.tempDirectory, `spill-${randomUUID()}`)
    const instance = await DuckInstance.open(this.#options, spillDirectory)
    for (const tableFunction of this.#tableFunctions) instance.registerTableFunction(tableFunction)
    for (const old of this.#instances) if (old.isClosed) this.#instances.delete(old)
    this.#instances.add(instance)
    this.#current = instance
    if (this.#closed !== null) instance.retire()
    return instance
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SternaError('CANCELLED', 'The call was cancelled')
}

function stopping(): SternaError {
  return new SternaError('SERVER_STOPPING', 'The server is stopping and runs no more queries')
}
