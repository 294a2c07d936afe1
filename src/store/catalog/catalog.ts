import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import type { PastMoment } from '../parts.ts'
import { ArrowSchemas } from './arrow-schemas.ts'
import { type Change, Commit } from './commit.ts'
import { damaged, Database } from './database.ts'
import { expireSnapshots, namedPaths } from './expire.ts'
import { type CatalogDamage, assertHeader, assertSound, listDamage } from './integrity.ts'
import { loadState } from './load.ts'
import { PartBoundsIndex } from './part-bounds.ts'
import { type PartTimes, readPartTimes } from './part-times.ts'
import { PastStates } from './past-states.ts'
import { SnapshotWriter } from './snapshot-writer.ts'
import type { CatalogDataset, CatalogPart, CatalogState, NewPart } from './state.ts'
import { createTables, isEmptyDatabase, prepareTables } from './tables.ts'
import { fromTimeText, nowUs, toTimeText } from './time.ts'
import { type DatasetVersion, listVersions, newPartsOf } from './versions.ts'
import { failpoint } from '../failpoints.ts'

export interface CatalogOptions {
  /** The folder that paths of parts are relative to; absolute. */
  readonly dataPath: string
  /** How long other engines can still ask for what was there before; 0 keeps the current snapshot only. */
  readonly historyMs: number
}

/** What a commit gave. */
export interface CommitResult {
  /** What was changed. */
  readonly before: CatalogState
  readonly state: CatalogState
  /** Files that no snapshot names any more, relative to the folder of the parts: to be deleted by the caller. */
  readonly retired: readonly string[]
}

/**
 * The catalog: which datasets there are, and which files each is made of.
 *
 * It is a DuckLake 1.0 in SQLite, so that any engine that knows DuckLake reads and writes the same lake. A snapshot
 * is held in memory as an immutable {@link CatalogState}; a commit changes the file and the memory, or neither.
 * Synchronous: a commit costs one fsync.
 *
 * Source: DuckLake specification 1.0 (ducklake.select/docs/stable/specification); what it leaves open is done as
 * DuckDB's extension 1.5.5 does it.
 */
export class Catalog {
  readonly #db: Database
  readonly #path: string
  readonly #dataPath: string
  readonly #historyMs: number
  readonly #schemas: ArrowSchemas
  /** What is known of columns of parts. */
  readonly bounds: PartBoundsIndex
  readonly #partTimes = new WeakMap<CatalogDataset, Map<string, ReadonlyMap<number, PartTimes>>>()
  #state: CatalogState | undefined
  #dataVersion = 0
  readonly #past: PastStates
  #whenUncertain: ((error: SternaError) => void) | null = null

  private constructor(db: Database, path: string, options: CatalogOptions) {
    this.#db = db
    this.#path = path
    this.#dataPath = options.dataPath.endsWith('/') ? options.dataPath : `${options.dataPath}/`
    this.#historyMs = options.historyMs
    this.#schemas = new ArrowSchemas(db)
    this.#past = new PastStates(db, (at) => loadState(db, this.#schemas, this.#dataPath, this.#state, at))
    this.bounds = new PartBoundsIndex(db)
  }

  /**
   * Opens the catalog in `path`, or makes an empty one there.
   *
   * @throws {@link SternaError} DATA_CORRUPT for a file that is damaged or no DuckLake 1.0, DISK_FAILED
   */
  static open(path: string, options: CatalogOptions): Catalog {
    return Catalog.openAs(path, options, 'wal')
  }

  /** As {@link Catalog.open}; `delete` is for a file that will be renamed. @internal */
  static openAs(path: string, options: CatalogOptions, journal: 'wal' | 'delete'): Catalog {
    try {
      return Catalog.#open(path, options, journal)
    } catch (error) {
      // Not before: to read the file and close it lets go of the locks that this process has on it.
      assertHeader(path)
      if (error instanceof SternaError || !(error instanceof Error)) throw error
      // Whatever cannot be made of what it says.
      throw damaged('is damaged', error)
    }
  }

