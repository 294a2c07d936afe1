import type { DatasetRef } from '../../../flight/descriptor.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogDataset } from '../catalog/state.ts'
import type { Publisher } from '../publisher.ts'
import { type CompactSummary, compactGroup } from './compaction.ts'
import { type Job, type JobBudget, Jobs } from './jobs.ts'
import { type CompactionGroup, allGroups, dueGroups } from './plan.ts'

/** How a server compacts. `docs/config.md` explains each. */
export interface CompactionOptions extends JobBudget {
  /** Whether it does so in the background. */
  readonly mode: 'on' | 'off'
  /** How long no rows have to come to a dataset before all of it is compacted. */
  readonly quietMs: number
}

/** Compacts datasets: in the background what is worth the work, and on demand one as a whole. */
export class Compactor {
  readonly #catalog: Pick<Catalog, 'state'>
  readonly #publisher: Publisher
  readonly #options: CompactionOptions
  readonly #level: number
  /** Those of the background. */
  readonly jobs: Jobs
  /** The state in which there was nothing to do, and until when that holds. */
  #idle: { readonly snapshotId: number; readonly untilMs: number } | null = null

  constructor(
    parts: { readonly catalog: Pick<Catalog, 'state'>; readonly publisher: Publisher; readonly log: Logger },
    options: CompactionOptions,
    level: number,
  ) {
    this.#catalog = parts.catalog
    this.#publisher = parts.publisher
    this.#options = options
    this.#level = level
    const when = { ...options, isOn: options.mode === 'on', checkMs: LIMITS.jobCheckMs }
    this.jobs = new Jobs((isResting) => this.#next(isResting), when, parts.log)
  }

  /**
   * Rewrites all parts of a dataset into as few as their sizes allow. What is done when it is stopped stays.
   *
   * @throws COMMIT_CONFLICT, CANCELLED, DISK_FULL, DISK_FAILED
   */
  async compact(
    dataset: CatalogDataset,
    level: number | undefined,
    signal: AbortSignal,
  ): Promise<CompactSummary> {
    // Two that rewrite the same parts would be in each other's way.
    const goOn = await this.jobs.hold()
    try {
      const rewrite = (group: CompactionGroup): Promise<unknown> =>
        compactGroup(this.#publisher, dataset, group, level ?? this.#level, signal)
      const isUndivided = ([part]: CompactionGroup): boolean =>
        dataset.options.partition_by !== undefined && part?.partition === null
      for (const group of allGroups(dataset).filter(isUndivided)) await rewrite(group)
      // What came out of those may have neighbours in its partition now.
      const known = new Set(dataset.parts)
      const divided = this.#catalog.state().get(dataset.ref)
      for (const group of divided ? allGroups(divided) : []) {
        if (group.length > 1 || group.every((part) => known.has(part))) await rewrite(group)
      }
    } finally {
      goOn()
    }
    const after = this.#catalog.state().get(dataset.ref) ?? dataset
    return {
      key: dataset.ref.key,
      parts_before: dataset.parts.length,
      parts_after: after.parts.length,
      size_bytes_before: dataset.fileBytes,
      size_bytes_after: after.fileBytes,
    }
  }

  /** The largest group of all datasets that is due. */
  #next(isResting: (ref: DatasetRef) => boolean): Job | null {
    const state = this.#catalog.state()
    const nowMs = Date.now()
    if (this.#idle?.snapshotId === state.snapshotId && nowMs < this.#idle.untilMs) return null
    let best: { dataset: CatalogDataset; group: CompactionGroup; bytes: number } | null = null
    for (const dataset of state.list()) {
      if (dataset.blocked !== null || isResting(dataset.ref)) continue
      const isQuiet = nowMs - Number(dataset.updatedNs / 1_000_000n) >= this.#options.quietMs
      for (const group of dueGroups(dataset, isQuiet)) {
        const bytes = group.reduce((sum, part) => sum + part.fileBytes, 0)
        if (best === null || bytes > best.bytes) best = { dataset, group, bytes }
      }
    }
    // Datasets become quiet without a commit; a look through 10,000 of them takes milliseconds.
    if (best === null) this.#idle = { snapshotId: state.snapshotId, untilMs: nowMs + LIMITS.compactLookMs }
    return best && this.#job(best.dataset, best.group, best.bytes)
  }

  #job(dataset: CatalogDataset, group: CompactionGroup, bytes: number): Job {
    return {
      ref: dataset.ref,
      bytes,
      run: async (signal) => {
        const staged = await compactGroup(this.#publisher, dataset, group, this.#level, signal)
        return staged.reduce((sum, part) => sum + part.written.fileBytes, 0)
      },
    }
  }
}
