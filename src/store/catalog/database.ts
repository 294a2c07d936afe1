import Libsql from 'libsql'
import { SternaError } from '../../errors.ts'

/** What a statement takes. No booleans: the library ends the process on one. Bytes are copied. */
export type SqlParameter = null | number | bigint | string | Uint8Array

/** What a column gives. Integers above 2^53 lose digits; none of the catalog's are that large. */
export type SqlValue = null | number | string | ArrayBuffer

/** How long a commit waits while another process holds the write lock: commits take ms, and waiting blocks the thread. */
const BUSY_TIMEOUT_MS = 1000

/**
 * One connection to a SQLite file: the only place that knows the library.
 *
 * Commits are durable when {@link transaction} returns: write-ahead log, one fsync each. Rows come as arrays in
 * the order of the select list. Every method throws {@link SternaError} DATA_CORRUPT, DISK_FULL, DISK_FAILED or
 * SERVER_BUSY where SQLite reports that.
 */
export class Database {
  readonly #library: Libsql.Database
  readonly #statements = new Map<string, Libsql.Statement>()

  private constructor(library: Libsql.Database) {
    this.#library = library
  }

  /**
   * Opens the file, or makes an empty one.
   *
   * @param journal - `wal` for a catalog in use; `delete` leaves a single file behind, which can be renamed
   */
  static open(path: string, journal: 'wal' | 'delete'): Database {
    return guard(() => {
      const database = new Database(new Libsql(path, { timeout: BUSY_TIMEOUT_MS }))
      database.exec(`PRAGMA journal_mode = ${journal}; PRAGMA synchronous = FULL`)
      return database
    })
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    guard(() => this.#library.exec(sql))
  }

  /** @returns how many rows it changed */
  run(sql: string, ...parameters: readonly SqlParameter[]): number {
    return guard(() => this.#prepare(sql).run(...parameters.map(toBinding)).changes)
  }

  /** Adds one row; columns that are not named are NULL, wherever they stand in the table. */
  insert(table: string, row: Readonly<Record<string, SqlParameter>>): void {
    const names = Object.keys(row)
    const places = names.map(() => '?').join(', ')
    this.run(`INSERT INTO ${table}(${names.join(', ')}) VALUES (${places})`, ...Object.values(row))
  }

  /** All rows. The caller names their type: SQLite has none to check it against. */
  all<T extends readonly SqlValue[]>(sql: string, ...parameters: readonly SqlParameter[]): T[] {
    return guard(() => this.#prepare(sql).all(...parameters.map(toBinding)) as T[])
  }

  /** The first row, if there is one. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as with `all`, the caller names it
  get<T extends readonly SqlValue[]>(sql: string, ...parameters: readonly SqlParameter[]): T | undefined {
    return guard(() => this.#prepare(sql).get(...parameters.map(toBinding)) as T | undefined)
  }

  /** Changes whenever another connection, of this process or of another, has committed. Costs 2 µs. */
  dataVersion(): number {
    const row = this.get<[number]>('PRAGMA data_version')
    return row?.[0] ?? 0
  }

  /** Runs `work`, which only reads, so that all of it sees one state of the file. */
  readTransaction<T>(work: () => T): T {
    this.exec('BEGIN')
    try {
      return work()
    } finally {
      this.exec('COMMIT')
    }
  }

  /** Runs `work` as one transaction that holds the write lock from its start. Nothing stays of one that throws. */
  transaction<T>(work: () => T): T {
    this.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.exec('COMMIT')
      return result
    } catch (error) {
      // SQLite has already rolled back after some errors, such as a full disk.
      if (this.#library.inTransaction) this.exec('ROLLBACK')
      throw error
    }
  }

  /** Moves the write-ahead log into the file and closes it. */
  close(): void {
    if (!this.#library.open) return
    // The library lets go of the file only when its statements are collected: do not leave that to chance.
    try {
      this.get('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      this.#statements.clear()
      this.#library.close()
    }
  }

  #prepare(sql: string): Libsql.Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#library.prepare(sql)
      if (statement.reader) statement.raw()
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Integers go as such: the library binds numbers as REAL, which a text column would keep as `5.0`. */
function toBinding(value: SqlParameter): null | number | bigint | string | Uint8Array {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  return value instanceof Uint8Array ? Buffer.from(value) : value
}

function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw mapSqliteError(error)
  }
}

function mapSqliteError(error: unknown): unknown {
  if (error instanceof SternaError || !(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // A file format to come, which SQLite has no code of its own for, is one that nobody has written.
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code) || error.message === 'unsupported file format') {
    return damaged(code === 'SQLITE_NOTADB' ? 'is not a SQLite database' : 'is damaged', error)
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const text = `Another process has held the catalog's lock for more than ${BUSY_TIMEOUT_MS} ms`
    return new SternaError('SERVER_BUSY', text, { cause: error })
  }
  if (code === 'SQLITE_FULL') {
    return new SternaError('DISK_FULL', 'The disk of the data directory is full', { cause: error })
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|PERM)/.test(code) || error.message.startsWith('ConnectionFailed(')) {
    return new SternaError('DISK_FAILED', 'The catalog file cannot be opened, read or written', {
      cause: error,
    })
  }
  return error
}

/** A name in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** What a file that cannot be read is told as. @param what - is wrong with it */
export function damaged(what: string, cause: Error): SternaError {
  const text = `The catalog ${what}: stop the server and run "sterna repair", which makes a new one from the parts`
  return new SternaError('DATA_CORRUPT', text, { cause })
}
