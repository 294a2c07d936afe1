import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Logger } from '../../telemetry/log.ts'
import { type RefreshParts, refreshRollup } from './rollup-refresh.ts'

/** Of the time that refreshes take, how much passes at least until the next: they get a tenth of it. */
const REST = 9

/** Refreshes rollups in the background, one after the other. */
export class RollupJob {
  readonly #parts: RefreshParts
  readonly #everyMs: number
  readonly #log: Logger
  readonly #end = new AbortController()
  /** The version of the source that each rollup was last refreshed over, by table. */
  readonly #seen = new Map<number, string>()
  #running: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(parts: RefreshParts, everyMs: number, log: Logger) {
    this.#parts = parts
    this.#everyMs = everyMs
    this.#log = log
    this.#schedule(everyMs)
  }

  /** Refreshes one now. @throws as refreshRollup */
  async refresh(ref: DatasetRef): Promise<void> {
    await this.alone(() => refreshRollup(this.#parts, ref, this.#end.signal))
  }

  /** Does what a refresh must not run beside: it would take the same parts away. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#running.then(work)
    this.#running = run.catch(() => undefined)
    return run
  }

  /** Ends what runs; nothing of it is left. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#end.abort()
    await this.#running
  }

  #schedule(afterMs: number): void {
    if (this.#end.signal.aborted) return
    this.#timer = setTimeout(() => void this.#tick(), afterMs).unref()
  }

  async #tick(): Promise<void> {
    const startMs = performance.now()
    for (const { ref, tableId, at } of this.#due()) {
      try {
        await this.refresh(ref)
        this.#seen.set(tableId, at)
      } catch (error) {
        if (this.#end.signal.aborted) return
        // Nothing is lost: readers compute what the parts do not have, and the next round tries again.
        this.#log.warn({ err: error, key: ref.key }, 'rollup.refresh_failed')
      }
    }
    this.#schedule(Math.max(this.#everyMs, REST * (performance.now() - startMs)))
  }

  #due(): { readonly ref: DatasetRef; readonly tableId: number; readonly at: string }[] {
    const state = this.#parts.catalog.state()
    const rollups = state.list().flatMap(({ ref, tableId, rollup }) => {
      const source = rollup && state.get(rollup.definition.source)
      return source ? [{ ref, tableId, at: `${source.tableId}@${source.version}` }] : []
    })
    const live = new Set(rollups.map(({ tableId }) => tableId))
    for (const tableId of this.#seen.keys()) if (!live.has(tableId)) this.#seen.delete(tableId)
    return rollups.filter(({ tableId, at }) => this.#seen.get(tableId) !== at)
  }
}
