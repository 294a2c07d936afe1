import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'

/** The reads of statements by the id in their ticket, so that another call can cancel them. */
export class Executions {
  readonly #running = new Map<string, Set<AbortController>>()
  /** The latest, so that a ticket that was cancelled before it was used stays so. */
  readonly #cancelled = new Set<string>()

  /**
   * A statement's stream begins.
   *
   * @param timeoutMs - after which it ends with DEADLINE_EXCEEDED; none when absent
   * @throws SternaError CANCELLED where it was cancelled before
   */
  begin(id: string, call: AbortSignal, timeoutMs?: number): { signal: AbortSignal; end: () => void } {
    if (this.#cancelled.has(id)) throw cancelled()
    const controller = new AbortController()
    const running = this.#running.get(id) ?? new Set()
    this.#running.set(id, running.add(controller))
    const onAbort = (): void => controller.abort(call.reason)
    call.addEventListener('abort', onAbort, { once: true })
    if (call.aborted) onAbort()
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => controller.abort(late(timeoutMs)), timeoutMs)
    return {
      signal: controller.signal,
      end: () => {
        clearTimeout(timer)
        call.removeEventListener('abort', onAbort)
        running.delete(controller)
        if (running.size === 0) this.#running.delete(id)
      },
    }
  }

  /** Ends what runs under an id, and what comes. */
  cancel(id: string): void {
    this.#cancelled.add(id)
    for (const oldest of this.#cancelled) {
      if (this.#cancelled.size <= LIMITS.cancelledStatementsMax) break
      this.#cancelled.delete(oldest)
    }
    for (const controller of this.#running.get(id) ?? []) controller.abort(cancelled())
  }
}

function cancelled(): SternaError {
  return new SternaError('CANCELLED', 'The statement was cancelled')
}

function late(timeoutMs: number): SternaError {
  return new SternaError(
    'DEADLINE_EXCEEDED',
    `The statement ran longer than the session's query_timeout, ${timeoutMs} ms`,
  )
}
