import type { DatasetRef } from '../../../flight/descriptor.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogDataset } from '../catalog/state.ts'
import { pastInstant } from '../catalog/time.ts'
import { matchesGlob } from '../glob.ts'
import type { RetentionLimits } from '../options.ts'
import type { PartFiles } from '../part-files.ts'
import type { Pins } from '../pins.ts'
import type { Publisher } from '../publisher.ts'
import type { CompactSummary } from './compaction.ts'
import { type CompactionOptions, Compactor } from './compactor.ts'
import type { JobStats } from './jobs.ts'
import { Refresher } from './refresher.ts'
import type { RefreshParts } from './rollup-refresh.ts'
import { Retention, type RetentionStats, type RetentionSummary } from './retention.ts'
import type { RetentionRule } from './retention-plan.ts'

/** What upkeep works on. */
export interface UpkeepParts {
  readonly catalog: Catalog
  readonly publisher: Publisher
  readonly files: PartFiles
  readonly pins: Pins
  readonly log: Logger
}

export interface UpkeepOptions {
  readonly compaction: CompactionOptions
  readonly compressionLevel: { readonly compact: number }
  readonly retention: readonly RetentionRule[]
  /** How often rollups take in what their sources got. */
  readonly rollupRefreshMs: number
}

/** What the action `stats` says of the work in the background. */
export interface UpkeepStats {
  readonly compaction: JobStats
  readonly retention: RetentionStats
  /** Null where nothing reads rollups. */
  readonly rollup_refresh: JobStats | null
}

/** Which rows are to go. */
export interface RetentionRequest {
  /** Of the keys; all when absent. */
  readonly glob?: string | undefined
  /** Only tells what would go. */
  readonly isDry: boolean
  /** The instant at which rows are old, ISO 8601; now when absent. */
  readonly at?: string | undefined
  /** In place of those of every dataset. */
  readonly limits?: RetentionLimits | undefined
}

/** What is done to parts in the background and on demand: joined, let go of, and forgotten with their versions. */
export class Upkeep {
  readonly #parts: UpkeepParts
  readonly #compactor: Compactor
  readonly #retention: Retention
  readonly #options: UpkeepOptions
  #refresher: Refresher | undefined
  readonly #expiry: NodeJS.Timeout

  constructor(parts: UpkeepParts, options: UpkeepOptions) {
    const { catalog, publisher, files, pins, log } = parts
    const level = options.compressionLevel.compact
    this.#parts = parts
    this.#options = options
    this.#compactor = new Compactor({ catalog, publisher, log }, options.compaction, level)
    this.#retention = new Retention(
      {
        catalog,
        publisher,
        compaction: this.#compactor.jobs,
        bounds: catalog.bounds,
        pin: () => pins.pin(catalog.state().snapshotId),
        countOlder: (input) => publisher.countOlder(input),
        absolutePath: (path) => files.absolutePath(path),
        compressionLevel: level,
        log,
      },
      options.retention,
      options.compaction,
    )
    this.#expiry = setInterval(() => this.#expire(), LIMITS.historyCheckMs).unref()
  }

  /** Rewrites the parts of a dataset. @param level - zstd, 1–22; as the server is set where it is left out */
  compact(dataset: CatalogDataset, level: number | undefined, signal: AbortSignal): Promise<CompactSummary> {
    const work = (): Promise<CompactSummary> => this.#compactor.compact(dataset, level, signal)
    return dataset.rollup !== null && this.#refresher ? this.#refresher.alone(work) : work()
  }

  /**
   * Has rows go that are beyond the limits of their datasets; those in logs are left to the time after their flush.
   *
   * @throws REQUEST_INVALID for what is no instant, or one to come; CANCELLED
   */
  retain({ glob, isDry, at, limits }: RetentionRequest, signal: AbortSignal): Promise<RetentionSummary[]> {
    const all = this.#parts.catalog.state().list()
    const datasets = all.filter(({ ref }) => matchesGlob(glob ?? '*', ref.key))
    return this.#retention.run(datasets, { instantUs: pastInstant(at), isDry, limits }, signal)
  }

  /** Stops what takes parts away in the background; resolves when nothing of it runs any more. */
  async pause(): Promise<void> {
    await Promise.all([this.#compactor.jobs.pause(), this.#retention.jobs.pause()])
  }

  resume(): void {
    this.#compactor.jobs.resume()
    this.#retention.jobs.resume()
  }

  stats(): UpkeepStats {
    return {
      compaction: this.#compactor.jobs.stats(),
      retention: this.#retention.stats(),
      rollup_refresh: this.#refresher?.jobs.stats() ?? null,
    }
  }

  /** Names what reads rollups, and has their parts follow their sources. Once. */
  refreshWith(parts: RefreshParts): void {
    this.#refresher = new Refresher(parts, this.#options.rollupRefreshMs, this.#parts.log)
  }

  /** Has a rollup take in what its source got. @throws as refreshRollup */
  async refresh(ref: DatasetRef): Promise<void> {
    await this.#refresher?.refresh(ref)
  }

  /** Ends the refresh that runs, and has no other follow. */
  async endRefreshes(): Promise<void> {
    await this.#refresher?.close()
  }

  async close(): Promise<void> {
    clearInterval(this.#expiry)
    await this.endRefreshes()
    await this.#retention.jobs.close()
    await this.#compactor.jobs.close()
  }

  /** Lets go of versions that have become too old; their files go with their last reader. */
  #expire(): void {
    const { catalog, pins, log } = this.#parts
    try {
      const { oldest, retired } = catalog.expire()
      pins.retire(oldest, retired)
    } catch (error) {
      // Nothing is lost: the next commit does the same.
      log.warn({ err: error }, 'store.expire_failed')
    }
  }
}
