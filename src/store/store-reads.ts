import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import { shownName } from './catalog/names.ts'
import type { CatalogObjects } from './catalog/objects.ts'
import type { CatalogDataset, CatalogState } from './catalog/state.ts'
import type { DatasetVersion } from './catalog/versions.ts'
import { matchesGlob } from './glob.ts'
import { type LogViews, logRows } from './log/log-views.ts'
import type { AppendOptions } from './log/logs.ts'
import { type OptionsPatch, changeOptions } from './options.ts'
import type { Lake, PastMoment, PinnedLake } from './parts.ts'
import { PinnedSnapshot, readable } from './pinned-snapshot.ts'
import { type RollupStatus, rollupStatus } from './rollup-status.ts'
import type { StoreParts } from './store-parts.ts'

export type StoredDataset = CatalogDataset

/**
 * What is stored, for those who read it.
 *
 * A dataset is read through snapshots: whoever reads pins the one that is current, and neither a put nor a drop nor a
 * compaction changes what it sees.
 */
export class StoreReads implements Lake {
  protected readonly parts: StoreParts

  protected constructor(parts: StoreParts) {
    this.parts = parts
  }

  /** Of the current snapshot; every commit makes another. */
  get snapshotId(): number {
    return this.parts.catalog.state().snapshotId
  }

  pin(): PinnedLake {
    const state = this.parts.catalog.state()
    return new PinnedSnapshot(this.parts.snapshots, state, this.parts.logs.views())
  }

  /** Durability of appends that ask for none: as the dataset is told, or with them is to be, else as the server is. */
  durability(ref: DatasetRef, options: OptionsPatch = {}): AppendOptions['durability'] {
    const known = this.parts.catalog.state().get(ref)?.options
    return changeOptions(known ?? {}, options).durability ?? this.parts.options.append.durability
  }

  /**
   * All frames of a dataset, the schema first: from the cache, else from its parts, which then warm the cache; last
   * those of its log.
   *
   * @param moment - of the past, when its rows were only those of its parts; now when absent
   * @returns frames shared with the cache: never written to. A list where they are all in memory
   * @throws DATASET_NOT_FOUND, VERSION_NOT_FOUND, DATA_CORRUPT
   */
  load(ref: DatasetRef, signal: AbortSignal, moment?: PastMoment): readonly Frame[] | AsyncIterable<Frame> {
    const state = this.#stateAt(moment)
    const dataset = readable(datasetIn(state, ref, moment))
    const logged = moment ? [] : (logRows(this.parts.logs.views(), dataset)?.frames ?? [])
    const cached = this.parts.smartLoad.cached(dataset)
    if (cached) return logged.length === 0 ? cached : [...cached, ...logged]
    const release = this.parts.pins.pin(state.snapshotId)
    return releasing(joined(this.parts.smartLoad.stream(dataset, signal), logged), release)
  }

  /** One dataset as it is now, or was. @throws DATASET_NOT_FOUND, VERSION_NOT_FOUND */
  get(ref: DatasetRef, moment?: PastMoment): StoredDataset {
    if (moment) return datasetIn(this.#stateAt(moment), ref, moment)
    return withLog(this.dataset(ref), this.parts.logs.views())
  }

  /** How a rollup stands to its source; null for other datasets. */
  rollupStatus(dataset: StoredDataset): RollupStatus | null {
    return rollupStatus(this.parts.catalog, dataset)
  }

  /** True for a dataset whose rows a query gives; false for one that is not there. */
  isRollup(ref: DatasetRef): boolean {
    const dataset = this.parts.catalog.state().get(ref)
    return dataset !== undefined && dataset.rollup !== null
  }

  /** Datasets whose keys match the glob, by schema and key. */
  list(glob = '*'): StoredDataset[] {
    const logs = this.parts.logs.views()
    return this.parts.catalog
      .state()
      .list()
      .filter(({ ref }) => matchesGlob(glob, ref.key))
      .map((dataset) => withLog(dataset, logs))
  }

  /** Schemas, views, and what is said of them and of tables. */
  get objects(): CatalogObjects {
    return this.parts.catalog.state().objects
  }

  protected dataset(ref: DatasetRef): CatalogDataset {
    return datasetIn(this.parts.catalog.state(), ref)
  }

  #stateAt(moment: PastMoment | undefined): CatalogState {
    return moment ? this.parts.catalog.stateAt(moment) : this.parts.catalog.state()
  }

  isCached(ref: DatasetRef): boolean {
    return this.parts.cache.peek(this.dataset(ref)) !== undefined
  }

  /** Loads a dataset into the cache, unless it is over its share. @throws as {@link load} */
  async warm(ref: DatasetRef, signal: AbortSignal): Promise<{ cached: boolean; bytes: number }> {
    const release = this.parts.pins.pin(this.parts.catalog.state().snapshotId)
    try {
      const dataset = readable(this.dataset(ref))
      // It is made of its parts and its source by a query, whose results have a cache of their own.
      if (dataset.rollup !== null) return { cached: false, bytes: 0 }
      const isCached = this.isCached(ref) || (await this.parts.smartLoad.warm(dataset, signal))
      return { cached: isCached, bytes: this.parts.cache.peek(dataset)?.bytes ?? 0 }
    } finally {
      release()
    }
  }

  /** @returns whether it was there */
  evict(ref: DatasetRef): boolean {
    return this.parts.cache.delete(this.dataset(ref).tableId)
  }

  /** The versions of a dataset that can be read, the newest first; also of one that was dropped. @throws DATASET_NOT_FOUND */
  versions(ref: DatasetRef, limit: number): DatasetVersion[] {
    const versions = this.parts.catalog.versions(ref, limit)
    if (versions.length === 0) this.get(ref)
    return versions
  }
}

/** A dataset with the rows of its log, which are in no part and take no room in `cold/`. */
function withLog(dataset: CatalogDataset, logs: LogViews): StoredDataset {
  const log = logRows(logs, dataset)
  if (log === null) return dataset
  return { ...dataset, rows: dataset.rows + log.rows, arrowBytes: dataset.arrowBytes + log.bytes }
}

function datasetIn(state: CatalogState, ref: DatasetRef, moment?: PastMoment): CatalogDataset {
  const dataset = state.get(ref)
  if (dataset) return dataset
  const then = moment ? ` in version ${state.snapshotId}` : ''
  throw new SternaError('DATASET_NOT_FOUND', `There is no dataset "${shownName(ref)}"${then}`)
}

async function* joined<T>(items: AsyncIterable<T>, more: readonly T[]): AsyncGenerator<T> {
  yield* items
  yield* more
}

async function* releasing<T>(items: AsyncIterable<T>, release: () => void): AsyncGenerator<T> {
  try {
    yield* items
  } finally {
    release()
  }
}
