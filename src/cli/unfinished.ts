import { rmSync } from 'node:fs'

/** Files and directories that must not outlive this process. */
const unfinished = new Set<string>()

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Takes care that a file or directory goes when the user ends the command in the middle.
 *
 * @returns what to call when it is finished, or gone
 */
export function removeOnSignal(path: string): () => void {
  if (unfinished.size === 0) for (const signal of SIGNALS) process.once(signal, endBySignal)
  unfinished.add(path)
  return () => {
    unfinished.delete(path)
    if (unfinished.size === 0) for (const signal of SIGNALS) process.off(signal, endBySignal)
  }
}

/**
 * Ends as a program does that has no say in it. `process.exit` would wait for DuckDB's threads, which may wait for
 * this one.
 */
function endBySignal(signal: (typeof SIGNALS)[number]): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true })
  process.kill(process.pid, signal)
}
