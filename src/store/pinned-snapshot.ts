import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import type { FrameCache } from './cache/frame-cache.ts'
import { valueRanges } from './cache/value-ranges.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { PartBoundsIndex } from './catalog/part-bounds.ts'
import type { CatalogDataset, CatalogPart, CatalogState, RollupState } from './catalog/state.ts'
import { matchesGlob } from './glob.ts'
import { type LogViews, logRows } from './log/log-views.ts'
import type { PartFilter } from './part-filter.ts'
import { partsThatCan } from './part-pruning.ts'
import type {
  LogRows,
  PastMoment,
  PinnedDataset,
  PinnedLake,
  PinnedPart,
  PinnedRollup,
  PinnedView,
  SelectedRows,
} from './parts.ts'

/** What a snapshot is pinned with. */
export interface SnapshotParts {
  readonly pin: (snapshotId: number) => () => void
  /** @throws VERSION_NOT_FOUND, REQUEST_INVALID */
  readonly stateAt: (moment: PastMoment) => CatalogState
  /** A part as readers know it: the same object each time, since some datasets have ten thousand. */
  readonly fileOf: (part: CatalogPart, of: DatasetRef) => PinnedPart
  readonly cache: FrameCache
  /** Of the columns of parts: what can have no row that is wanted is not read. Null where columns may have had other names. */
  readonly bounds: PartBoundsIndex | null
  readonly partTimes: Catalog['partTimes']
}

/** One pinned state of the catalog and of the logs in the same moment, as SQL sees it. */
export class PinnedSnapshot implements PinnedLake {
  readonly #parts: SnapshotParts
  readonly #state: CatalogState
  readonly #logs: LogViews
  readonly #unpin: () => void
  readonly #past = new Map<number, PinnedSnapshot>()
  readonly past: number | undefined

  /**
   * @param logs - of the moment in which the state was the current one
   * @param unpin - of a pin that is there already; else the state is pinned
   * @param isPast - of a version that was asked for
   */
  constructor(parts: SnapshotParts, state: CatalogState, logs: LogViews, unpin?: () => void, isPast = false) {
    this.#parts = parts
    this.#state = state
    this.#logs = logs
    this.past = isPast ? state.snapshotId : undefined
    this.#unpin = unpin ?? parts.pin(state.snapshotId)
  }

