import { Dictionaries } from '../../flight/dictionaries.ts'
import type { Frame } from '../../flight/frame.ts'

/** A run of frames that becomes one part. It can be read alone: the dictionaries in force at its start come first. */
export interface Segment {
  readonly frames: readonly Frame[]
  readonly rows: number
  readonly bytes: number
}

/**
 * Cuts a stream of frames into segments.
 *
 * Dictionaries are state of an IPC stream: a batch refers to whatever dictionary came before it. So a new segment
 * repeats the ones in force, with their deltas.
 */
export class SegmentBuilder {
  #frames: Frame[] = []
  #rows = 0
  #bytes = 0
  readonly #dictionaries = new Dictionaries()

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#rows === 0
  }

  add(frame: Frame): void {
    this.#dictionaries.add(frame)
    this.#frames.push(frame)
    this.#rows += frame.rows
    this.#bytes += frame.byteLength
  }

  /** The segment so far; the builder goes on with an empty one. */
  take(): Segment {
    const segment = { frames: this.#frames, rows: this.#rows, bytes: this.#bytes }
    this.#frames = this.#dictionaries.inForce()
    this.#rows = 0
    this.#bytes = this.#frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    return segment
  }
}
