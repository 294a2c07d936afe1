import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import { datasetName, shownName } from '../catalog/names.ts'

/** What there is to do next. */
export interface Job {
  /** What it changes: after a failure the others have their turn first. */
  readonly ref: DatasetRef
  /** Of the files that it reads. */
  readonly bytes: number
  /** @returns bytes of the files that it has written */
  run(signal: AbortSignal): Promise<number>
}

/** What there is to do now, but for datasets that rest after a failure; null where that is nothing. */
export type NextJob = (isResting: (ref: DatasetRef) => boolean) => Job | null

/** How much of the machine jobs may take. */
export interface JobBudget {
  /** Percent of the time in which a job may run; the thread that it has is idle for the rest. */
  readonly cpuPercent: number
  /** Bytes read and written in a second, on average. */
  readonly bytesPerSecond: number
}

/** When jobs run. */
export interface JobOptions extends JobBudget {
  /** False where none runs by itself. */
  readonly isOn: boolean
  /** How often somebody looks for one, in ms. */
  readonly checkMs: number
}

/** What the action `stats` says of jobs. */
export interface JobStats {
  readonly state: 'off' | 'paused' | 'waiting' | 'running'
  /** Of the job that runs. */
  readonly key: string | null
  readonly running_bytes: number
  readonly done: number
  readonly failed: number
  readonly bytes_read: number
  readonly bytes_written: number
  /** Of the last that failed. */
  readonly last_error: string | null
}

/**
 * Runs one job after the other in the background, and waits after each so long that all of them together stay within
 * the budget. A job that is stopped leaves nothing; what it was to do is there to be done the next time.
 */
export class Jobs {
  readonly #next: NextJob
  readonly #options: JobOptions
  readonly #log: Logger
  #timer: NodeJS.Timeout | undefined
  #running: { readonly job: Job; readonly abort: AbortController; readonly ended: Promise<void> } | null =
    null
  #isPaused = false
  /** Others that want no job to run. */
  #holds = 0
  /** Until when what failed is left alone, by key. */
  readonly #resting = new Map<string, number>()
  #isClosed = false
  readonly #totals = { done: 0, failed: 0, bytesRead: 0, bytesWritten: 0 }
  #lastError: string | null = null

  /** @param next - the job that is most worth its work now; asked again after each, and now and then without one */
  constructor(next: NextJob, options: JobOptions, log: Logger) {
    this.#next = next
    this.#options = options
    this.#log = log
    this.#schedule(options.checkMs)
  }

  stats(): JobStats {
    const { done, failed, bytesRead, bytesWritten } = this.#totals
    const isRunning = this.#running !== null
    return {
      state: isRunning ? 'running' : !this.#options.isOn ? 'off' : this.#isPaused ? 'paused' : 'waiting',
      key: this.#running ? shownName(this.#running.job.ref) : null,
      running_bytes: this.#running?.job.bytes ?? 0,
      done,
      failed,
      bytes_read: bytesRead,
      bytes_written: bytesWritten,
      last_error: this.#lastError,
    }
  }

  /** Stops the job that runs, and lets none begin until {@link resume}. */
  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#stop()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#schedule(0)
  }

  /** As {@link pause} and {@link resume}, for as long as something else needs the parts. @returns the end of it */
  async hold(): Promise<() => void> {
    this.#holds += 1
    await this.#stop()
    return () => {
      this.#holds -= 1
      this.#schedule(0)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#stop()
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#running?.abort.abort()
    await this.#running?.ended
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    const mayRun = this.#options.isOn && !this.#isClosed && !this.#isPaused && this.#holds === 0
    if (!mayRun || this.#running !== null) return
    this.#timer = setTimeout(() => {
      this.#begin()
    }, delayMs).unref()
  }

  #begin(): void {
    let job: Job | null
    try {
      job = this.#next((ref) => (this.#resting.get(datasetName(ref)) ?? 0) > Date.now())
    } catch (error) {
      this.#fail(null, error)
      job = null
    }
    if (job === null) {
      this.#schedule(this.#options.checkMs)
      return
    }
    const abort = new AbortController()
    this.#running = { job, abort, ended: Promise.resolve() }
    this.#running = { job, abort, ended: this.#run(job, abort.signal) }
  }

  /** Never rejects. */
  async #run(job: Job, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now()
    let bytes = job.bytes
    let isDone = false
    try {
      const written = await job.run(signal)
      bytes += written
      isDone = true
      this.#totals.done += 1
      this.#totals.bytesRead += job.bytes
      this.#totals.bytesWritten += written
    } catch (error) {
      if (!signal.aborted) this.#fail(job, error)
    }
    this.#running = null
    this.#schedule(isDone ? this.#restMs(performance.now() - startedMs, bytes) : this.#options.checkMs)
  }

  #restMs(busyMs: number, bytes: number): number {
    const { cpuPercent, bytesPerSecond } = this.#options
    return Math.max(busyMs * (100 / cpuPercent - 1), (bytes / bytesPerSecond) * 1000 - busyMs, 0)
  }

  #fail(job: Job | null, error: unknown): void {
    const now = Date.now()
    for (const [key, untilMs] of this.#resting) if (untilMs <= now) this.#resting.delete(key)
    if (job !== null) this.#resting.set(datasetName(job.ref), now + LIMITS.jobRetryMs)
    this.#totals.failed += 1
    this.#lastError = SternaError.from(error).code
    this.#log.warn({ err: error, key: job && shownName(job.ref) }, 'jobs.failed')
  }
}
