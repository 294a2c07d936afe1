import type { Frame } from '../../../flight/frame.ts'
import { DictionaryState } from './dictionary-state.ts'
import { encodeRecordHead, type RecordHead } from './record.ts'

/** The rows of one log file, as readers see them. */
export interface SegmentView {
  readonly frames: readonly Frame[]
  /** Of `frames`, those that are there as of this view; the list may have grown since. */
  readonly frameCount: number
  readonly rows: number
  readonly bytes: number
  /** Of the last batch. */
  readonly sequence: number
}

/** One log file and the frames in it. It only grows, and once it is sealed it does not. */
export class LogSegment {
  readonly path: string
  readonly dictionaries = new DictionaryState()
  /** Bytes of the file that are records of acknowledged batches. */
  fileBytes = 0
  /** When its first row came, ms since 1970; null without rows. */
  firstMs: number | null = null
  readonly #mark: number
  readonly #frames: Frame[] = []
  #ordinal = 0
  #rows = 0
  #bytes = 0
  #sequence = 0

  /** @param mark - see {@link encodeRecordHead} */
  constructor(path: string, mark: number) {
    this.path = path
    this.#mark = mark
  }

  get rows(): number {
    return this.#rows
  }

  /** What its frames hold of memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** Of the last batch; 0 without one. */
  get sequence(): number {
    return this.#sequence
  }

  get frames(): readonly Frame[] {
    return this.#frames
  }

  /** The buffers of the next record of the file. */
  record(head: Omit<RecordHead, 'ordinal'>, payload: readonly Uint8Array[]): Uint8Array[] {
    const ordinal = this.#ordinal
    this.#ordinal += 1
    return [encodeRecordHead(this.#mark, { ...head, ordinal }, payload), ...payload]
  }

  /** Lets readers see a batch, with the dictionaries that it needs before it. */
  add(sequence: number, timeMs: number, frames: readonly Frame[]): void {
    for (const frame of frames) {
      this.#frames.push(frame)
      this.#rows += frame.rows
      this.#bytes += frame.byteLength
    }
    this.#sequence = sequence
    this.firstMs ??= timeMs
  }

  view(): SegmentView {
    return {
      frames: this.#frames,
      frameCount: this.#frames.length,
      rows: this.#rows,
      bytes: this.#bytes,
      sequence: this.#sequence,
    }
  }
}
