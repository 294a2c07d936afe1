import type { Frame } from '../../../flight/frame.ts'
import { LIMITS } from '../../limits.ts'
import type { LogChange } from '../catalog/commit.ts'
import type { CatalogDataset } from '../catalog/state.ts'
import { failpoint } from '../failpoints.ts'
import type { DatasetLog } from './dataset-log.ts'
import type { RecoveryParts } from './recovery.ts'

/** Turns frames of a log into a part: one commit, which says how far the log is flushed. */
export type FlushPart = (
  dataset: CatalogDataset,
  frames: readonly Frame[],
  position: LogChange,
) => Promise<void>

/** What a flush needs of its store. */
export interface LogFlushParts extends Pick<RecoveryParts, 'state'> {
  readonly flushPart: FlushPart
}

/** Makes parts of logs, off the path of their writers: of one log once at a time, of so many logs at once. */
export class LogFlushes {
  readonly #parts: LogFlushParts
  readonly #ended: () => void
  readonly #running = new Map<DatasetLog, Promise<void>>()
  #slots: number = LIMITS.logFlushesMax
  /** Flushes that wait for a slot. */
  #queue: (() => void)[] = []

  /** @param ended - called after each flush, however it has ended */
  constructor(parts: LogFlushParts, ended: () => void) {
    this.#parts = parts
    this.#ended = ended
  }

  /** The flush of a log that runs now: it may not take what came after it began. */
  running(log: DatasetLog): Promise<void> | undefined {
    return this.#running.get(log)
  }

  /**
   * Makes parts of everything that a log has, of which no flush runs.
   *
   * @throws what the disk or the catalog refuses; the log keeps its rows
   */
  start(log: DatasetLog): Promise<void> {
    const flush = this.#flush(log).finally(() => {
      this.#running.delete(log)
      this.#ended()
    })
    this.#running.set(log, flush)
    return flush
  }

  /** Resolves when those that run now have ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values())
  }

  async #flush(log: DatasetLog): Promise<void> {
    await this.#slot()
    try {
      await log.seal()
      failpoint('flush.sealed')
      while (log.sealed.length > 0 && log.rows > 0) {
        const dataset = this.#parts.state().get(log.ref)
        if (dataset?.tableId !== log.tableId) return
        const segments = firstOf(log)
        const frames = segments.flatMap((segment) => segment.frames)
        const to = segments.at(-1)?.sequence ?? 0
        const before = { tableId: log.tableId, flushed: dataset.logFlushed }
        await this.#parts.flushPart(dataset, frames, { before, flushed: to, ids: log.ids.encode(to) })
      }
    } finally {
      this.#slots += 1
      this.#queue.shift()?.()
    }
  }

  async #slot(): Promise<void> {
    while (this.#slots === 0) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#slots -= 1
  }
}

/** Sealed files, the oldest first, up to what one part should hold. */
function firstOf(log: DatasetLog): DatasetLog['sealed'] {
  let bytes = 0
  const end = log.sealed.findIndex((segment, index) => {
    bytes += segment.bytes
    return index > 0 && bytes > LIMITS.partArrowBytesTarget
  })
  return end === -1 ? log.sealed : log.sealed.slice(0, end)
}
