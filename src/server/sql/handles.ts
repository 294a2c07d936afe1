import { randomBytes } from 'node:crypto'
import { SternaError } from '../../errors.ts'

const HANDLE_BYTES = 16

export interface HandlesOptions<T> {
  /** What a handle stands for, for messages: "prepared statement". */
  readonly what: string
  /** What a client does where a handle is gone, for messages. */
  readonly advice: string
  /** As many at once. */
  readonly countMax: number
  /** Where there are as many: the least recently used ends instead of the new one being refused. */
  readonly endsOldest?: boolean
  /** Ended after this long without use. */
  readonly idleMs: number
  /** Frees what it held: closed by its client, with its session, or idle for too long. */
  readonly onEnd?: (value: T) => void
}

interface Entry<T> {
  readonly value: T
  readonly owner: string
  usedMs: number
}

/**
 * Things that clients hold on the server by handles that cannot be guessed. They end by a call of their client, with
 * its session, or idle: a client that has vanished leaves nothing for long.
 */
export class Handles<T> {
  readonly #options: HandlesOptions<T>
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry<T>>()
  readonly #sweeper: NodeJS.Timeout

  constructor(options: HandlesOptions<T>) {
    this.#options = options
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(options.idleMs / 4, 1)).unref()
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * @param owner - the session or connection it ends with
   * @throws SternaError SERVER_BUSY where there are as many as may be
   */
  add(value: T, owner: string): Buffer {
    if (this.#options.endsOldest) this.#makeRoom()
    this.assertRoom()
    const handle = randomBytes(HANDLE_BYTES)
    this.#entries.set(handle.toString('hex'), { value, owner, usedMs: Date.now() })
    return handle
  }

  /** Before something is begun that {@link Handles.add} might refuse. @throws SternaError SERVER_BUSY */
  assertRoom(): void {
    const { what, countMax } = this.#options
    if (this.#entries.size >= countMax) this.#sweep()
    if (this.#entries.size < countMax) return
    throw new SternaError(
      'SERVER_BUSY',
      `The server holds ${this.#entries.size} ${what}s; the limit is ${countMax}. Close those that are done`,
    )
  }

  /** @throws SternaError HANDLE_NOT_FOUND */
  get(handle: Uint8Array): T {
    const value = this.find(handle)
    if (value !== undefined) return value
    const { what, advice } = this.#options
    throw new SternaError(
      'HANDLE_NOT_FOUND',
      `There is no such ${what}: it was closed, was idle for too long, or the server was restarted. ${advice}`,
    )
  }

  /** Counts as a use. */
  find(handle: Uint8Array): T | undefined {
    const key = Buffer.from(handle).toString('hex')
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (this.#isIdle(entry)) {
      this.#end(key, entry)
      return undefined
    }
    entry.usedMs = Date.now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** Ends a handle without freeing what it held, which is the caller's from here on. @throws SternaError HANDLE_NOT_FOUND */
  take(handle: Uint8Array): T {
    const value = this.get(handle)
    this.#entries.delete(Buffer.from(handle).toString('hex'))
    return value
  }

  /** @throws SternaError HANDLE_NOT_FOUND */
  end(handle: Uint8Array): void {
    this.get(handle)
    const key = Buffer.from(handle).toString('hex')
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#end(key, entry)
  }

  /** Those of one session or connection. */
  owned(owner: string): T[] {
    return [...this.#entries.values()].filter((entry) => entry.owner === owner).map(({ value }) => value)
  }

  /** @param isMeant - of those of the owner; all by default */
  endOwned(owner: string, isMeant: (value: T) => boolean = () => true): void {
    for (const [key, entry] of this.#entries) {
      if (entry.owner === owner && isMeant(entry.value)) this.#end(key, entry)
    }
  }

  /** Ends all. */
  close(): void {
    clearInterval(this.#sweeper)
    for (const [key, entry] of this.#entries) this.#end(key, entry)
  }

  #sweep(): void {
    for (const [key, entry] of this.#entries) {
      if (!this.#isIdle(entry)) return
      this.#end(key, entry)
    }
  }

  #makeRoom(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size < this.#options.countMax) return
      this.#end(key, entry)
    }
  }

  #isIdle({ usedMs }: Entry<T>): boolean {
    return Date.now() - usedMs > this.#options.idleMs
  }

  #end(key: string, { value }: Entry<T>): void {
    this.#entries.delete(key)
    this.#options.onEnd?.(value)
  }
}
