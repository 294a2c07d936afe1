import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'
import { FrameCache } from './cache/frame-cache.ts'
import { type AppendOptions as AppendCalls, AppendSession } from './append-session.ts'
import { type BackupItem, readBackup } from './backup.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { CatalogObjects } from './catalog/objects.ts'
import type { CatalogDataset, CatalogState } from './catalog/state.ts'
import type { DatasetVersion } from './catalog/versions.ts'
import type { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { matchesGlob } from './glob.ts'
import { type CheckSummary, checkDatasets } from './check.ts'
import { type AppendOptions, type Logs, type LogViews, logRows } from './log/logs.ts'
import type { CompactSummary } from './lifecycle/compaction.ts'
import type { CompactionOptions } from './lifecycle/compactor.ts'
import { RollupJob } from './lifecycle/rollup-job.ts'
import type { RollupReader } from './lifecycle/rollup-refresh.ts'
import { type OpenLake, openLake } from './open-lake.ts'
import { Upkeep } from './lifecycle/upkeep.ts'
import type { RetentionRule } from './lifecycle/retention-plan.ts'
import { type DatasetOptions, type OptionsPatch, changeOptions } from './options.ts'
import { ParquetReader } from './parquet/parquet-reader.ts'
import { PartFiles } from './part-files.ts'
import type { Lake, PartWriter, PastMoment, PinnedLake } from './parts.ts'
import { PinnedSnapshot, type SnapshotParts, datasetId, readable } from './pinned-snapshot.ts'
import { Pins } from './pins.ts'
import { type PutMode, PutSession } from './put-session.ts'
import { Publisher } from './publisher.ts'
import { type RollbackSummary, rollback } from './rollback.ts'
import { SmartLoad } from './smart-load.ts'
import { type StoreStats, storeStats } from './stats.ts'
import { type RollupStatus, rollupStatus } from './rollup-status.ts'
import { LakeTransaction } from './transaction/lake-transaction.ts'

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
  /** The file system; the local one unless a test puts another in its place. */
  readonly disk?: Disk
}

export type StoredDataset = CatalogDataset

/**
 * The one door to what is stored: put, load, list, describe, drop, and the upkeep of parts and cache.
 *
 * A dataset is read through snapshots: whoever reads pins the one that is current, and neither a put nor a drop nor a
 * compaction changes what it sees.
 */
export class Store implements Lake {
  readonly #dataDir: DataDir
  readonly #catalog: Catalog
  readonly #cache: FrameCache
  readonly #reader: ParquetReader
  readonly #files: PartFiles
  readonly #pins: Pins
  readonly #load: SmartLoad
  readonly #publisher: Publisher
  readonly #disk: Disk
  readonly #logs: Logs
  readonly #options: StoreOptions
  readonly #snapshots: SnapshotParts
  /** Compaction and retention, beside what {@link compact} does on demand. */
  readonly upkeep: Upkeep
  #backups = 0
  readonly #log: Logger
  #rollups: RollupJob | undefined

  /** @throws as {@link openLake} */
  static async open(options: StoreOptions, log: Logger): Promise<Store> {
    const lake = await openLake(
      options,
      async (...flush) => {
        await store.#publisher.flush(...flush)
      },
      log,
    )
    const store: Store = new Store(options, lake, log)
    return store
  }

