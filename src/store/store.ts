import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'
import { type AdoptSummary, adopt } from './adopt.ts'
import { type AppendOptions, AppendSession } from './append-session.ts'
import { type BackupItem, readBackup } from './backup.ts'
import { type CheckSummary, checkDatasets } from './check.ts'
import type { CompactSummary } from './lifecycle/compaction.ts'
import type { RollupReader } from './lifecycle/rollup-refresh.ts'
import { Upkeep } from './lifecycle/upkeep.ts'
import { openLake } from './open-lake.ts'
import type { DatasetOptions, OptionsPatch } from './options.ts'
import type {
  ComparisonOptions,
  ForeignReader,
  PartComparer,
  PartWriter,
  PinnedLake,
  PinnedPart,
} from './parts.ts'
import { PinnedSnapshot, readable } from './pinned-snapshot.ts'
import { type PutMode, PutSession } from './put-session.ts'
import type { Publisher } from './publisher.ts'
import { type RollbackSummary, rollback } from './rollback.ts'
import { type StoreStats, storeStats } from './stats.ts'
import { type StoreOptions, type StoreParts, makeStoreParts } from './store-parts.ts'
import { type StoredDataset, StoreReads } from './store-reads.ts'
import { LakeTransaction } from './transaction/lake-transaction.ts'

export type { StoredDataset } from './store-reads.ts'

/** The one door to what is stored: put, load, list, describe, drop, and the upkeep of parts and cache. */
export class Store extends StoreReads implements PartComparer {
  /** Compaction, retention and the refresh of rollups, beside what {@link compact} does on demand. */
  readonly upkeep: Upkeep
  #backups = 0
  #foreign: ForeignReader | undefined

  /** @throws as {@link openLake} */
  static async open(options: StoreOptions, log: Logger): Promise<Store> {
    const lake = await openLake(
      options,
      async (...flush) => {
        await store.parts.publisher.flush(...flush)
      },
      log,
    )
    const store: Store = new Store(makeStoreParts(options, lake, log), log)
    return store
  }

  private constructor(parts: StoreParts, log: Logger) {
    super(parts)
    this.upkeep = new Upkeep({ ...parts, log }, parts.options)
  }

  /** Where the lake, its parts and its temporary files are: for whoever writes parts and reads them by SQL. */
  get directories(): { readonly root: string; readonly cold: string; readonly tmp: string } {
    const { path: root, coldPath: cold, tmpPath: tmp } = this.parts.dataDir
    return { root, cold, tmp }
  }

  /** Names what writes parts. Once, before the first put. */
  writeWith(writer: PartWriter): void {
    this.parts.publisher.writeWith(writer)
  }

  /** Names what looks at files of other programs. Once, before the first is adopted. */
  inspectWith(foreign: ForeignReader): void {
    this.#foreign = foreign
  }

  /** Names what reads rollups, and has it refresh their parts in the background. Once. */
  refreshWith(reader: RollupReader): void {
    const { catalog, publisher, snapshots } = this.parts
    const pinParts = (): PinnedLake => new PinnedSnapshot(snapshots, catalog.state(), new Map())
    this.upkeep.refreshWith({ catalog, publisher, pinParts, reader })
  }

  /** Begins to take a dataset in. The session must be committed or aborted. @param options - to tell the dataset */
  beginPut(ref: DatasetRef, mode: PutMode, schemaFrame: Frame, options: OptionsPatch = {}): PutSession {
    return new PutSession(this.parts.publisher, ref, mode, schemaFrame, options)
  }

  /** Begins a transaction, which must be committed or rolled back. */
  begin(): LakeTransaction {
    return new LakeTransaction(this.parts)
  }

  /** Begins to append to a dataset, batch by batch. */
  beginAppend(ref: DatasetRef, schemaFrame: Frame, calls: AppendOptions): AppendSession {
    return new AppendSession(this.parts, ref, schemaFrame, calls)
  }

