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
import { Retention, type RetentionSummary } from './retention.ts'
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
  readonly #expiry: NodeJS.Timeout

  constructor(parts: UpkeepParts, options: UpkeepOptions) {
    const { catalog, publisher, files, pins, log } = parts
    const level = options.compressionLevel.compact
    this.#parts = parts
    this.#compactor = new Compactor({ catalog, publisher, log }, options.compaction, level)
    this.#retention = new Retention(
      {
        catalog,
        publisher,
        compactor: this.#compactor,
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
    return this.#compactor.compact(dataset, level, signal)
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

  /** Resolves when nothing runs in the background any more. */
  async pause(): Promise<void> {
    await Promise.all([this.#compactor.pause(), this.#retention.pause()])
  }

  resume(): void {
    this.#compactor.resume()
    this.#retention.resume()
  }

  /** Of compaction. */
  stats(): ReturnType<Compactor['stats']> {
    return this.#compactor.stats()
  }

  async close(): Promise<void> {
    clearInterval(this.#expiry)
    await this.#retention.close()
    await this.#compactor.close()
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
