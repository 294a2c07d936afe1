import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** How late timers were since the last look: while one thing runs, every other call waits as long. */
export interface EventLoopDelay {
  readonly p50_ms: number
  readonly p99_ms: number
  readonly max_ms: number
}

/** A sample costs some 2 µs; with this many ms between them, a thousandth of one core goes to them. */
const RESOLUTION_MS = 5

/** Watches the event loop of this process from its making on. */
export class EventLoopMonitor {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#histogram.enable()
  }

  /** The delays since the last call of this, whoever made it. */
  take(): EventLoopDelay {
    const histogram = this.#histogram
    const delay = {
      p50_ms: beyondInterval(histogram.percentile(50)),
      p99_ms: beyondInterval(histogram.percentile(99)),
      max_ms: beyondInterval(histogram.max),
    }
    histogram.reset()
    return delay
  }

  close(): void {
    this.#histogram.disable()
  }
}

/** The histogram holds the time from one sample to the next, which is the interval where nothing was late. */
function beyondInterval(ns: number): number {
  return Math.max(0, Math.round((ns / 1e6 - RESOLUTION_MS) * 100) / 100)
}
