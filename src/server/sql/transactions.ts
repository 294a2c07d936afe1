import type { Lake, PinnedLake } from '../../store/parts.ts'

/** What ends with the last of those who use it. */
interface Shared {
  readonly lake: PinnedLake
  users: number
}

/**
 * A read transaction: every statement in it sees the lake as it was at the first. The snapshot stays pinned until the
 * transaction has ended and the last of its statements with it.
 */
export class Transaction implements Lake {
  readonly #lake: Lake
  #shared: Shared | undefined

  constructor(lake: Lake) {
    this.#lake = lake
  }

  pin(): PinnedLake {
    // The transaction itself is the first user.
    const shared = (this.#shared ??= { lake: this.#lake.pin(), users: 1 })
    shared.users += 1
    let isHeld = true
    return {
      resolve: (ref) => shared.lake.resolve(ref),
      match: (schema, glob) => shared.lake.match(schema, glob),
      list: () => shared.lake.list(),
      release: () => {
        if (isHeld) giveBack(shared)
        isHeld = false
      },
    }
  }

  /** The next statement sees the lake as it is then: after a write of the same session, which is to see it. */
  refresh(): void {
    if (this.#shared !== undefined) giveBack(this.#shared)
    this.#shared = undefined
  }
}

function giveBack(shared: Shared): void {
  shared.users -= 1
  if (shared.users === 0) shared.lake.release()
}