  /** Makes a dataset of Parquet files of other programs, as they are. @throws as {@link adopt} */
  adopt(ref: DatasetRef, files: readonly string[], signal: AbortSignal): Promise<AdoptSummary> {
    if (this.#foreign === undefined) throw new Error('The store was given nothing that looks at files')
    const { adoptFrom: folders } = this.parts.options
    return adopt({ ...this.parts, foreign: this.#foreign, folders }, ref, files, signal)
  }

  /** Tells a dataset other options; its content and its version stay. @throws DATASET_NOT_FOUND, REQUEST_INVALID */
  configure(ref: DatasetRef, options: OptionsPatch): DatasetOptions {
    return this.parts.publisher.configure(this.dataset(ref), options).options
  }

  /**
   * Makes a dataset whose rows are those of a query over another one, whatever that gets.
   *
   * @throws DATASET_EXISTS, DATASET_NOT_FOUND, REQUEST_INVALID for a rollup of a rollup, TYPE_UNSUPPORTED, KEY_INVALID
   */
  declareRollup(...declared: Parameters<Publisher['declareRollup']>): StoredDataset {
    return this.parts.publisher.declareRollup(...declared)
  }

  /**
   * Makes parts of the rows in a dataset's log; has a rollup take in what its source got.
   *
   * @returns the dataset as it is then
   * @throws DATASET_NOT_FOUND, DISK_FULL, DISK_FAILED; the log keeps its rows
   */
  async flush(ref: DatasetRef): Promise<StoredDataset> {
    if (this.get(ref).rollup !== null) await this.upkeep.refresh(ref)
    await this.parts.logs.flush(ref)
    return this.get(ref)
  }

  /** Makes parts of all logs; rows of those that fail stay there for the next start. */
  flushAll(): Promise<void> {
    return this.parts.logs.flushAll(LIMITS.logFlushStopMs)
  }

  /** @throws DATASET_NOT_FOUND */
  drop(ref: DatasetRef): void {
    this.parts.publisher.drop(this.dataset(ref))
  }

  /**
   * Makes a dataset what it was in a version, in a new one; one that was dropped is there again.
   *
   * @throws VERSION_NOT_FOUND, DATASET_NOT_FOUND, COMMIT_CONFLICT, NOT_IMPLEMENTED, DISK_FULL, DISK_FAILED
   */
  async rollback(ref: DatasetRef, version: number): Promise<RollbackSummary> {
    const past = this.get(ref, { version })
    const release = this.parts.pins.pin(version)
    try {
      return await rollback(this.parts, past, version)
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
    await this.parts.logs.flush(ref)
    return this.upkeep.compact(readable(this.dataset(ref)), level, signal)
  }

  compare(parts: readonly PinnedPart[], options: ComparisonOptions): Promise<boolean> | null {
    return this.parts.compared.compare(parts, options)
  }

  /** Reads every byte of the parts whose keys match, and tells what is not as it was written. @throws CANCELLED, DISK_FAILED */
  async check(glob: string | undefined, signal: AbortSignal): Promise<CheckSummary> {
    const release = this.parts.pins.pin(this.parts.catalog.state().snapshotId)
    try {
      return await checkDatasets(this.list(glob), this.parts, signal)
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
      yield* readBackup(this.parts, signal)
    } finally {
      this.#backups -= 1
    }
  }

  stats(): StoreStats {
    const { catalog, cache, logs, publisher, smartLoad, pins } = this.parts
    const [puts, loads] = [publisher.stats(), smartLoad.stats()]
    const inFlight = {
      puts: puts.puts,
      held_bytes: puts.bytes + loads.bytes,
      loads: loads.loads,
      pins: pins.count,
    }
    const damaged = this.parts.compared.damaged
    return storeStats(catalog.state(), cache.stats(), logs.stats(), inFlight, damaged, this.upkeep.stats())
  }

  /** Ends the workers and gives up the lock. Reads and puts must have ended. */
  async close(): Promise<void> {
    await this.upkeep.close()
    await this.parts.logs.close()
    await this.parts.compared.close()
    await this.parts.reader.close()
    this.parts.catalog.close()
    await this.parts.dataDir.close()
  }
}
