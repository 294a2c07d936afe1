import type { Database } from './database.ts'
import { toTimeText } from './time.ts'

/** How many snapshots back another engine may have started what it commits now. */
const CONFLICT_WINDOW_SNAPSHOTS = 1000

/** The snapshot that a commit makes: its ids and the list of what it changes, which goes in last. */
export class SnapshotWriter {
  readonly db: Database
  readonly snapshotId: number
  readonly timeUs: number
  readonly #changes: string[] = []
  readonly #schemaVersionBefore: number
  #schemaVersion: number
  #nextCatalogId: number
  #nextFileId: number

  /** Call inside the transaction: the ids go on from the latest snapshot. */
  constructor(db: Database, timeUs: number) {
    const row = db.get<[number, number, number, number]>(
      `SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot
       ORDER BY snapshot_id DESC LIMIT 1`,
    )
    if (row === undefined) throw new Error('The catalog has no snapshot')
    this.db = db
    this.timeUs = timeUs
    this.snapshotId = row[0] + 1
    this.#schemaVersionBefore = row[1]
    this.#schemaVersion = row[1]
    this.#nextCatalogId = row[2]
    this.#nextFileId = row[3]
  }

  /** An id for a schema or table; they share one sequence. */
  takeCatalogId(): number {
    return this.#nextCatalogId++
  }

  takeFileId(): number {
    return this.#nextFileId++
  }

  /** Tells other engines that what they know of tables and columns is out of date. @returns the new version */
  changeSchema(): number {
    this.#schemaVersion = this.#schemaVersionBefore + 1
    return this.#schemaVersion
  }

  /** True where other engines have to look at tables and columns again. */
  get hasChangedSchema(): boolean {
    return this.#schemaVersion !== this.#schemaVersionBefore
  }

  /** Notes a change in DuckLake's words, such as `inserted_into_table:7`. */
  note(change: string): void {
    this.#changes.push(change)
  }

  /** Writes the snapshot itself. */
  finish(message: string | null): void {
    this.db.insert('ducklake_snapshot', {
      snapshot_id: this.snapshotId,
      snapshot_time: toTimeText(this.timeUs),
      schema_version: this.#schemaVersion,
      next_catalog_id: this.#nextCatalogId,
      next_file_id: this.#nextFileId,
    })
    this.db.insert('ducklake_snapshot_changes', {
      snapshot_id: this.snapshotId,
      changes_made: this.#changes.join(','),
      author: 'Sterna',
      commit_message: message,
    })
  }

  /**
   * Forgets what old snapshots changed. They outlive the snapshots themselves: other engines find out from them
   * whether a commit of ours conflicts with theirs, however long that took.
   */
  forgetOldChanges(oldestKept: number): void {
    const oldest = Math.min(oldestKept, this.snapshotId - CONFLICT_WINDOW_SNAPSHOTS)
    this.db.run('DELETE FROM ducklake_snapshot_changes WHERE snapshot_id < ?', oldest)
  }
}

/** A name as it stands in a list of changes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
