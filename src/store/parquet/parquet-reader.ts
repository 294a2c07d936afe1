import { availableParallelism } from 'node:os'

import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import type { PartReader } from '../parts.ts'
import { PartRead } from './part-read.ts'
import type { PartFooter } from './protocol.ts'
import { type PartTask, WorkerPool } from './worker-pool.ts'

export type { PartFooter } from './protocol.ts'

/** Two threads decode faster than a network takes, where there is a core for each beside that of the main thread. */
const WORKERS_MAX = Math.max(1, Math.min(2, availableParallelism() - 1))

/** Ours need 20 MiB; a module that a large row group has made larger is not kept. */
const WASM_BYTES_MAX = 512 * 1024 * 1024

/** Reads parts in worker threads, with parquet-wasm. The main thread only puts heads to the bodies. */
export class ParquetReader implements PartReader {
  readonly #pool: WorkerPool

  constructor(options: { readonly workersMax?: number; readonly wasmBytesMax?: number } = {}) {
    this.#pool = new WorkerPool({
      workersMax: options.workersMax ?? WORKERS_MAX,
      wasmBytesMax: options.wasmBytesMax ?? WASM_BYTES_MAX,
    })
  }

  /**
   * Dictionary and batch frames of the parts in order, typed as `schema`; no schema frame. A batch frame has at most
   * 65,536 rows and about 2 MiB. A dictionary frame replaces the one before it of the same id; it begins with its values, where those fit,
   * and is sent only where it differs.
   *
   * Row groups are decoded two ahead of the frames taken. Once the consumer returns or `signal` is aborted, what
   * waits is dropped.
   *
   * @returns frames whose bodies are fresh memory: the consumer owns them.
   * @throws {@link SternaError} DATA_CORRUPT naming the part's file where it is missing, damaged or cannot be
   * decoded; TYPE_UNSUPPORTED naming a column that the schema has otherwise; LIMIT_EXCEEDED on a row group of another
   * program that is too large; the reason of `signal` if that is a SternaError, else CANCELLED; SERVER_STOPPING.
   */
  async *readParts(input: {
    readonly schema: Schema
    readonly paths: readonly string[]
    readonly signal?: AbortSignal
  }): AsyncGenerator<Frame, void> {
    const { schema, paths, signal } = input
    const read = new PartRead(this.#pool, schema, paths)
    const onAbort = (): void => {
      const reason: unknown = signal?.reason
      const cancelled = new SternaError('CANCELLED', 'The call was cancelled', { cause: reason })
      read.abort(reason instanceof SternaError ? reason : cancelled)
    }
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      yield* read.frames()
    } finally {
      signal?.removeEventListener('abort', onAbort)
      read.end()
    }
  }

  /**
   * What the footer of a part says: rows, metadata, row groups and the sizes of their columns. No data is read.
   *
   * @throws {@link SternaError} DATA_CORRUPT as `readParts`.
   */
  async readPartMetadata(path: string): Promise<PartFooter> {
    const part = this.#pool.newPart(path, null)
    try {
      return await new Promise((resolve, reject) => {
        const task: PartTask = {
          part,
          read: 'footer',
          onBatch: () => undefined,
          onDone: (footer) => {
            if (footer === null) reject(new Error('A worker gave no footer'))
            else resolve(footer)
          },
          onFailed: reject,
        }
        this.#pool.run(task)
      })
    } finally {
      this.#pool.closePart(part)
    }
  }

  /** Ends the workers. Reads that are under way reject with SERVER_STOPPING. */
  async close(): Promise<void> {
    await this.#pool.close()
  }
}