  at(moment: PastMoment): PinnedLake {
    const state = this.#parts.stateAt(moment)
    const past =
      this.#past.get(state.snapshotId) ??
      new PinnedSnapshot({ ...this.#parts, bounds: null }, state, new Map(), undefined, true)
    this.#past.set(state.snapshotId, past)
    return past
  }

  release(): void {
    this.#unpin()
    for (const past of this.#past.values()) past.release()
  }

  resolve(ref: DatasetRef): PinnedDataset | undefined {
    const dataset = this.#state.get(ref)
    return dataset && this.#pinned(readable(dataset))
  }

  match(schema: string, glob: string): PinnedDataset[] {
    return this.#state
      .list()
      .filter(({ ref }) => ref.schema === schema && matchesGlob(glob, ref.key))
      .map((dataset) => this.#pinned(readable(dataset)))
  }

  list(): PinnedDataset[] {
    return this.#state.list().map((dataset) => this.#pinned(dataset))
  }

  views(): readonly PinnedView[] {
    return [...this.#state.objects.views.values()]
  }

  frames(ref: DatasetRef): readonly Frame[] | undefined {
    const dataset = this.#state.get(ref)
    const cached = dataset && this.#cached(dataset)
    const log = dataset ? logRows(this.#logs, dataset) : null
    return cached && log !== null ? [...cached, ...log.frames] : cached
  }

  /** The frames of the parts, if they are in memory. */
  #cached(dataset: CatalogDataset): readonly Frame[] | undefined {
    // What a rollup has in its parts is not all of its rows.
    if (dataset.rollup !== null) return undefined
    return dataset.parts.length === 0 ? [] : this.#parts.cache.find(readable(dataset))?.frames
  }

  #rowsWith(
    dataset: CatalogDataset,
    log: LogRows | null,
    filters: readonly PartFilter[],
  ): SelectedRows | undefined {
    const { schema } = dataset
    const { bounds, cache } = this.#parts
    const conditions = filters.flatMap((filter) => {
      const column = schema.fields.findIndex(({ name }) => name === filter.column)
      const field = schema.fields[column]
      const type = bounds?.typeOf(dataset, filter.column)
      const ranges = field && type !== undefined ? valueRanges(filter, type, field) : null
      return ranges === null ? [] : [{ column, ranges }]
    })
    const cached = conditions.length === 0 ? undefined : this.#cached(dataset)
    const rows = cached && cache.index.select(cached, schema, conditions)
    const logged = log && rows && cache.index.select(log.frames, schema, conditions)
    if (rows === undefined || logged === undefined) return undefined
    return {
      selected: logged === null ? rows.selected : [...rows.selected, ...logged.selected],
      isExact: rows.isExact && logged?.isExact !== false && conditions.length === filters.length,
    }
  }

  #pinned(dataset: CatalogDataset): PinnedDataset {
    const log = logRows(this.#logs, dataset)
    const { bounds } = this.#parts
    const id = log === null ? datasetId(dataset) : `${datasetId(dataset)}+${log.sequence}`
    const rollupOf = (): PinnedRollup | null => dataset.rollup && this.#rollup(dataset, dataset.rollup)
    let rollup: PinnedRollup | null | undefined
    return {
      ref: dataset.ref,
      get id() {
        return this.rollup === null ? id : `${id} of ${this.rollup.source.id}`
      },
      schema: dataset.schema,
      parts: this.#partsOf(dataset, dataset.parts),
      ...(bounds !== null && {
        partsWith: async (filters: readonly PartFilter[]) =>
          this.#partsOf(dataset, await partsThatCan(bounds, dataset, filters)),
      }),
      rowsWith: (filters) => this.#rowsWith(dataset, log, filters),
      log,
      rows: dataset.rows + (log?.rows ?? 0),
      // Lists name it where its source cannot be read, too.
      get rollup() {
        return (rollup ??= rollupOf())
      },
    }
  }

  /** @throws DATASET_NOT_FOUND where another engine has dropped the source, NOT_IMPLEMENTED as {@link readable} */
  #rollup({ ref }: CatalogDataset, { definition, source, watermarkUs }: RollupState): PinnedRollup {
    const found = this.#state.get(definition.source)
    if (found === undefined) {
      throw new SternaError(
        'DATASET_NOT_FOUND',
        `Dataset "${definition.source.key}" is gone, which "${ref.key}" is a rollup of`,
      )
    }
    const { tableId, version, parts } = readable(found)
    return {
      definition,
      source: this.#pinned(found),
      watermarkUs: source.tableId === tableId && source.version === version ? watermarkUs : null,
      untilUs: null,
      sourceParts: (fromUs) => {
        const times = this.#parts.partTimes(found, definition.time)
        const needed = parts.filter(({ dataFileId }) => {
          const { maxUs, hasNulls } = times.get(dataFileId) ?? UNKNOWN
          return hasNulls || maxUs >= (fromUs ?? -Infinity)
        })
        const hasNulls = needed.some(({ dataFileId }) => (times.get(dataFileId) ?? UNKNOWN).hasNulls)
        return { parts: this.#partsOf(found, needed), hasNulls }
      },
    }
  }

  #partsOf({ ref }: CatalogDataset, parts: readonly CatalogPart[]): PinnedDataset['parts'] {
    return parts.map((part) => this.#parts.fileOf(part, ref))
  }
}

/** Of a part that the catalog has forgotten since the snapshot was pinned. */
const UNKNOWN = { maxUs: Infinity, hasNulls: true }

/** Names one version of the parts of a dataset: a key of what was made of them. A dataset that was dropped and made again has a new table id. */
export function datasetId({ tableId, version }: CatalogDataset): string {
  return `${tableId}@${version}`
}

/** The dataset, unless another engine has done to it what we cannot read. @throws NOT_IMPLEMENTED saying what */
export function readable(dataset: CatalogDataset): CatalogDataset {
  if (dataset.blocked === null) return dataset
  throw new SternaError(
    'NOT_IMPLEMENTED',
    `The dataset "${dataset.ref.key}" cannot be read, because ${dataset.blocked}`,
  )
}
