import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CatalogDataset } from '../catalog/state.ts'
import { nowUs } from '../catalog/time.ts'
import type { RetentionLimits } from '../options.ts'
import type { StagedPart } from '../parts.ts'
import { readable } from '../pinned-snapshot.ts'
import type { Publisher } from '../publisher.ts'
import { type Job, type JobBudget, Jobs, type JobStats } from './jobs.ts'
import {
  isRetentionDue,
  limitsFor,
  type PlanParts,
  planRetention,
  type RetentionPlan,
  type RetentionRule,
} from './retention-plan.ts'

/** What goes, or has gone, of one dataset. */
export interface RetentionSummary {
  readonly key: string
  readonly schema: string
  /** Rows before this time go; null without a limit of age. */
  readonly before: string | null
  /** Parts that go as a whole, and the bytes of their files. */
  readonly parts: number
  readonly bytes: number
  /** Parts of which some rows stay, and which are written anew. */
  readonly rewritten_parts: number
  /** Of both kinds of parts. */
  readonly rows: number
  /** Why nothing goes; null where it could be done. */
  readonly error: string | null
}

/** What `stats` says of retention: the work in the background, and all that has gone since the start. */
export interface RetentionStats extends JobStats {
  readonly removed: { readonly rows: number; readonly parts: number; readonly bytes: number }
  /** Of which dataset rows went last, those before which time, and when that was (ISO 8601). */
  readonly last_removed:
    | (Pick<RetentionSummary, 'key' | 'schema' | 'before' | 'rows' | 'parts' | 'bytes'> & {
        readonly time: string
      })
    | null
}

/** What retention is made over. */
interface RetentionParts extends PlanParts {
  readonly catalog: Pick<Catalog, 'state'>
  readonly publisher: Publisher
  readonly compaction: Pick<Jobs, 'hold'>
  readonly compressionLevel: number
  /** Keeps the files of the current state until the end of it. */
  readonly pin: () => () => void
  readonly log: Logger
}

/** Removes rows that are too old or too many: in the background, and on demand. */
export class Retention {
  readonly #parts: RetentionParts
  readonly #rules: readonly RetentionRule[]
  /** Those of the background. */
  readonly jobs: Jobs
  #removed = { rows: 0, parts: 0, bytes: 0 }
  #lastRemoved: RetentionStats['last_removed'] = null
  /** The state in which there was nothing to do, and until when that holds. */
  #idle: { readonly snapshotId: number; readonly untilMs: number } | null = null

