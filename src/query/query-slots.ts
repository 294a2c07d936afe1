import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { assertNotAborted } from './result-stream.ts'

/** Queries that wait for one of the running to end: a burst, not a backlog. */
const WAITING_MAX = 4 * LIMITS.queriesMax

interface Waiter {
  readonly proceed: () => void
  readonly refuse: (error: SternaError) => void
}

/** Leave to run one query. */
export interface Slot {
  /** Lets another query run until {@link Slot.resume}. @returns false where too many are parked already */
  park(): boolean
  /**
   * Takes its turn again; those that wait for it do not count among those that may wait.
   *
   * @throws {@link SternaError} CANCELLED by the signal, SERVER_STOPPING
   */
  resume(signal: AbortSignal | undefined): Promise<void>
  /** Gives it back, also when parked; only its first call counts. */
  release(): void
}

/** Bounds how many queries run at once; the others wait their turn. */
export class QuerySlots {
  readonly #slotsMax: number
  readonly #waiters = new Set<Waiter>()
  #running = 0
  #parked = 0
  #isClosed = false

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiters.size
  }

  /** Queries whose readers have stopped, and that nothing of runs. */
  get parked(): number {
    return this.#parked
  }

  /**
   * Takes a slot, in the order of the calls.
   *
   * @throws {@link SternaError} SERVER_BUSY when too many wait already, CANCELLED by the signal, SERVER_STOPPING
   */
  async acquire(signal: AbortSignal | undefined): Promise<Slot> {
    if (this.#running >= this.#slotsMax && this.#waiters.size >= WAITING_MAX) {
      throw new SternaError(
        'SERVER_BUSY',
        `${this.#running} queries run and ${this.#waiters.size} wait already, the most that may: try again later`,
      )
    }
    await this.#enter(signal)
    let state: 'running' | 'parked' | 'free' = 'running'
    return {
      park: () => {
        if (state !== 'running' || this.#parked >= LIMITS.parkedQueriesMax) return false
        state = 'parked'
        this.#parked++
        this.#leave()
        return true
      },
      resume: async (newSignal) => {
        await this.#enter(newSignal)
        if (state === 'parked') {
          this.#parked--
          state = 'running'
        } else {
          this.#leave()
        }
      },
      release: () => {
        if (state === 'running') this.#leave()
        if (state === 'parked') this.#parked--
        state = 'free'
      },
    }
  }

  /** Refuses those that wait and all that come. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiters) waiter.refuse(stopping())
    this.#waiters.clear()
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    assertNotAborted(signal)
    if (this.#isClosed) throw stopping()
    if (this.#running < this.#slotsMax) this.#running++
    else await this.#wait(signal)
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter)
        reject(new SternaError('CANCELLED', 'The query was cancelled while it waited'))
      }
      const waiter: Waiter = {
        proceed: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The slot goes to who waits longest. */
  #leave(): void {
    const [next] = this.#waiters
    if (next === undefined) {
      this.#running--
      return
    }
    this.#waiters.delete(next)
    next.proceed()
  }
}

function stopping(): SternaError {
  return new SternaError('SERVER_STOPPING', 'The server is stopping')
}
