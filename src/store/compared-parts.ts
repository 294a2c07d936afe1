import { basename } from 'node:path'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'
import { shownName } from './catalog/names.ts'
import type { Disk, DiskFile } from './disk/disk.ts'
import { checksumOf } from './foreign-files.ts'
import { checkSeal, PartDamage } from './parquet/part-seal.ts'
import type { ComparisonOptions, PartComparer, PinnedPart } from './parts.ts'

type NamedPart = Omit<PinnedPart, 'rows'>

export interface ComparedPartsOptions {
  readonly disk: Pick<Disk, 'open' | 'stat'>
  /** Absolute. Parts that lie elsewhere are in `tmp/`, and were written by this process. */
  readonly coldDirectory: string
  /** CRC32 of a part that was adopted; undefined of one that nobody has a checksum of. */
  readonly adoptedSum: (part: NamedPart) => Promise<number | undefined>
  readonly log: Logger
}

/**
 * Which parts have been compared with their checksums. Once in the life of the process is enough, since they never
 * change; those that it has written itself it knows.
 *
 * Measured: 1 GB takes half a second of the main thread, in steps of half a millisecond with reads in between. Parts of
 * 10 MB, the usual size, are compared before the query is done; a worker would have to be started first.
 */
export class ComparedParts implements PartComparer {
  readonly #options: ComparedPartsOptions
  /** Absolute paths of what is as it was written, as far as anybody can tell. */
  readonly #sound = new Set<string>()
  /** What is wrong with those that are not. */
  readonly #damaged = new Map<string, string>()
  /** Under way or waiting for their turn, one for all who ask; with the bytes that were read. */
  readonly #running = new Map<string, Promise<number>>()
  /** No statement waits for them; as many as the lake has at most. */
  readonly #rest = new Map<string, NamedPart>()
  readonly #turns: (() => void)[] = []
  readonly #stop = new AbortController()
  #free: number = LIMITS.comparisonsMax
  #isBusyWithRest = false

  constructor(options: ComparedPartsOptions) {
    this.#options = options
  }

  /** Parts that are known to be damaged, and that the lake still has. */
  get damaged(): number {
    return this.#damaged.size
  }

  /** This process has written it, or has read all of it. @param path - absolute, as all here */
  trust(path: string): void {
    this.#sound.add(path)
  }

  /** Another name of a part. */
  trustAs(path: string, other: string): void {
    if (this.#sound.has(path)) this.#sound.add(other)
  }

  /** Its file goes. */
  forget(path: string): void {
    this.#sound.delete(path)
    this.#damaged.delete(path)
    this.#rest.delete(path)
  }

  compare(parts: readonly PinnedPart[], options: ComparisonOptions): Promise<boolean> | null {
    if (this.#damaged.size > 0) {
      for (const { path, rows } of parts) if (rows > 0) this.#assertSound(path)
    }
    const unknown = parts.filter((part) => this.#isUnknown(part))
    if (unknown.length === 0) return null
    const compared = this.#compareAll(unknown, options)
    // Its statement may have ended before it asks.
    compared.catch(() => undefined)
    return compared
  }

  /**
   * Compares a part with its checksums, whatever is known of it: what is written of its rows will have new ones.
   *
   * @returns how many bytes it has
   * @throws DATA_CORRUPT naming it; CANCELLED, DISK_FAILED
   */
  async verify(part: NamedPart, signal: AbortSignal): Promise<number> {
    const { path } = part
    const { disk } = this.#options
    // Not remembered: it may come back, and finding that out costs nothing.
    if ((await disk.stat(path)) === undefined)
      throw new SternaError('DATA_CORRUPT', `${nameOf(part)} is missing`)
    const file = await disk.open(path, 'read')
    try {
      await this.verifyOpen(part, file, signal)
      return await file.size()
    } catch (error) {
      throw error instanceof PartDamage
        ? new SternaError('DATA_CORRUPT', messageOf(part, error))
        : SternaError.from(error)
    } finally {
      await file.close()
    }
  }

  /**
   * As {@link verify}, for a file that is open.
   *
   * @returns whether there was anything to compare it with
   * @throws PartDamage
   */
  async verifyOpen(part: NamedPart, file: DiskFile, signal: AbortSignal): Promise<boolean> {
    try {
      const isSealed = (await checkSeal(file, signal)) !== null
      const sum = isSealed ? undefined : await this.#options.adoptedSum(part)
      if (sum !== undefined && (await checksumOf(file, await file.size(), signal)) !== sum) {
        throw new PartDamage('it is not the file that was adopted')
      }
      this.#sound.add(part.path)
      this.#damaged.delete(part.path)
      return isSealed || sum !== undefined
    } catch (error) {
      if (error instanceof PartDamage) this.#remember(part, messageOf(part, error))
      throw error
    }
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    this.#rest.clear()
    this.#stop.abort(new SternaError('CANCELLED', 'The store was closed'))
    await Promise.allSettled(this.#running.values())
  }

  #isUnknown({ path, rows }: PinnedPart): boolean {
    // Rows are all that counts of a part: one without any says only where others come from.
    return rows > 0 && !this.#sound.has(path) && path.startsWith(this.#options.coldDirectory)
  }

  #assertSound(path: string): void {
    const damage = this.#damaged.get(path)
    if (damage !== undefined) throw new SternaError('DATA_CORRUPT', damage)
  }

  async #compareAll(parts: readonly PinnedPart[], { signal, isAll }: ComparisonOptions): Promise<boolean> {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(SternaError.from(signal.reason))
      })
    })
    aborted.catch(() => undefined)
    let bytes = 0
    for (const [index, part] of parts.entries()) {
      if (bytes >= LIMITS.comparedBytesMax && !isAll) {
        this.#compareLater(parts.slice(index))
        return false
      }
      bytes += await Promise.race([this.#comparison(part), aborted])
    }
    return true
  }

  /** Goes on to its end when nobody waits any more: the next statement needs it as well. */
  async #comparison(part: NamedPart): Promise<number> {
    this.#assertSound(part.path)
    if (this.#sound.has(part.path)) return 0
    const known = this.#running.get(part.path)
    if (known !== undefined) return known
    const running = this.#inTurn(part).finally(() => this.#running.delete(part.path))
    running.catch(() => undefined)
    this.#running.set(part.path, running)
    return running
  }

  async #inTurn(part: NamedPart): Promise<number> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#turns.push(resolve))
    try {
      return await this.verify(part, this.#stop.signal)
    } finally {
      const next = this.#turns.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #compareLater(parts: readonly NamedPart[]): void {
    for (const part of parts) this.#rest.set(part.path, part)
    if (!this.#isBusyWithRest) void this.#compareRest()
  }

  async #compareRest(): Promise<void> {
    this.#isBusyWithRest = true
    // A Map goes on with what is added meanwhile.
    for (const [path, part] of this.#rest) {
      // Damage is remembered; a file may be gone, since nobody pins it; and a disk that fails tells the next statement.
      await this.#comparison(part).catch(() => undefined)
      this.#rest.delete(path)
    }
    this.#isBusyWithRest = false
  }

  #remember({ path, of }: NamedPart, message: string): void {
    this.#sound.delete(path)
    if (this.#damaged.has(path)) return
    this.#damaged.set(path, message)
    this.#options.log.error(
      { part: basename(path), dataset: shownName(of), reason: message },
      'store.part_damaged',
    )
  }
}

function nameOf({ path, of }: NamedPart): string {
  return `Part ${basename(path)} of "${shownName(of)}"`
}

function messageOf(part: NamedPart, { message }: PartDamage): string {
  return `${nameOf(part)} is damaged: ${message}`
}