  private constructor(options: StoreOptions, { disk, dataDir, catalog, logs }: OpenLake, log: Logger) {
    this.#options = options
    this.#log = log
    this.#disk = disk
    this.#logs = logs
    this.#dataDir = dataDir
    this.#catalog = catalog
    this.#files = new PartFiles(disk, dataDir.coldPath)
    this.#cache = new FrameCache({ bytesMax: options.cacheSize, entryShareMax: LIMITS.cacheEntryShareMax })
    this.#reader = new ParquetReader()
    this.#pins = new Pins((paths) => {
      this.#files.remove(paths).catch((error: unknown) => {
        log.warn({ err: error, parts: paths.length }, 'store.remove_failed')
      })
    })
    this.#snapshots = {
      pin: (snapshotId) => this.#pins.pin(snapshotId),
      stateAt: (moment) => catalog.stateAt(moment),
      absolutePath: (path) => this.#files.absolutePath(path),
      cache: this.#cache,
      bounds: catalog.bounds,
      partTimes: (...column) => catalog.partTimes(...column),
    }
    this.#load = new SmartLoad({
      cache: this.#cache,
      reader: this.#reader,
      absolutePath: (path) => this.#files.absolutePath(path),
      current: (id) =>
        catalog
          .state()
          .list()
          .find((dataset) => datasetId(dataset) === id),
    })
    this.#publisher = new Publisher({
      catalog,
      files: this.#files,
      pins: this.#pins,
      cache: this.#cache,
      logs,
      disk,
      tmpPath: dataDir.tmpPath,
      partSize: options.partSize,
      heldBytesMax: Math.max(options.cacheSize, 2 * options.partSize),
      compressionLevel: options.compressionLevel.put,
    })
    this.upkeep = new Upkeep(
      { catalog, publisher: this.#publisher, files: this.#files, pins: this.#pins, log },
      options,
    )
  }

  /** Where the lake, its parts and its temporary files are: for whoever writes parts and reads them by SQL. */
  get directories(): { readonly root: string; readonly cold: string; readonly tmp: string } {
    return { root: this.#dataDir.path, cold: this.#dataDir.coldPath, tmp: this.#dataDir.tmpPath }
  }

  /** Names what writes parts. Once, before the first put. */
  writeWith(writer: PartWriter): void {
    this.#publisher.writeWith(writer)
  }

  /** Of the current snapshot; every commit makes another. */
  get snapshotId(): number {
    return this.#catalog.state().snapshotId
  }

  /** Names what reads rollups, and has it refresh their parts in the background. Once. */
  refreshWith(reader: RollupReader): void {
    const catalog = this.#catalog
    const pinParts = (): PinnedLake => new PinnedSnapshot(this.#snapshots, catalog.state(), new Map())
    const parts = { catalog, publisher: this.#publisher, pinParts, reader }
    this.#rollups = new RollupJob(parts, this.#options.rollupRefreshMs, this.#log)
  }

  /** Ends the refresh that runs, and has no other follow. */
  async endRefreshes(): Promise<void> {
    await this.#rollups?.close()
  }

  pin(): PinnedLake {
    const state = this.#catalog.state()
    return new PinnedSnapshot(this.#snapshots, state, this.#logs.views())
  }

  /** Begins to take a dataset in. The session must be committed or aborted. @param options - to tell the dataset */
  beginPut(ref: DatasetRef, mode: PutMode, schemaFrame: Frame, options: OptionsPatch = {}): PutSession {
    return new PutSession(this.#publisher, ref, mode, schemaFrame, options)
  }

  /** Begins a transaction, which must be committed or rolled back. */
  begin(): LakeTransaction {
    return new LakeTransaction({
      catalog: this.#catalog,
      files: this.#files,
      pins: this.#pins,
      cache: this.#cache,
      logs: this.#logs,
      publisher: this.#publisher,
      snapshots: this.#snapshots,
      coldPath: this.#dataDir.coldPath,
    })
  }

  /** Begins to append to a dataset, batch by batch. */
  beginAppend(ref: DatasetRef, schemaFrame: Frame, calls: AppendCalls): AppendSession {
    return new AppendSession(
      {
        check: (...dataset) => {
          const [to, schema, told] = dataset
          this.#publisher.check(to, 'append', schema, told)
        },
        open: (...dataset) => {
          const stored = this.#publisher.openToAppend(...dataset)
          return { dataset: stored, log: this.#logs.of(stored) }
        },
        room: (log) => this.#logs.room(log),
      },
      ref,
      schemaFrame,
      calls,
    )
  }

  /** Durability of appends that ask for none: as the dataset is told, or with them is to be, else as the server is. */
  durability(ref: DatasetRef, options: OptionsPatch = {}): AppendOptions['durability'] {
    const known = this.#catalog.state().get(ref)?.options
    return changeOptions(known ?? {}, options).durability ?? this.#options.append.durability
  }

  /** Tells a dataset other options; its content and its version stay. @throws DATASET_NOT_FOUND, REQUEST_INVALID */
  configure(ref: DatasetRef, options: OptionsPatch): DatasetOptions {
    return this.#publisher.configure(this.#dataset(ref), options).options
  }

  /**
   * Makes a dataset whose rows are those of a query over another one, whatever that gets.
   *
   * @throws DATASET_EXISTS, DATASET_NOT_FOUND, REQUEST_INVALID for a rollup of a rollup, TYPE_UNSUPPORTED, KEY_INVALID
   */
  declareRollup(...declared: Parameters<Publisher['declareRollup']>): StoredDataset {
    return this.#publisher.declareRollup(...declared)
  }

  /**
   * Makes parts of the rows in a dataset's log; has a rollup take in what its source got.
   *
   * @returns the dataset as it is then
   * @throws DATASET_NOT_FOUND, DISK_FULL, DISK_FAILED; the log keeps its rows
   */
  async flush(ref: DatasetRef): Promise<StoredDataset> {
    if (this.get(ref).rollup !== null) await this.#rollups?.refresh(ref)
    await this.#logs.flush(ref)
    return this.get(ref)
  }

  /** Makes parts of all logs; rows of those that fail stay there for the next start. */
  flushAll(): Promise<void> {
    return this.#logs.flushAll(LIMITS.logFlushStopMs)
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
    const logged = moment ? [] : (logRows(this.#logs.views(), dataset)?.frames ?? [])
    const cached = this.#load.cached(dataset)
    if (cached) return logged.length === 0 ? cached : [...cached, ...logged]
    const release = this.#pins.pin(state.snapshotId)
    return releasing(joined(this.#load.stream(dataset, signal), logged), release)
  }

  /** One dataset as it is now, or was. @throws DATASET_NOT_FOUND, VERSION_NOT_FOUND */
  get(ref: DatasetRef, moment?: PastMoment): StoredDataset {
    if (moment) return datasetIn(this.#stateAt(moment), ref, moment)
    return withLog(this.#dataset(ref), this.#logs.views())
  }

  /** How a rollup stands to its source; null for other datasets. */
  rollupStatus(dataset: StoredDataset): RollupStatus | null {
    return rollupStatus(this.#catalog, dataset)
  }

  /** True for a dataset whose rows a query gives; false for one that is not there. */
  isRollup(ref: DatasetRef): boolean {
    const dataset = this.#catalog.state().get(ref)
    return dataset !== undefined && dataset.rollup !== null
  }

  /** Datasets whose keys match the glob, by schema and key. */
  list(glob = '*'): StoredDataset[] {
    const logs = this.#logs.views()
    return this.#catalog
      .state()
      .list()
      .filter(({ ref }) => matchesGlob(glob, ref.key))
      .map((dataset) => withLog(dataset, logs))
  }

  /** Schemas, views, and what is said of them and of tables. */
  get objects(): CatalogObjects {
    return this.#catalog.state().objects
  }

  /** @throws DATASET_NOT_FOUND */
  drop(ref: DatasetRef): void {
    this.#publisher.drop(this.#dataset(ref))
  }

  #dataset(ref: DatasetRef): CatalogDataset {
    return datasetIn(this.#catalog.state(), ref)
  }

  #stateAt(moment: PastMoment | undefined): CatalogState {
    return moment ? this.#catalog.stateAt(moment) : this.#catalog.state()
  }

  isCached(ref: DatasetRef): boolean {
    return this.#cache.peek(datasetId(this.#dataset(ref))) !== undefined
  }

  /** Loads a dataset into the cache, unless it is over its share. @throws as {@link load} */
  async warm(ref: DatasetRef, signal: AbortSignal): Promise<{ cached: boolean; bytes: number }> {
    const release = this.#pins.pin(this.#catalog.state().snapshotId)
    try {
      const dataset = readable(this.#dataset(ref))
      // It is made of its parts and its source by a query, whose results have a cache of their own.
      if (dataset.rollup !== null) return { cached: false, bytes: 0 }
      const isCached = this.isCached(ref) || (await this.#load.warm(dataset, signal))
      return { cached: isCached, bytes: this.#cache.peek(datasetId(dataset))?.bytes ?? 0 }
    } finally {
      release()
    }
  }

  /** @returns whether it was there */
  evict(ref: DatasetRef): boolean {
    return this.#cache.delete(datasetId(this.#dataset(ref)))
  }

  /** The versions of a dataset that can be read, the newest first; also of one that was dropped. @throws DATASET_NOT_FOUND */
  versions(ref: DatasetRef, limit: number): DatasetVersion[] {
    const versions = this.#catalog.versions(ref, limit)
    if (versions.length === 0) this.get(ref)
    return versions
  }

  /**
   * Makes a dataset what it was in a version, in a new one; one that was dropped is there again.
   *
   * @throws VERSION_NOT_FOUND, DATASET_NOT_FOUND, COMMIT_CONFLICT, NOT_IMPLEMENTED, DISK_FULL, DISK_FAILED
   */
  async rollback(ref: DatasetRef, version: number): Promise<RollbackSummary> {
    const past = this.get(ref, { version })
    const release = this.#pins.pin(version)
    try {
      return await rollback(
        { catalog: this.#catalog, files: this.#files, logs: this.#logs, publisher: this.#publisher },
        past,
        version,
      )
    } finally {
      release()
    }
  }

  /**
   * Rewrites the parts of a dataset, those of its log included, rows in their order or as its `order_by` says.
   *
   * @param level - zstd, 1–22; as the server is set where it is left out
   */
  async compact(ref: DatasetRef, level: number | undefined, signal: AbortSignal): Promise<CompactSummary> {
    await this.#logs.flush(ref)
    const work = (): Promise<CompactSummary> =>
      this.upkeep.compact(readable(this.#dataset(ref)), level, signal)
    return this.isRollup(ref) && this.#rollups ? this.#rollups.alone(work) : work()
  }

  /** Reads every byte of the parts whose keys match, and tells what is not as it was written. @throws CANCELLED, DISK_FAILED */
  async check(glob: string | undefined, signal: AbortSignal): Promise<CheckSummary> {
    const release = this.#pins.pin(this.#catalog.state().snapshotId)
    try {
      return await checkDatasets(
        this.list(glob),
        {
          disk: this.#disk,
          reader: this.#reader,
          absolutePath: (path) => this.#files.absolutePath(path),
        },
        signal,
      )
    } finally {
      release()
    }
  }

  /** Reads the whole lake as it is in one moment. @throws SERVER_BUSY; as {@link readBackup} */
  async *backup(signal: AbortSignal): AsyncGenerator<BackupItem> {
    if (this.#backups >= LIMITS.backupsMax) {
      throw new SternaError('SERVER_BUSY', `${this.#backups} backups run already, of ${LIMITS.backupsMax}`)
    }
    this.#backups += 1
    try {
      yield* readBackup(
        {
          disk: this.#disk,
          dataDir: this.#dataDir,
          catalog: this.#catalog,
          logs: this.#logs,
          pins: this.#pins,
        },
        signal,
      )
    } finally {
      this.#backups -= 1
    }
  }

  stats(): StoreStats {
    const puts = this.#publisher.stats()
    const loads = this.#load.stats()
    return storeStats(
      this.#catalog.state(),
      this.#cache.stats(),
      this.#logs.stats(),
      {
        puts: puts.puts,
        held_bytes: puts.bytes + loads.bytes,
        loads: loads.loads,
        pins: this.#pins.count,
      },
      this.upkeep.stats(),
    )
  }

  /** Ends the workers and gives up the lock. Reads and puts must have ended. */
  async close(): Promise<void> {
    await this.upkeep.close()
    await this.#logs.close()
    await this.#reader.close()
    this.#catalog.close()
    await this.#dataDir.close()
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
  const name = ref.schema === 'main' ? ref.key : `${ref.schema}.${ref.key}`
  const then = moment ? ` in version ${state.snapshotId}` : ''
  throw new SternaError('DATASET_NOT_FOUND', `There is no dataset "${name}"${then}`)
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
