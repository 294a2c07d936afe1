import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { assertNotAborted } from './result-stream.ts'

/** Queries that wait for one of the running to end: a burst, not a backlog. */
const WAITING_MAX = 4 * LIMITS.queriesMax

interface Waiter {
  readonly proceed: () => void
  readonly refuse: (error: SternaError) => void
}

/** Bounds how many queries run at once; the others wait their turn. */
export class QuerySlots {
  readonly #slotsMax: number
  readonly #waiters = new Set<Waiter>()
  #running = 0
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

  /**
   * Takes a slot, in the order of the calls.
   *
   * @returns gives the slot back; only its first call counts
   * @throws {@link SternaError} SERVER_BUSY when too many wait already, CANCELLED by the signal, SERVER_STOPPING
   */
  async acquire(signal: AbortSignal | undefined): Promise<() => void> {
    assertNotAborted(signal)
    if (this.#isClosed) throw stopping()
    if (this.#running < this.#slotsMax) this.#running++
    else await this.#wait(signal)
    let isHeld = true
    return () => {
      if (isHeld) this.#release()
      isHeld = false
    }
  }

  /** Refuses those that wait and all that come. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiters) waiter.refuse(stopping())
    this.#waiters.clear()
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiters.size >= WAITING_MAX) {
      throw new SternaError(
        'SERVER_BUSY',
        `${this.#running} queries run and ${this.#waiters.size} wait already, the most that may: try again later`,
      )
    }
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
  #release(): void {
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
