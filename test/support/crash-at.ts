/**
 * Ends the process as a power cut would, in the middle of a change. Loaded before the server, by
 * `NODE_OPTIONS=--import=…/crash-at.js`, with `CRASH_AT=NAME:N`: the N-th time that the failpoint is passed.
 */
import { onFailpoint } from '../../src/store/failpoints.ts'

const [name, count] = (process.env['CRASH_AT'] ?? ':').split(':')
let left = Number(count)

onFailpoint((reached) => {
  if (reached !== name) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
