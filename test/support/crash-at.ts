/**
 * Ends the process as a power cut would, in the middle of a change. Loaded before the server, as failpoint-env.ts says,
 * with `CRASH_AT=NAME:N`: the N-th time that the failpoint is passed; with `CRASH_ON_SIGNAL=1` that is counted from a
 * SIGUSR2 on.
 */
import { onFailpoint } from '../../src/store/failpoints.ts'

const [name, count] = (process.env['CRASH_AT'] ?? ':').split(':')
let left = Number(count)
let isArmed = process.env['CRASH_ON_SIGNAL'] !== '1'

process.on('SIGUSR2', () => {
  isArmed = true
})

onFailpoint((reached) => {
  if (!isArmed || reached !== name) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
