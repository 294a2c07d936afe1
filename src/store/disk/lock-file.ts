import { createHash, randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { errnoOf, SternaError } from '../../errors.ts'
import { livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.ts'

const FILE_NAME = 'LOCK'

/** How often a holder touches its lock, for those who cannot see its process. */
const HEARTBEAT_MS = 2_000

/** How long an untouched lock of a process out of sight is watched before it counts as dead: five heartbeats. */
const WATCH_MS = 10_000

/** How often a start may lose to others before it gives up; each time another one has made its way. */
const ATTEMPTS_MAX = 10

interface LockContent extends ProcessIdentity {
  /** Makes the file different from every other. */
  readonly token: string
}

/** Who has the lock, and by which files. */
interface Claim {
  /** Null where the last file says nothing that can be read. */
  readonly holder: LockContent | null
  readonly text: string
  /** From `LOCK` to the holder's own file. */
  readonly paths: readonly string[]
}

/**
 * The file `LOCK` of a data directory: one server at a time, also after `kill -9` and when its pid is in use again.
 *
 * Node has no flock, so the file says who holds it: pid, start time and boot. A lock is taken over when its process
 * is dead; where that cannot be seen (another container or machine), when it has not been touched for five heartbeats.
 *
 * A dead lock is never removed to be made anew, since of several starts one could remove what another has just made.
 * Whoever takes it over makes the file that is named after it, `LOCK.<hash of its content>`, which only one can; the
 * holder is found at the end of that chain. Then it renames its file to `LOCK`, which ends the chain. All files are
 * made by hard links, whole and with their content synced.
 */
export class LockFile {
  readonly #path: string
  readonly #text: string
  readonly #heartbeat: NodeJS.Timeout

  private constructor(path: string, text: string) {
    this.#path = path
    this.#text = text
    this.#heartbeat = setInterval(() => {
      const now = new Date()
      // A missed beat is made good by the next; a directory that fails shows in the store's own writes.
      utimes(path, now, now).catch(() => undefined)
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  /**
   * Takes the lock of a directory that exists.
   *
   * @throws {@link SternaError} DATA_DIR_LOCKED where another process holds it, naming its pid.
   */
  static async acquire(directory: string, options: { readonly watchMs?: number } = {}): Promise<LockFile> {
    const own: LockContent = { ...(await ownIdentity()), token: randomUUID() }
    const text = `${JSON.stringify(own, null, 2)}\n`
    const path = join(directory, FILE_NAME)
    const draftPath = `${path}.${own.token}`
    await writeDurably(draftPath, text)
    try {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const claim = await readClaim(path)
        if (claim !== undefined) await assertDead(claim, own, options.watchMs ?? WATCH_MS)
        if (await takeOver(path, claim, draftPath, text)) return new LockFile(path, text)
      }
    } finally {
      await rm(draftPath, { force: true })
    }
    throw new SternaError(
      'DATA_DIR_LOCKED',
      'The data directory is being taken by another server that starts now',
    )
  }

  /** Gives the lock up. Idempotent. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    if ((await readText(this.#path)) === this.#text) await rm(this.#path, { force: true })
  }
}

/** Follows the chain from `LOCK` to its end; undefined where there is no lock. */
async function readClaim(path: string): Promise<Claim | undefined> {
  let claim: Claim | undefined
  for (let next = path; ; next = successorPath(path, claim.text)) {
    const text = await readText(next)
    if (text === undefined) return claim
    claim = { holder: parseContent(text), text, paths: [...(claim?.paths ?? []), next] }
  }
}

/** The file that only the one who takes over the lock with this content makes. */
function successorPath(path: string, text: string): string {
  return `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

/** @returns false where another was faster. */
async function takeOver(
  path: string,
  dead: Claim | undefined,
  draftPath: string,
  text: string,
): Promise<boolean> {
  const claimPath = dead === undefined ? path : successorPath(path, dead.text)
  if (!(await linkNew(draftPath, claimPath))) return false
  // The chain may have ended, and begun anew elsewhere, since it was read: then this file is no part of it.
  if ((await readClaim(path))?.text !== text) {
    await rm(claimPath, { force: true })
    return false
  }
  if (dead === undefined) return true
  await rename(claimPath, path)
  for (const passedPath of dead.paths.slice(1)) await rm(passedPath, { force: true })
  return true
}

/** @throws DATA_DIR_LOCKED where the holder lives. */
async function assertDead({ holder, paths }: Claim, own: LockContent, watchMs: number): Promise<void> {
  const liveness = holder === null ? 'unknown' : await livenessOf(holder, own)
  if (liveness === 'dead') return
  const path = paths.at(-1)
  if (liveness === 'unknown' && path !== undefined && !(await isTouched(path, watchMs))) return
  const who = holder === null ? 'another process' : `process ${holder.pid}`
  const where = holder === null || holder.host === own.host ? '' : ` on host ${holder.host}`
  throw new SternaError(
    'DATA_DIR_LOCKED',
    `The data directory is in use by ${who}${where}: stop that server first, or give this one another directory`,
  )
}

async function isTouched(path: string, watchMs: number): Promise<boolean> {
  const before = await modifiedMs(path)
  await delay(watchMs)
  const after = await modifiedMs(path)
  return after !== undefined && after !== before
}

/** False where `to` exists. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function readText(path: string): Promise<string | undefined> {
  return orUndefined(readFile(path, 'utf8'))
}

async function modifiedMs(path: string): Promise<number | undefined> {
  return (await orUndefined(stat(path)))?.mtimeMs
}

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseContent(text: string): LockContent | null {
  try {
    const value: unknown = JSON.parse(text)
    return isContent(value) ? value : null
  } catch {
    return null
  }
}

function isContent(value: unknown): value is LockContent {
  if (typeof value !== 'object' || value === null) return false
  const content = value as Partial<Record<keyof LockContent, unknown>>
  const texts = [content.startTicks, content.bootId, content.pidNamespace]
  return (
    typeof content.pid === 'number' &&
    Number.isSafeInteger(content.pid) &&
    content.pid > 0 &&
    typeof content.token === 'string' &&
    typeof content.host === 'string' &&
    texts.every((text) => text === null || typeof text === 'string')
  )
}
