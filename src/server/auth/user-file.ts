import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { NodeDisk } from '../../store/disk/node-disk.ts'
import { hashPassword, isPasswordHash, PASSWORD_BYTES_MAX } from './password.ts'

const OWNER_ONLY = 0o600
/** No colon, which ends the name in the file and in Basic credentials. */
const NAME = /^[^\s:\p{Cc}][^:\p{Cc}]{0,99}$/u

/**
 * The users of a server and the hashes of their passwords: one `name:hash` a line, as in
 * {@link hashPassword}'s form. Lines that begin with `#` and empty ones say nothing.
 *
 * The file is looked at again when it has changed, so that users come and go while the server runs.
 */
export class UserFile {
  readonly #path: string
  #state = ''
  #checkedMs = 0
  #hashes: ReadonlyMap<string, string> = new Map()

  private constructor(path: string) {
    this.#path = path
  }

  /** @returns null where there is no such file. @throws SternaError CONFIG_INVALID naming the line that is wrong */
  static async open(path: string): Promise<UserFile | null> {
    const file = new UserFile(path)
    return (await file.#refresh()) ? file : null
  }

  /** The names in a file, in its order. @throws SternaError CONFIG_INVALID */
  static async names(path: string): Promise<string[]> {
    return [...(await hashesIn(path)).keys()]
  }

  /** The hash of a user's password as the file has it now; undefined for an unknown user. */
  async hashOf(name: string): Promise<string | undefined> {
    const nowMs = Date.now()
    if (nowMs - this.#checkedMs >= LIMITS.usersFileCheckMs) {
      this.#checkedMs = nowMs
      // A file that has gone away lets nobody in: it never opens the server.
      if (!(await this.#refresh())) this.#hashes = new Map()
    }
    return this.#hashes.get(name)
  }

  /** Adds a user, or gives one a new password; makes the file where there is none. @throws SternaError CONFIG_INVALID */
  static async setPassword(path: string, name: string, password: string): Promise<void> {
    if (!NAME.test(name)) {
      throw new SternaError(
        'CONFIG_INVALID',
        `"${name}" is no name for a user: 1 to 100 characters, no colon and no control character`,
      )
    }
    const bytes = Buffer.byteLength(password)
    if (bytes === 0 || bytes > PASSWORD_BYTES_MAX) {
      throw new SternaError(
        'CONFIG_INVALID',
        `A password has 1 to ${PASSWORD_BYTES_MAX} bytes, this one has ${bytes}`,
      )
    }
    const hashes = await hashesIn(path)
    if (!hashes.has(name) && hashes.size >= LIMITS.usersMax) {
      throw new SternaError('CONFIG_INVALID', `The file has ${hashes.size} users, ${LIMITS.usersMax} at most`)
    }
    hashes.set(name, await hashPassword(password))
    await new NodeDisk().mkdir(dirname(path))
    await save(path, hashes)
  }

  /** @returns whether there was such a user */
  static async remove(path: string, name: string): Promise<boolean> {
    const hashes = await hashesIn(path)
    if (!hashes.delete(name)) return false
    await save(path, hashes)
    return true
  }

  async #refresh(): Promise<boolean> {
    const state = await stateOf(this.#path)
    if (state === undefined) return false
    if (state !== this.#state) this.#hashes = await hashesIn(this.#path)
    this.#state = state
    return true
  }
}

/** Changes with every write to a file; undefined where there is none. */
async function stateOf(path: string): Promise<string | undefined> {
  const found = await orMissing(path, stat(path))
  return found && `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
}

/** The users in a file; none where there is no file. @throws SternaError CONFIG_INVALID */
async function hashesIn(path: string): Promise<Map<string, string>> {
  return parse((await orMissing(path, readFile(path, 'utf8'))) ?? '', path)
}

async function orMissing<T>(path: string, reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error'
    // A data directory that is a file is what the store will complain of.
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
    throw new SternaError('CONFIG_INVALID', `The users' file ${path} cannot be read (${errno})`, {
      cause: error,
    })
  }
}

function parse(text: string, path: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const [name = '', hash = ''] = line.split(':')
    if (!NAME.test(name) || !isPasswordHash(hash)) {
      throw new SternaError('CONFIG_INVALID', `Line ${index + 1} of ${path} is not of the form name:hash`)
    }
    hashes.set(name, hash)
  }
  return hashes
}

/** Whole or not at all: a server may read it at any moment. */
async function save(path: string, hashes: ReadonlyMap<string, string>): Promise<void> {
  const temporary = `${path}.${process.pid}`
  const lines = Array.from(hashes, ([name, hash]) => `${name}:${hash}\n`)
  await writeFile(temporary, lines.join(''), { mode: OWNER_ONLY, flush: true })
  await chmod(temporary, OWNER_ONLY)
  await rename(temporary, path)
}