  constructor(parts: RetentionParts, rules: readonly RetentionRule[], budget: JobBudget) {
    this.#parts = parts
    this.#rules = rules
    const when = { ...budget, isOn: true, checkMs: LIMITS.jobCheckMs }
    this.jobs = new Jobs((isResting) => this.#next(isResting), when, parts.log)
  }

  /**
   * Has go what is too old or too much at an instant, of each dataset that has limits.
   *
   * @param datasets - to be looked at
   * @param limits - of every dataset, in place of its own
   * @throws CANCELLED; what fails for one dataset is said in its summary
   */
  async run(
    datasets: readonly CatalogDataset[],
    {
      instantUs,
      isDry,
      limits: tried,
    }: {
      readonly instantUs: number
      readonly isDry: boolean
      readonly limits?: RetentionLimits | undefined
    },
    signal: AbortSignal,
  ): Promise<RetentionSummary[]> {
    const goOn = isDry ? () => undefined : await this.jobs.hold()
    try {
      const summaries: RetentionSummary[] = []
      for (const { ref } of datasets) {
        const dataset = this.#parts.catalog.state().get(ref)
        if (dataset === undefined || dataset.rollup !== null) continue
        const limits = tried ?? limitsFor(dataset, this.#rules)
        if (limits === undefined) continue
        try {
          summaries.push((await this.#retain(dataset, limits, instantUs, isDry, signal)).summary)
        } catch (error) {
          if (signal.aborted) throw error
          const { code, message } = SternaError.from(error)
          summaries.push(summaryOf(dataset, { losses: [], since: null }, `${code}: ${message}`))
        }
      }
      return summaries
    } finally {
      goOn()
    }
  }

  /** @returns what goes, and how many bytes were written for that */
  async #retain(
    dataset: CatalogDataset,
    limits: RetentionLimits,
    instantUs: number,
    isDry: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly summary: RetentionSummary; readonly written: number }> {
    const release = this.#parts.pin()
    try {
      const plan = await planRetention(readable(dataset), limits, instantUs, this.#parts, signal)
      const summary = summaryOf(dataset, plan, null)
      const written = isDry ? 0 : await this.#apply(dataset, plan, signal)
      if (!isDry && summary.rows > 0) this.#count(summary)
      return { summary, written }
    } finally {
      release()
    }
  }

  stats(): RetentionStats {
    return { ...this.jobs.stats(), removed: this.#removed, last_removed: this.#lastRemoved }
  }

  #count({ key, schema, before, rows, parts, bytes }: RetentionSummary): void {
    const { rows: allRows, parts: allParts, bytes: allBytes } = this.#removed
    this.#removed = { rows: allRows + rows, parts: allParts + parts, bytes: allBytes + bytes }
    this.#lastRemoved = { key, schema, before, rows, parts, bytes, time: new Date().toISOString() }
  }

  /** One commit: readers see all of it or nothing. Nothing is left of one that fails. @returns bytes that were written */
  async #apply(
    dataset: CatalogDataset,
    { losses, since }: RetentionPlan,
    signal: AbortSignal,
  ): Promise<number> {
    if (losses.length === 0) return 0
    const { publisher, compressionLevel, compaction } = this.#parts
    // A compaction of the same parts would be in the way.
    const goOn = await compaction.hold()
    const replaced = new Map<number, readonly StagedPart[]>()
    try {
      for (const { part, kept } of losses) {
        if (kept === 0 || since === null) {
          replaced.set(part.dataFileId, [])
          continue
        }
        const put = randomUUID()
        const arrowBytes = Math.round((part.arrowBytes * kept) / part.rows)
        const log = publisher.logOf(dataset)
        const origin = { ref: dataset.ref, mode: 'rewrite' as const, put, order: 0, arrowBytes, log }
        const to = { path: publisher.temporaryPath(`${put}.parquet`), compressionLevel }
        const staged = await publisher.restageSince(
          { ...origin, sources: [part.path] },
          dataset,
          part,
          to,
          since,
          signal,
        )
        replaced.set(part.dataFileId, [staged])
        if (staged.written.rows !== kept) {
          throw new SternaError('BUG', `Of a part ${kept} rows were to stay, and ${staged.written.rows} did`)
        }
      }
      await publisher.changeParts(dataset, replaced)
      return [...replaced.values()].flat().reduce((sum, { written }) => sum + written.fileBytes, 0)
    } finally {
      await publisher.discard([...replaced.values()].flat().map(({ path }) => path))
      goOn()
    }
  }

  #next(isResting: (ref: DatasetRef) => boolean): Job | null {
    const state = this.#parts.catalog.state()
    const nowMs = Date.now()
    if (this.#idle?.snapshotId === state.snapshotId && nowMs < this.#idle.untilMs) return null
    for (const dataset of state.list()) {
      if (dataset.blocked !== null || isResting(dataset.ref)) continue
      const limits = limitsFor(dataset, this.#rules)
      if (limits === undefined || !isRetentionDue(dataset, limits, nowUs(), this.#parts.bounds)) continue
      return this.#job(dataset, limits)
    }
    this.#idle = { snapshotId: state.snapshotId, untilMs: nowMs + LIMITS.retentionLookMs }
    return null
  }

  #job(dataset: CatalogDataset, limits: RetentionLimits): Job {
    return {
      ref: dataset.ref,
      bytes: 0,
      run: async (signal) => {
        const { summary, written } = await this.#retain(dataset, limits, nowUs(), false, signal)
        this.#parts.log.info(summary, 'retention.done')
        return written
      },
    }
  }
}

function summaryOf(
  { ref }: CatalogDataset,
  { losses, since }: RetentionPlan,
  error: string | null,
): RetentionSummary {
  const whole = losses.filter(({ kept }) => kept === 0)
  return {
    key: ref.key,
    schema: ref.schema,
    before: since?.time ?? null,
    parts: whole.length,
    bytes: whole.reduce((sum, { part }) => sum + part.fileBytes, 0),
    rewritten_parts: losses.length - whole.length,
    rows: losses.reduce((sum, { part, kept }) => sum + part.rows - kept, 0),
    error,
  }
}
