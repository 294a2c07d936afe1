import { relative } from 'node:path'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'
import { adoptedSums } from './adopted-sums.ts'
import { FrameCache } from './cache/frame-cache.ts'
import { ComparedParts } from './compared-parts.ts'
import type { Disk } from './disk/disk.ts'
import type { CompactionOptions } from './lifecycle/compactor.ts'
import type { RetentionRule } from './lifecycle/retention-plan.ts'
import type { AppendOptions } from './log/logs.ts'
import type { OpenLake } from './open-lake.ts'
import { ParquetReader } from './parquet/parquet-reader.ts'
import { PartFiles } from './part-files.ts'
import { type SnapshotParts } from './pinned-snapshot.ts'
import { Pins } from './pins.ts'
import { Publisher } from './publisher.ts'
import { SmartLoad } from './smart-load.ts'

/** What a store is opened with. */
export interface StoreOptions {
  /** Absolute path; made where it is missing. */
  readonly dataDir: string
  readonly cacheSize: number
  readonly partSize: number
  readonly compressionLevel: { readonly put: number; readonly compact: number }
  readonly append: AppendOptions
  /** How long snapshots of the past are kept, in ms; 0 keeps the current one only. */
  readonly history: number
  readonly compaction: CompactionOptions
  /** How often rollups take in what their sources got. */
  readonly rollupRefreshMs: number
  readonly retention: readonly RetentionRule[]
  /** Folders whose Parquet files may be adopted. */
  readonly adoptFrom: readonly string[]
  /** The file system; the local one unless a test puts another in its place. */
  readonly disk?: Disk
}

/** What a store is made of: the lake on the disk, and what stands in front of it in memory. */
export interface StoreParts extends OpenLake {
  readonly options: StoreOptions
  readonly files: PartFiles
  readonly compared: ComparedParts
  readonly cache: FrameCache
  readonly reader: ParquetReader
  readonly pins: Pins
  readonly snapshots: SnapshotParts
  readonly smartLoad: SmartLoad
  readonly publisher: Publisher
}

/** Puts a store together over a lake that is open. */
export function makeStoreParts(options: StoreOptions, lake: OpenLake, log: Logger): StoreParts {
  const { disk, dataDir, catalog, logs } = lake
  const compared: ComparedParts = new ComparedParts({
    disk,
    coldDirectory: dataDir.coldPath,
    adoptedSum: async ({ path, of }) => {
      const dataset = catalog.state().get(of)
      const sums = dataset && (await adoptedSums(dataset, { reader, files }))
      return sums?.get(relative(dataDir.coldPath, path))
    },
    log,
  })
  const files = new PartFiles(disk, dataDir.coldPath, compared)
  const cache = new FrameCache({ bytesMax: options.cacheSize, entryShareMax: LIMITS.cacheEntryShareMax })
  const reader = new ParquetReader()
  const pins = new Pins((paths) => {
    files.remove(paths).catch((error: unknown) => {
      log.warn({ err: error, parts: paths.length }, 'store.remove_failed')
    })
  })
  const absolutePath = (path: string): string => files.absolutePath(path)
  const snapshots: SnapshotParts = {
    pin: (snapshotId) => pins.pin(snapshotId),
    stateAt: (moment) => catalog.stateAt(moment),
    fileOf: (part, of) => files.pinnedPart(part, of),
    cache,
    bounds: catalog.bounds,
    partTimes: (...column) => catalog.partTimes(...column),
  }
  const smartLoad = new SmartLoad({
    cache,
    reader,
    absolutePath,
    current: (ref) => catalog.state().get(ref),
  })
  const publisher = new Publisher({
    catalog,
    files,
    compared,
    pins,
    cache,
    logs,
    disk,
    tmpPath: dataDir.tmpPath,
    partSize: options.partSize,
    heldBytesMax: Math.max(options.cacheSize, 2 * options.partSize),
    compressionLevel: options.compressionLevel.put,
  })
  return { ...lake, options, files, compared, cache, reader, pins, snapshots, smartLoad, publisher }
}