  static #open(path: string, options: CatalogOptions, journal: 'wal' | 'delete'): Catalog {
    const db = Database.open(path, journal)
    try {
      const catalog = new Catalog(db, path, options)
      assertSound(db, 'start')
      db.transaction(() => {
        if (isEmptyDatabase(db)) createTables(db, randomUUID(), toTimeText(nowUs()))
        prepareTables(db, catalog.#dataPath)
      })
      catalog.state()
      return catalog
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** The current snapshot; read anew only when another process has committed. */
  state(): CatalogState {
    if (this.#state !== undefined && this.#db.dataVersion() === this.#dataVersion) return this.#state
    return this.#db.readTransaction(() => this.#load())
  }

  /**
   * The state of a snapshot of the past. Its files are there as long as the snapshot is kept or pinned.
   *
   * @throws {@link SternaError} VERSION_NOT_FOUND, naming what is kept; REQUEST_INVALID for what is no instant
   */
  stateAt(moment: PastMoment): CatalogState {
    this.state()
    return this.#db.readTransaction(() => this.#past.get(moment))
  }

  /** The oldest snapshot that is kept. */
  oldest(): number {
    return this.#db.get<[number]>('SELECT min(snapshot_id) FROM ducklake_snapshot')?.[0] ?? 0
  }

  /** Writes the whole catalog to a new file, as it is. @throws {@link SternaError} DATA_CORRUPT: that would hide damage */
  copyTo(path: string): void {
    assertSound(this.#db, 'all')
    this.#db.exec(`VACUUM INTO '${path.replaceAll("'", "''")}'`)
  }

  /** What of the file, as it is on the disk, is not what was written. */
  damage(signal: AbortSignal): Promise<CatalogDamage[]> {
    return listDamage(this.#path, signal)
  }

  /** The versions of a dataset that can be read, the newest first. @param limit - how many at most */
  versions(ref: DatasetRef, limit: number): DatasetVersion[] {
    return listVersions(this.#db, ref, limit)
  }

  /** Parts of a kept snapshot, as what can be committed once more under other names. */
  newParts(parts: readonly CatalogPart[]): NewPart[] {
    return newPartsOf(this.#db, parts)
  }

  /**
   * Makes one snapshot of all changes, durably, or throws and changes nothing.
   *
   * @param changes - each of another dataset; none: no snapshot is made
   * @param message - for whoever lists the snapshots
   * @throws {@link SternaError} what {@link Commit.apply} throws; COMMIT_CONFLICT when another process has changed a
   * dataset that is replaced or dropped since {@link state} was last asked; SERVER_BUSY when one holds the lock
   */
  commit(changes: readonly Change[], message: string | null = null): CommitResult {
    if (changes.length === 0) return { before: this.state(), state: this.state(), retired: [] }
    const known = this.#state ?? this.state()
    const progress = { isWritten: false }
    try {
      const result = this.#db.transaction(() => {
        failpoint('commit.begun')
        const base = this.#db.dataVersion() === this.#dataVersion ? known : this.#load()
        for (const change of changes) assertNoConflict(change, known, base)
        const written = this.#write(changes, base, message)
        progress.isWritten = true
        failpoint('commit.written')
        return written
      })
      failpoint('commit.done')
      this.#schemas.settle(true)
      this.#state = result.state
      return result
    } catch (error) {
      this.#schemas.settle(false)
      // When the very commit failed it is not certain what the file holds now.
      if (progress.isWritten) this.#dataVersion = -1
      if (progress.isWritten && error instanceof SternaError && error.code === 'DISK_FAILED')
        this.#void(error)
      throw error
    }
  }

  /**
   * Has `listener` called after a commit of which nobody knows whether the next start will find it.
   */
  onUncertain(listener: (error: SternaError) => void): void {
    this.#whenUncertain = listener
  }

  /**
   * Forgets snapshots that have become too old since the last commit.
   *
   * @returns files that no snapshot names any more, and the oldest snapshot that is kept
   */
  expire(): { readonly oldest: number; readonly retired: readonly string[] } {
    const { snapshotId } = this.state()
    return this.#db.transaction(() => {
      const oldest = this.#oldestSince(nowUs()) ?? snapshotId
      const first = this.#db.get<[number]>('SELECT min(snapshot_id) FROM ducklake_snapshot')?.[0] ?? oldest
      return { oldest, retired: first < oldest ? expireSnapshots(this.#db, oldest, this.#dataPath) : [] }
    })
  }

  /** A name of this catalog that no other has: that of its schema `main`. */
  id(): string {
    return this.#db.get<[string]>('SELECT schema_uuid FROM ducklake_schema WHERE schema_id = 0')?.[0] ?? ''
  }

  /** What the log of a table calls it: a name that no other table has, in this catalog or any other. */
  logName(tableId: number): string {
    const row = this.#db.get<[string | null]>('SELECT name FROM sterna_log WHERE table_id = ?', tableId)
    return row?.[0] ?? `${this.id()}/${tableId}`
  }

  /** What a commit has said of the ids in the log of a table. */
  logIds(tableId: number): string | null {
    return (
      this.#db.get<[string | null]>('SELECT ids FROM sterna_log WHERE table_id = ?', tableId)?.[0] ?? null
    )
  }

  /** The times that rows of a dataset's parts have in a column, by the ids of the parts: of those that are known still. */
  partTimes(dataset: CatalogDataset, column: string): ReadonlyMap<number, PartTimes> {
    const columns = this.#partTimes.get(dataset) ?? new Map<string, ReadonlyMap<number, PartTimes>>()
    const known = columns.get(column)
    if (known !== undefined) return known
    const read = readPartTimes(this.#db, dataset.tableId, column)
    const times = new Map(read.map((part) => [part.dataFileId, part]))
    this.#partTimes.set(dataset, columns.set(column, times))
    return times
  }

  /** Every file that the catalog names, in any snapshot: others below the folder of the parts can go. */
  paths(): ReadonlySet<string> {
    return namedPaths(this.#db, this.#dataPath)
  }

  close(): void {
    this.#db.close()
  }

  /** Writes over what the write-ahead log has of a commit that could not be synced: a replay would take it for one. */
  #void(error: SternaError): void {
    try {
      this.#db.transaction(() => this.#db.exec('PRAGMA user_version = 0'))
    } catch {
      this.#whenUncertain?.(error)
    }
  }

  #load(): CatalogState {
    // First, so that a commit in between makes us read again, never miss it.
    const dataVersion = this.#db.dataVersion()
    const state = loadState(this.#db, this.#schemas, this.#dataPath, this.#state)
    this.#dataVersion = dataVersion
    this.#state = state
    // Another engine can merge or remove files of past snapshots.
    this.#past.clear()
    return state
  }

  #write(changes: readonly Change[], base: CatalogState, message: string | null): CommitResult {
    const writer = new SnapshotWriter(this.#db, nowUs())
    const commit = new Commit(writer, this.#schemas, base)
    for (const change of changes) commit.apply(change)
    writer.finish(message)
    const oldest = this.#oldestKept(writer)
    const retired = expireSnapshots(this.#db, oldest, this.#dataPath)
    writer.forgetOldChanges(oldest)
    return { before: base, state: commit.finish(), retired }
  }

  #oldestKept(writer: SnapshotWriter): number {
    return this.#oldestSince(writer.timeUs) ?? writer.snapshotId
  }

  /** The oldest snapshot that was the current one at any time within the history; undefined for none but the latest. */
  #oldestSince(nowUs: number): number | undefined {
    if (this.#historyMs === 0) return undefined
    const sinceUs = nowUs - this.#historyMs * 1000
    let last: number | undefined
    for (;;) {
      const row = this.#db.get<[number, string]>(
        'SELECT snapshot_id, snapshot_time FROM ducklake_snapshot WHERE snapshot_id > ? ORDER BY snapshot_id LIMIT 1',
        last ?? -1,
      )
      if (row === undefined || fromTimeText(row[1]) > sinceUs) return last ?? row?.[0]
      last = row[0]
    }
  }
}

/**
 * Appends go with whatever others did, if the columns are still the same; rewrites and changes look for their parts, and options
 * are changed one by one.
 */
function assertNoConflict(change: Change, known: CatalogState, base: CatalogState): void {
  if (change.kind !== 'put' && change.kind !== 'drop') return
  if (change.kind === 'put' && change.mode !== 'replace') return
  const before = known.get(change.ref)
  const now = base.get(change.ref)
  if (before?.tableId === now?.tableId && before?.version === now?.version) return
  throw new SternaError(
    'COMMIT_CONFLICT',
    `Another process has changed dataset "${change.ref.key}" meanwhile`,
  )
}
