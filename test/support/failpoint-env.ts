/** Environments in which a server ends itself at a failpoint: see crash-at.ts. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { projectRoot } from './project-root.ts'

const CRASH_AT = pathToFileURL(join(projectRoot, 'dist/test/support/crash-at.js')).href

/** The server dies as it passes the failpoint for the so manieth time, its start included. */
export function crashAt(name: Failpoint, passes: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=${CRASH_AT}`, CRASH_AT: `${name}:${passes}` }
}

/** As {@link crashAt}, but counted from a SIGUSR2 on. */
export function crashOnSignal(name: Failpoint, passes: number): Record<string, string> {
  return { ...crashAt(name, passes), CRASH_ON_SIGNAL: '1' }
}
