import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { bindings, type Connection, type Statement } from './duckdb.ts'
import { resultColumns } from './result-types.ts'
import { FrameBuilder } from './to-arrow/frames.ts'

/** What may be run again to learn why a stream broke: it is held in memory, once more. */
const RETRY_BYTES_MAX = 64 * 1024 * 1024

export interface ResultStreamOptions {
  /** Used by this stream alone until it is closed. */
  readonly connection: Connection
  /** Prepared on that connection, parameters bound; to be closed after the stream. */
  readonly statement: Statement
  /** Takes the result at once, in one turn of a thread where a stream takes three: for one of a chunk or two. */
  readonly isSmall?: boolean
  /** What the frames are to be. */
  readonly schema: Schema
  readonly signal: AbortSignal | undefined
  /** Called once, when nothing of the query is left on the connection; tells whether it ended by itself. */
  readonly onClose: (isEnded: boolean) => void
}

/** One running query, from its start until nothing is left of it. */
export class ResultStream {
  readonly #options: ResultStreamOptions
  readonly #onAbort: () => void
  #result: bindings.Result | null = null
  /** Of a start that is to end. */
  #stopInterrupting: (() => void) | null = null
  /** The chunk being fetched; DuckDB allows one at a time. */
  #pending: Promise<bindings.DataChunk | null> | null = null
  /** Of a result that is there at once. */
  #nextChunk = 0
  #isEnded = false
  #isWhole = false
  #closing: Promise<void> | null = null

  private constructor(options: ResultStreamOptions) {
    this.#options = options
    this.#onAbort = () => {
      // Before the first rows DuckDB still has the statement; after them there may be no reader to notice.
      if (this.#result === null) this.#stopInterrupting ??= options.connection.interruptAgain()
      else void this.close()
    }
  }

  /**
   * Runs the statement up to its first rows. From here on the connection and the statement are the stream's: a
   * rejection has closed it.
   *
   * @throws {@link SternaError} as DuckDB fails, or CANCELLED
   */
  static async start(options: ResultStreamOptions): Promise<ResultStream> {
    const stream = new ResultStream(options)
    try {
      options.signal?.addEventListener('abort', stream.#onAbort)
      assertNotAborted(options.signal)
      try {
        stream.#result = await (options.isSmall ? options.statement.execute() : options.statement.stream())
      } finally {
        stream.#stopInterrupting?.()
      }
      assertNotAborted(options.signal)
      return stream
    } catch (error) {
      stream.#isEnded = stream.#result === null
      await stream.close()
      assertNotAborted(options.signal)
      throw error
    }
  }

  /** Nothing of the query is left, or will be in a moment. */
  get isClosed(): boolean {
    return this.#closing !== null
  }

  /**
   * Dictionary and batch frames to the end of the result, then closes the stream. One chunk is fetched ahead
   * while another is encoded; nothing else runs ahead of the reader but DuckDB's own buffer.
   *
   * Rejects with SQL_FAILED when the query fails on the way, CANCELLED when the signal or `close` ended it:
   * never ends short.
   */
  async *frames(): AsyncGenerator<Frame, void, undefined> {
    try {
      const result = this.#result
      if (result === null) throw new SternaError('BUG', 'A query was read before it was started')
      this.#assertOpen()
      const builder = new FrameBuilder(resultColumns(result), this.#options.schema)
      let sentRows = 0
      let sentBytes = 0
      let pending = this.#fetch(result)
      for (;;) {
        const chunk = await pending
        this.#assertOpen()
        if (chunk === null) break
        pending = this.#fetch(result)
        let isFirst = true
        for (const frame of builder.add(chunk)) {
          // A chunk of long texts makes many frames: others get their turn in between.
          if (!isFirst) await nextTurn()
          isFirst = false
          this.#assertOpen()
          yield frame
          sentRows += frame.rows
          sentBytes += frame.byteLength
        }
      }
      this.#isEnded = true
      // DuckDB ends a stream that failed just like one that is complete, and only its return type differs.
      if (bindings.result_return_type(result) !== bindings.ResultType.QUERY_RESULT) {
        throw await this.#failure(sentRows, sentBytes)
      }
      this.#isWhole = true
      // The rows that are left need nothing of DuckDB any more, and their reader may be slow.
      await this.close()
      yield* builder.finish()
    } finally {
      await this.close()
    }
  }

  /** Ends the query wherever it is and frees what it holds. Resolves when that is done; may be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#release()
    return this.#closing
  }

  async #release(): Promise<void> {
    const { connection, signal, onClose } = this.#options
    try {
      if (!this.#isEnded) {
        connection.interrupt()
        await this.#drain()
      }
    } finally {
      signal?.removeEventListener('abort', this.#onAbort)
      onClose(this.#isWhole)
    }
  }

  /**
   * Fetches an interrupted result to its end: otherwise its buffer, which DuckDB does not count as its memory,
   * and its open files stay until the garbage collector comes round.
   */
  async #drain(): Promise<void> {
    const result = this.#result
    try {
      await this.#pending
      while (result !== null && !this.#isEnded) {
        const chunk = await this.#fetch(result)
        if (chunk === null) this.#isEnded = true
        this.#options.connection.interrupt()
      }
    } catch {
      // It ended with an error, which is an end as well.
    }
  }

  #fetch(result: bindings.Result): Promise<bindings.DataChunk | null> {
    const fetched = this.#options.isSmall ? this.#nextOf(result) : bindings.fetch_chunk(result)
    const pending = fetched.then((chunk) =>
      chunk === null || bindings.data_chunk_get_size(chunk) === 0 ? null : chunk,
    )
    // Whoever waits for it gets the rejection; when the reader left before, no one does.
    pending.catch(() => undefined)
    this.#pending = pending
    return pending
  }

  async #nextOf(result: bindings.Result): Promise<bindings.DataChunk | null> {
    const index = this.#nextChunk++
    return index < bindings.result_chunk_count(result) ? bindings.result_get_chunk(result, index) : null
  }

  #assertOpen(): void {
    assertNotAborted(this.#options.signal)
    if (this.#closing !== null) throw new SternaError('CANCELLED', 'The query was closed before its end')
  }

  /**
   * Why the stream broke: its own error is lost, so that the statement is run again, to its end, where its
   * result can be held. Costs about as long as the stream did.
   */
  async #failure(sentRows: number, sentBytes: number): Promise<SternaError> {
    const { connection, signal, statement } = this.#options
    assertNotAborted(signal)
    const unknown = new SternaError('SQL_FAILED', `The query failed after ${sentRows} rows`)
    if (sentBytes > RETRY_BYTES_MAX) {
      await connection.check()
      return unknown
    }
    try {
      await statement.execute()
      return unknown
    } catch (error) {
      assertNotAborted(signal)
      return SternaError.from(error)
    }
  }
}

/** @throws the signal's own {@link SternaError}, where its reason is one, otherwise CANCELLED */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  const reason: unknown = signal.reason
  throw reason instanceof SternaError ? reason : new SternaError('CANCELLED', 'The query was cancelled')
}
