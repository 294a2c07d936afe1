import { type Frame, makeFrame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { type SternaError } from '../../errors.ts'
import { DictionaryStream } from './dictionary-stream.ts'
import type { BatchParts } from './protocol.ts'
import type { PartHandle, PartTask, WorkerPool } from './worker-pool.ts'

/**
 * Row groups of one read that are being decoded or wait to be taken: two, so that one is decoded while the other is
 * sent. The unit of flow control, since parquet-wasm decodes a row group at once: 131,072 rows, 16 MiB for two of
 * OHLCV.
 */
const ROW_GROUPS_AHEAD = 2

/** A task whose batches wait for their turn. */
interface Pending {
  readonly task: PartTask
  readonly batches: BatchParts[]
  state: 'running' | 'done' | 'failed'
  error?: SternaError
}

interface OpenPart {
  readonly handle: PartHandle
  readonly rowGroupCount: number
  nextRowGroup: number
  /** Row groups not read to their end. */
  rowGroupsLeft: number
}

/** One read of some parts, in order, over a pool that others use too. Ended with `end`, always. */
export class PartRead {
  readonly #pool: WorkerPool
  readonly #schema: Schema
  readonly #paths: readonly string[]
  readonly #handles = new Set<PartHandle>()
  readonly #pending: Pending[] = []
  readonly #dictionaries: DictionaryStream
  #nextPath = 0
  #isOpening = false
  #part: OpenPart | null = null
  #wake: (() => void) | null = null
  #aborted: SternaError | null = null

  constructor(pool: WorkerPool, schema: Schema, paths: readonly string[]) {
    this.#pool = pool
    this.#schema = schema
    this.#dictionaries = new DictionaryStream(schema)
    this.#paths = paths
  }

  /** Makes the next frame asked for, or the one that is waited for, reject with `error`. */
  abort(error: SternaError): void {
    this.#aborted = error
    this.#wake?.()
  }

  async *frames(): AsyncGenerator<Frame, void> {
    for (;;) {
      this.#submit()
      const head = this.#pending[0]
      if (head === undefined) return
      yield* this.#framesOf(head)
      this.#pending.shift()
    }
  }

  /** Lets go of all that the read holds. */
  end(): void {
    for (const { task } of this.#pending.splice(0)) this.#pool.cancel(task)
    for (const handle of this.#handles) this.#pool.closePart(handle)
    this.#handles.clear()
  }

  async *#framesOf(pending: Pending): AsyncGenerator<Frame, void> {
    for (;;) {
      if (this.#aborted !== null) throw this.#aborted
      const batch = pending.batches.shift()
      if (batch !== undefined) {
        yield* this.#dictionaries.framesBefore(batch)
        yield makeFrame(batch.header, [new Uint8Array(batch.body)], { kind: 'batch', rows: batch.rows })
      } else if (pending.state === 'running') {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      } else if (pending.error !== undefined) {
        throw pending.error
      } else {
        return
      }
    }
  }

  /** Fills what may be under way: the row groups of the part that is open, then the opening of the next. */
  #submit(): void {
    while (this.#pending.length < ROW_GROUPS_AHEAD && !this.#isOpening) {
      const part = this.#part
      if (part !== null && part.nextRowGroup < part.rowGroupCount) {
        const rowGroup = part.nextRowGroup++
        this.#run(part.handle, rowGroup, () => {
          if (--part.rowGroupsLeft === 0) this.#close(part.handle)
        })
      } else {
        const path = this.#paths[this.#nextPath++]
        if (path === undefined) return
        this.#open(path)
      }
    }
  }

  #open(path: string): void {
    const handle = this.#pool.newPart(path, this.#schema)
    this.#handles.add(handle)
    this.#isOpening = true
    this.#run(handle, 'footer', (rowGroupCount) => {
      this.#isOpening = false
      this.#part = { handle, rowGroupCount, nextRowGroup: 0, rowGroupsLeft: rowGroupCount }
      if (rowGroupCount === 0) this.#close(handle)
      // While the reader is busy with the part before.
      this.#submit()
    })
  }

  #run(handle: PartHandle, read: number | 'footer', onDone: (rowGroupCount: number) => void): void {
    const pending: Pending = {
      batches: [],
      state: 'running',
      task: {
        part: handle,
        read,
        onBatch: (batch) => {
          pending.batches.push(batch)
          this.#wake?.()
        },
        onDone: (footer) => {
          pending.state = 'done'
          onDone(footer?.rowGroups.length ?? 0)
          this.#wake?.()
        },
        onFailed: (error) => {
          pending.state = 'failed'
          pending.error = error
          this.#wake?.()
        },
      },
    }
    this.#pending.push(pending)
    this.#pool.run(pending.task)
  }

  #close(handle: PartHandle): void {
    this.#handles.delete(handle)
    this.#pool.closePart(handle)
  }
}
