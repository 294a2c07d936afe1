import { makeFrame, type Frame } from '../../../flight/frame.ts'
import {
  encodeBatch,
  encodeDictionary,
  type BatchHeader,
  type BufferRange,
  type FieldNode,
} from '../../../flight/ipc/message.ts'
import { padded } from './memory.ts'

/**
 * The arrays of one record batch, laid out as the Arrow body: one view per buffer, each padded to 8 bytes,
 * nothing concatenated.
 */
export class BatchBody {
  readonly #nodes: FieldNode[] = []
  readonly #buffers: BufferRange[] = []
  readonly #variadicCounts: number[] = []
  readonly #views: Uint8Array[] = []
  #byteLength = 0

  addNode(length: number, nullCount: number): void {
    this.#nodes.push({ length, nullCount })
  }

  /**
   * Appends the buffer that the first `byteLength` bytes of `bytes` are, and takes them over. The array must
   * reach to the next multiple of 8; the padding is zeroed here. Memory that is mostly unused is copied, so
   * that a small batch does not hold on to it.
   */
  addBuffer(bytes: Uint8Array, byteLength: number): void {
    this.#buffers.push({ offset: this.#byteLength, length: byteLength })
    if (byteLength === 0) return
    const end = padded(byteLength)
    bytes.fill(0, byteLength, end)
    this.#views.push(end * 2 <= bytes.byteLength ? bytes.slice(0, end) : bytes.subarray(0, end))
    this.#byteLength += end
  }

  /** How many data buffers a view array has; in the order of the fields. */
  addVariadicCount(count: number): void {
    this.#variadicCounts.push(count)
  }

  toBatchFrame(rows: number): Frame {
    const header = encodeBatch(this.#header(rows), this.#byteLength)
    return makeFrame(header, this.#views, { kind: 'batch', rows })
  }

  /** A dictionary that replaces the former one of this id. */
  toDictionaryFrame(id: bigint, rows: number): Frame {
    const header = encodeDictionary(id, false, this.#header(rows), this.#byteLength)
    return makeFrame(header, this.#views, { kind: 'dictionary' })
  }

  #header(rows: number): BatchHeader {
    return {
      rows,
      nodes: this.#nodes,
      buffers: this.#buffers,
      compression: null,
      variadicCounts: this.#variadicCounts,
    }
  }
}
