import type { FrameCacheStats } from './cache/frame-cache.ts'
import type { CatalogDataset, CatalogState, PartTier } from './catalog/state.ts'
import type { UpkeepStats } from './lifecycle/upkeep.ts'
import type { LogStats } from './log/logs.ts'

/** Figures of one tier on disk. */
export interface TierStats {
  readonly parts: number
  readonly rows: number
  readonly size_bytes: number
  readonly arrow_size_bytes: number
  /** Arrow bytes per byte on disk; null where nothing is stored. */
  readonly compression_ratio: number | null
}

/** What is going on at the moment: all zero where nobody writes or reads. */
export interface InFlightStats {
  /** Puts that are neither committed nor aborted. */
  readonly puts: number
  /** Frames that puts and loads hold, for parts that are not written and readers that are behind. */
  readonly held_bytes: number
  /** Datasets being read from their parts for all who ask. */
  readonly loads: number
  /** Readers that keep the files of a snapshot in place. */
  readonly pins: number
}

/** What the action `stats` answers. */
export interface StoreStats extends UpkeepStats {
  readonly total_keys: number
  readonly total_rows: number
  readonly total_parts: number
  readonly total_size_bytes: number
  readonly arrow_size_bytes: number
  readonly compression_ratio: number | null
  /** Parts that were found to be damaged since the start. */
  readonly damaged_parts: number
  readonly snapshot: number
  readonly cache: FrameCacheStats
  readonly in_flight: InFlightStats
  readonly tiers: {
    readonly hot: { readonly keys: number; readonly bytes: number }
    /** Rows that were appended and are in no part yet. */
    readonly log: LogStats
    readonly warm: TierStats
    readonly cold: TierStats
  }
}

/** Adds up one snapshot of the catalog, and the cache and what is in flight as they are now. */
export function storeStats(
  state: CatalogState,
  cache: FrameCacheStats,
  log: LogStats,
  inFlight: InFlightStats,
  damagedParts: number,
  upkeep: UpkeepStats,
): StoreStats {
  const datasets = state.list()
  const sums = { warm: { ...NOTHING }, cold: { ...NOTHING } }
  for (const dataset of datasets) {
    const own = sumsOf(dataset)
    add(sums.warm, own.warm)
    add(sums.cold, own.cold)
  }
  const all = { ...sums.warm }
  add(all, sums.cold)
  const total = tierStats(all)
  return {
    total_keys: datasets.length,
    total_rows: total.rows + log.rows,
    total_parts: total.parts,
    total_size_bytes: total.size_bytes,
    arrow_size_bytes: total.arrow_size_bytes + log.bytes,
    compression_ratio: total.compression_ratio,
    damaged_parts: damagedParts,
    snapshot: state.snapshotId,
    cache,
    in_flight: inFlight,
    ...upkeep,
    tiers: {
      hot: { keys: cache.entries, bytes: cache.bytes },
      log,
      warm: tierStats(sums.warm),
      cold: tierStats(sums.cold),
    },
  }
}

interface Sums {
  parts: number
  rows: number
  fileBytes: number
  arrowBytes: number
}

const NOTHING: Readonly<Sums> = { parts: 0, rows: 0, fileBytes: 0, arrowBytes: 0 }

/** Of datasets as they are: some have ten thousand parts, and most do not change between two looks. */
const known = new WeakMap<CatalogDataset, Readonly<Record<PartTier, Readonly<Sums>>>>()

function sumsOf(dataset: CatalogDataset): Readonly<Record<PartTier, Readonly<Sums>>> {
  const found = known.get(dataset)
  if (found !== undefined) return found
  const sums = { warm: { ...NOTHING }, cold: { ...NOTHING } }
  for (const part of dataset.parts) add(sums[part.tier], { ...part, parts: 1 })
  known.set(dataset, sums)
  return sums
}

function add(to: Sums, { parts, rows, fileBytes, arrowBytes }: Readonly<Sums>): void {
  to.parts += parts
  to.rows += rows
  to.fileBytes += fileBytes
  to.arrowBytes += arrowBytes
}

function tierStats({ parts, rows, fileBytes, arrowBytes }: Readonly<Sums>): TierStats {
  return {
    parts,
    rows,
    size_bytes: fileBytes,
    arrow_size_bytes: arrowBytes,
    compression_ratio: fileBytes === 0 ? null : arrowBytes / fileBytes,
  }
}
