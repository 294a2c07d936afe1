import { setImmediate as nextTurn } from 'node:timers/promises'
import { LIMITS } from '../limits.ts'

let turnBeganMs = 0
let last: Promise<void> = Promise.resolve()

/**
 * Lets all other work have its turn of the event loop, where what calls this has had {@link LIMITS.turnMs} of it. To be
 * called between steps of a ms or two; of several that wait, each goes on in a turn of its own.
 */
export async function afterOthers(): Promise<void> {
  if (performance.now() - turnBeganMs < LIMITS.turnMs) return
  last = last.then(() => nextTurn())
  await last
  turnBeganMs = performance.now()
}
