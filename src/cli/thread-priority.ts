import { readdirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/**
 * How much less the threads that compute weigh than the event loop, as `nice` counts it: a third of its weight where both
 * want a core. With 10, a tenth, queries starved beside other programs of the machine.
 */
const NICENESS = 5
/** Each thread is listed here, by an id that the system takes for that of a process (Linux). */
const THREADS_DIRECTORY = '/proc/self/task'

/**
 * Lets the event loop go before all threads that there are now, and those that they start: SQL has as many as cores, and
 * a small call would wait behind them. Elsewhere than on Linux nothing happens.
 */
export function putEventLoopFirst(): void {
  if (process.platform !== 'linux') return
  const niceness = Math.min(getPriority() + NICENESS, constants.priority.PRIORITY_LOW)
  for (const id of readdirSync(THREADS_DIRECTORY).map(Number)) {
    if (id === process.pid) continue
    try {
      setPriority(id, niceness)
    } catch {
      // The thread has ended, or the system lets nobody set it: both do as well as before.
    }
  }
}
