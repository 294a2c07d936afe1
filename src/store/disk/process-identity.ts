import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { errnoOf } from '../../errors.ts'

/** What tells a process from every other, as far as the system says. */
export interface ProcessIdentity {
  readonly pid: number
  /** In clock ticks since boot: a process that got the pid of a dead one started later. Null off Linux. */
  readonly startTicks: string | null
  /** Changes with each boot of the machine. Null off Linux. */
  readonly bootId: string | null
  /** The set of pids that `pid` belongs to: containers each count from 1. Null off Linux. */
  readonly pidNamespace: string | null
  readonly host: string
}

/** Whether a process lives; `unknown` where it is out of this one's sight, in another container or machine. */
export type Liveness = 'alive' | 'dead' | 'unknown'

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [startTicks, bootId, pidNamespace] = await Promise.all([
    startTicksOf(process.pid),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim(), nothing),
    readlink('/proc/self/ns/pid').catch(nothing),
  ])
  return { pid: process.pid, startTicks, bootId, pidNamespace, host: hostname() }
}

/**
 * Whether the process that `other` names still runs. A pid in use again is recognised by its start time. Another
 * boot may be this machine before its reboot or another machine of the same name, so it proves nothing.
 */
export async function livenessOf(other: ProcessIdentity, own: ProcessIdentity): Promise<Liveness> {
  if (other.bootId !== own.bootId || other.pidNamespace !== own.pidNamespace) return 'unknown'
  if (own.bootId === null && other.host !== own.host) return 'unknown'
  if (!isPidInUse(other.pid)) return 'dead'
  if (other.startTicks === null) return 'unknown'
  return (await startTicksOf(other.pid)) === other.startTicks ? 'alive' : 'dead'
}

function isPidInUse(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, but another user's.
    return errnoOf(error) === 'EPERM'
  }
}

/** Field 22 of `/proc/<pid>/stat`. The name in field 2 may hold spaces and brackets, so count after the last one. */
async function startTicksOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(nothing)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function nothing(): null {
  return null
}
