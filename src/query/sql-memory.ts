import { randomUUID } from 'node:crypto'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Duck } from './duck.ts'

export interface SqlMemoryParts {
  /** What runs the statements of everybody else. */
  readonly shared: Duck
  /** Of all statements together. */
  readonly bytesMax: number
  /** @param memoryName - for the error of a statement that needs more */
  readonly open: (bytes: number, memoryName: string) => Promise<Duck>
}

/** Memory that is for the statements of one session alone, until that is over. */
export interface MemoryShare {
  /** For tickets; cannot be guessed. */
  readonly id: string
  readonly duck: Duck
}

interface OpenShare extends MemoryShare {
  bytes: number
}

/**
 * The memory that SQL may use, and what sessions have taken of it for themselves.
 *
 * DuckDB bounds the memory of an instance, not of a statement: a session with a bound has an instance of its own. What
 * it may use, the instance of everybody else may no longer.
 */
export class SqlMemory {
  readonly #parts: SqlMemoryParts
  readonly #shares = new Map<string, OpenShare>()
  /** Of all shares, those that are being made or ended among them. */
  #takenBytes = 0
  readonly #ends = new Set<Promise<void>>()
  /** Changes come one after the other: each is several steps. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: SqlMemoryParts) {
    this.#parts = parts
  }

  get shareCount(): number {
    return this.#shares.size
  }

  /** @throws SternaError HANDLE_NOT_FOUND where its session is over */
  get(id: string): MemoryShare {
    const share = this.#shares.get(id)
    if (share !== undefined) return share
    throw new SternaError(
      'HANDLE_NOT_FOUND',
      'The session whose memory_limit the statement has is over, or the server was restarted. Run it again',
    )
  }

  /** @throws SternaError SERVER_BUSY where others have taken what there is, or use it at the moment */
  take(bytes: number): Promise<MemoryShare> {
    return this.#inTurn(async () => {
      if (this.#shares.size >= LIMITS.memorySharesMax) {
        throw new SternaError(
          'SERVER_BUSY',
          `${this.#shares.size} sessions have a memory_limit; the limit is ${LIMITS.memorySharesMax}`,
        )
      }
      await this.#reserve(bytes)
      try {
        const duck = await this.#parts.open(bytes, memoryName(bytes))
        const share = { id: randomUUID(), duck, bytes }
        this.#shares.set(share.id, share)
        return share
      } catch (error) {
        await this.#reserve(-bytes)
        throw error
      }
    })
  }

  /** @throws as {@link take}, and where the session's statements use more than that; it then stays as it was */
  resize(id: string, bytes: number): Promise<void> {
    return this.#inTurn(async () => {
      const share = this.#shares.get(id)
      if (share === undefined) return
      const growth = bytes - share.bytes
      if (growth > 0) await this.#reserve(growth)
      try {
        await share.duck.limitMemory(bytes, memoryName(bytes))
      } catch (error) {
        if (growth > 0) await this.#reserve(-growth)
        throw error
      }
      share.bytes = bytes
      if (growth < 0) await this.#reserve(growth)
    })
  }

  /** Ends the statements that run in it, and gives it back. */
  async end(id: string): Promise<void> {
    const share = this.#shares.get(id)
    if (share === undefined) return
    this.#shares.delete(id)
    const ended = this.#giveBack(share)
    this.#ends.add(ended)
    await ended
    this.#ends.delete(ended)
  }

  async close(): Promise<void> {
    await this.#last
    for (const id of this.#shares.keys()) void this.end(id)
    await Promise.all(this.#ends)
  }

  async #giveBack({ duck, bytes }: OpenShare): Promise<void> {
    await duck.interruptAll(new SternaError('CANCELLED', 'The session of the statement is over'))
    duck.close()
    // Fails only where the server stops, and the shared instance is gone before.
    await this.#inTurn(() => this.#reserve(-bytes)).catch(() => undefined)
  }

  /** Takes bytes from the shared instance, or gives some back. */
  async #reserve(bytes: number): Promise<void> {
    const { shared, bytesMax } = this.#parts
    const taken = this.#takenBytes + bytes
    const takenMax = Math.floor(bytesMax * LIMITS.memorySharesShareMax)
    if (bytes > 0 && taken > takenMax) {
      throw new SternaError(
        'SERVER_BUSY',
        `The memory_limits of sessions would be ${taken} bytes together; the limit is ${takenMax}`,
      )
    }
    await shared.limitMemory(bytesMax - taken)
    this.#takenBytes = taken
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#last.then(change)
    this.#last = done.catch(() => undefined)
    return done
  }
}

function memoryName(bytes: number): string {
  return `the memory_limit of its session, ${bytes} bytes,`
}
