import type { DatasetRef } from '../../../flight/descriptor.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import { datasetId } from '../pinned-snapshot.ts'
import { type Job, Jobs } from './jobs.ts'
import { type RefreshParts, refreshRollup } from './rollup-refresh.ts'

/** Refreshes rollups: in the background where their sources have changed, and on demand one. */
export class Refresher {
  readonly #parts: RefreshParts
  readonly #everyMs: number
  /** Those of the background. */
  readonly jobs: Jobs
  /** What the source of each rollup was when it was last refreshed, by table, and when that was. */
  readonly #seen = new Map<number, { readonly source: string; readonly ms: number }>()
  readonly #end = new AbortController()
  #demanded: Promise<unknown> = Promise.resolve()

  constructor(parts: RefreshParts, everyMs: number, log: Logger) {
    this.#parts = parts
    this.#everyMs = everyMs
    const budget = { cpuPercent: LIMITS.refreshCpuPercent, bytesPerSecond: LIMITS.jobBytesPerSecond }
    const when = { ...budget, isOn: true, checkMs: everyMs }
    this.jobs = new Jobs((isResting) => this.#next(isResting), when, log)
  }

  /** Refreshes one now. @throws as refreshRollup */
  async refresh(ref: DatasetRef): Promise<void> {
    await this.alone(() => refreshRollup(this.#parts, ref, this.#end.signal))
  }

  /** Does what a refresh must not run beside: it would take the same parts away. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#demanded.then(async () => {
      const goOn = await this.jobs.hold()
      try {
        return await work()
      } finally {
        goOn()
      }
    })
    this.#demanded = run.catch(() => undefined)
    return run
  }

  /** Ends what runs; nothing of it is left. */
  async close(): Promise<void> {
    this.#end.abort()
    await this.jobs.close()
    await this.#demanded
  }

  /** The rollup that was left alone for the longest time, of those whose source is another one since. */
  #next(isResting: (ref: DatasetRef) => boolean): Job | null {
    const state = this.#parts.catalog.state()
    const nowMs = performance.now()
    const live = new Set<number>()
    let best: { job: Job; ms: number } | null = null
    for (const { ref, tableId, rollup } of state.list()) {
      if (rollup === null) continue
      live.add(tableId)
      const source = state.get(rollup.definition.source)
      const seen = this.#seen.get(tableId) ?? { source: null, ms: -Infinity }
      if (source === undefined || seen.source === datasetId(source)) continue
      if (nowMs - seen.ms < this.#everyMs || isResting(ref)) continue
      if (best === null || seen.ms < best.ms)
        best = { job: this.#job(ref, tableId, datasetId(source)), ms: seen.ms }
    }
    for (const tableId of this.#seen.keys()) if (!live.has(tableId)) this.#seen.delete(tableId)
    return best?.job ?? null
  }

  #job(ref: DatasetRef, tableId: number, source: string): Job {
    return {
      ref,
      bytes: 0,
      run: async (signal) => {
        const written = await refreshRollup(this.#parts, ref, signal)
        this.#seen.set(tableId, { source, ms: performance.now() })
        return written
      },
    }
  }
}
