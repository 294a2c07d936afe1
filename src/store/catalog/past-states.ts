import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { PastMoment } from '../parts.ts'
import type { Database } from './database.ts'
import type { CatalogState } from './state.ts'
import { fromTimeText, parseInstant, toTimeText } from './time.ts'

/** A snapshot that is kept. */
interface Kept {
  readonly snapshotId: number
  readonly timeUs: number
}

/** States of snapshots that are not the current one, the last ones that were asked for. */
export class PastStates {
  readonly #db: Database
  readonly #load: (snapshotId: number) => CatalogState
  readonly #states = new Map<number, CatalogState>()

  constructor(db: Database, load: (snapshotId: number) => CatalogState) {
    this.#db = db
    this.#load = load
  }

  /** Inside a transaction of the caller. @throws VERSION_NOT_FOUND, REQUEST_INVALID */
  get(moment: PastMoment): CatalogState {
    const snapshotId = this.#find(moment)
    const state = this.#states.get(snapshotId) ?? this.#load(snapshotId)
    this.#states.delete(snapshotId)
    this.#states.set(snapshotId, state)
    const [oldest] = this.#states.keys()
    if (this.#states.size > LIMITS.pastStatesMax && oldest !== undefined) this.#states.delete(oldest)
    return state
  }

  /** Forgets what is in memory. */
  clear(): void {
    this.#states.clear()
  }

  #find(moment: PastMoment): number {
    if ('version' in moment) {
      const { version } = moment
      const found = this.#db.get<[number]>('SELECT 1 FROM ducklake_snapshot WHERE snapshot_id = ?', version)
      if (found !== undefined) return version
      throw this.#notFound(`Version ${version}`, version > this.#end('DESC').snapshotId)
    }
    const us = parseInstant(moment.timestamp)
    if (us === undefined) {
      throw new SternaError(
        'REQUEST_INVALID',
        `"${moment.timestamp.slice(0, 50)}" is no timestamp such as 2026-02-03T04:05:06Z`,
      )
    }
    // Texts of other engines may have other zones: they are compared as instants.
    const rows = this.#db.all<[number, string]>(
      'SELECT snapshot_id, snapshot_time FROM ducklake_snapshot ORDER BY snapshot_id DESC',
    )
    const found = rows.find(([, time]) => fromTimeText(time) <= us)
    if (found !== undefined) return found[0]
    throw this.#notFound(`What was there at ${toTimeText(us)}`, false)
  }

  #notFound(what: string, isFuture: boolean): SternaError {
    if (isFuture) {
      const { snapshotId } = this.#end('DESC')
      return new SternaError('VERSION_NOT_FOUND', `${what} is not there yet; the latest is ${snapshotId}`)
    }
    const { snapshotId, timeUs } = this.#end('ASC')
    return new SternaError(
      'VERSION_NOT_FOUND',
      `${what} is not kept any more; the oldest version that is kept is ${snapshotId}, of ${toTimeText(timeUs)}`,
    )
  }

  #end(order: 'ASC' | 'DESC'): Kept {
    const row = this.#db.get<[number, string]>(
      `SELECT snapshot_id, snapshot_time FROM ducklake_snapshot ORDER BY snapshot_id ${order} LIMIT 1`,
    )
    return { snapshotId: row?.[0] ?? 0, timeUs: fromTimeText(row?.[1] ?? '') }
  }
}
