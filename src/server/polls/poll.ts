import type { Frame } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { QueryProgress } from '../../query/query-progress.ts'
import type { CallContext } from '../call.ts'
import type { OpenRead, ReadDescription } from '../read.ts'
import type { HeldResult } from './held-result.ts'

/** Some frames of a result, readable as often as a client likes. */
interface Piece {
  /** Dictionaries that came before it, then its batches. */
  readonly frames: readonly Frame[]
  readonly rows: number
}

/** What a poll counts against what all may hold. */
export interface HeldBytes {
  bytes: number
}

/** What a poll runs. */
export interface PollRun {
  readonly description: ReadDescription
  /** @param signal - of the poll, which outlives the call that began it */
  open(signal: AbortSignal, progress: QueryProgress): Promise<OpenRead>
}

/**
 * A statement that runs while its client asks how far it is. Its first rows are held as pieces, which only ever become
 * more; where they are over what may be held, the rest stays in the query, to be read once.
 */
export class Poll implements HeldResult {
  readonly description: ReadDescription
  readonly #abort = new AbortController()
  readonly #progress = new QueryProgress()
  readonly #held: HeldBytes
  readonly #pieces: Piece[] = []
  readonly #dictionaries: Frame[] = []
  readonly #waiters = new Set<() => void>()
  #schemaFrame: Frame | undefined
  #rest: AsyncIterator<Frame> | Iterator<Frame> | null = null
  #hasRest = false
  /** Of the next piece. */
  #batches: Frame[] = []
  #batchBytes = 0
  #heldBytes = 0
  #error: unknown
  #state: 'running' | 'ended' | 'failed' = 'running'

  constructor(run: PollRun, held: HeldBytes) {
    this.description = run.description
    this.#held = held
    this.#run(run).then(
      () => this.#end('ended'),
      (error: unknown) => {
        this.#error = error
        this.#end('failed')
      },
    )
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get progress(): number {
    return this.isRunning ? this.#progress.share : 1
  }

  get pieceCount(): number {
    return this.#pieces.length
  }

  get hasRest(): boolean {
    return this.#hasRest
  }

  get rows(): number {
    const isKnown = this.#state === 'ended' && !this.#hasRest
    return isKnown ? this.#pieces.reduce((sum, piece) => sum + piece.rows, 0) : -1
  }

  async changed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.isRunning) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          this.#waiters.delete(done)
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal.addEventListener('abort', done, { once: true })
        this.#waiters.add(done)
      })
    }
    if (this.#state === 'failed') throw this.#error
  }

  async open(piece: number | 'rest', { signal }: Pick<CallContext, 'signal'>): Promise<OpenRead> {
    // What is wrong with its rows may have come out at their end.
    if (this.#state === 'failed') throw this.#error
    return { frames: piece === 'rest' ? this.#readRest(signal) : this.#piece(piece) }
  }

  #piece(index: number): readonly Frame[] {
    const piece = this.#pieces[index]
    if (piece === undefined || this.#schemaFrame === undefined) {
      throw new SternaError('TICKET_MALFORMED', `The result has no piece ${index}`)
    }
    return [this.#schemaFrame, ...piece.frames]
  }

  /**
   * The reader ends the query with it.
   *
   * @param signal - of the call that reads
   * @throws SternaError HANDLE_NOT_FOUND where it was read before
   */
  async *#readRest(signal: AbortSignal): AsyncGenerator<Frame> {
    const rest = this.#rest
    this.#rest = null
    if (rest === null || this.#schemaFrame === undefined) {
      throw new SternaError('HANDLE_NOT_FOUND', 'The rest of the result was read before: run the query again')
    }
    const onAbort = (): void => this.cancel()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      yield this.#schemaFrame
      yield* this.#dictionaries
      for (;;) {
        const next = await rest.next()
        if (next.done === true) break
        yield next.value
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      await rest.return?.()
    }
  }

  close(): void {
    this.#held.bytes -= this.#heldBytes
    this.#heldBytes = 0
    this.#pieces.length = 0
    if (this.isRunning || this.#rest !== null) this.cancel()
  }

  cancel(): void {
    this.#abort.abort(new SternaError('CANCELLED', 'The statement was cancelled'))
    const rest = this.#rest
    this.#rest = null
    // Its error has nobody left who would care.
    void Promise.resolve(rest?.return?.()).catch(() => undefined)
  }

  async #run(run: PollRun): Promise<void> {
    const { signal } = this.#abort
    const { frames } = await run.open(signal, this.#progress)
    const iterator =
      Symbol.asyncIterator in frames ? frames[Symbol.asyncIterator]() : frames[Symbol.iterator]()
    for (;;) {
      const next = await iterator.next()
      if (signal.aborted) {
        await iterator.return?.()
        throw SternaError.from(signal.reason)
      }
      if (next.done === true) break
      this.#hold(next.value)
      if (this.#batchBytes < LIMITS.pollPieceBytes) continue
      this.#addPiece()
      if (this.#heldBytes >= LIMITS.pollBytesMax || this.#held.bytes >= LIMITS.pollsBytesMax) {
        this.#rest = iterator
        this.#hasRest = true
        return
      }
    }
    if (this.#batches.length > 0 || this.#pieces.length === 0) this.#addPiece()
  }

  #hold(frame: Frame): void {
    this.#heldBytes += frame.byteLength
    this.#held.bytes += frame.byteLength
    if (frame.kind === 'schema') {
      this.#schemaFrame = frame
    } else if (frame.kind === 'dictionary') {
      // It counts for what comes after it, in this piece and in all later ones.
      if (this.#batches.length > 0) this.#addPiece()
      this.#dictionaries.push(frame)
    } else {
      this.#batches.push(frame)
      this.#batchBytes += frame.byteLength
    }
  }

  #addPiece(): void {
    const rows = this.#batches.reduce((sum, batch) => sum + batch.rows, 0)
    this.#pieces.push({ frames: [...this.#dictionaries, ...this.#batches], rows })
    this.#batches = []
    this.#batchBytes = 0
    this.#wake()
  }

  #end(state: 'ended' | 'failed'): void {
    this.#state = state
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiters) wake()
  }
}
