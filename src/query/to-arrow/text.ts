import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { noDictionaries, type ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { assertOffsetFits, OffsetsBuilder } from './offsets.ts'
import { INLINE_BYTES_MAX, LongTexts } from './strings.ts'
import { readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/** A copy of fewer bytes is quicker byte by byte than by a call. */
const CALL_BYTES_MIN = 32
/** Inlined texts are written as four words, whatever their length. */
const WORDS_SLACK_BYTES = 20

/** VARCHAR and BLOB to offsets and data. */
export class TextColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes: 4 | 8
  readonly #column: string
  readonly #validity = new ValidityBuilder()
  readonly #offsets = new OffsetsBuilder()
  #data: GrowingBytes | null = null
  #capacityNext = 0
  #entries: Uint8Array = new Uint8Array(0)
  #words: Int32Array = new Int32Array(0)
  #mask: Mask = null

  constructor(offsetBytes: 4 | 8, column: string) {
    this.rowBytes = offsetBytes
    this.#column = column
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#entries = bindings.vector_get_data(vector, rows * 16)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(this.#entries, 16, this.#mask, rows)
    this.#words = new Int32Array(this.#entries.buffer, this.#entries.byteOffset, rows * 4)
  }

  measure(start: number, end: number): number {
    let bytes = 0
    for (let row = start; row < end; row++) bytes += this.#words[row * 4]! >>> 0
    return bytes
  }

  append(start: number, end: number): void {
    const rows = this.#validity.rows
    const ends = this.#offsets.reserve(rows + end - start, rows)
    const position = ends[rows]!
    const positionEnd = position + this.measure(start, end)
    assertOffsetFits(positionEnd, this.#column)
    const byteLength = positionEnd + WORDS_SLACK_BYTES
    this.#data ??= new GrowingBytes(Math.max(byteLength, this.#capacityNext))
    this.#data.reserve(byteLength, position)
    const isInlined = this.#appendInlined(this.#data.words, ends, rows, start, end)
    if (!isInlined) this.#appendLong(this.#data, ends, rows, start, end)
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const rows = this.#validity.rows
    const byteLength = this.#offsets.position(rows)
    this.#validity.finish(body)
    this.#offsets.finish(body, rows, this.rowBytes)
    body.addBuffer(this.#data?.bytes ?? new Uint8Array(0), byteLength)
    this.#data = null
    this.#capacityNext = byteLength + WORDS_SLACK_BYTES
  }

  /**
   * Texts of up to 12 bytes, shifted into place word by word: 5 ns each, where bytes take 6 to 17.
   * Returns false at the first longer one; what was written by then is written again.
   */
  #appendInlined(target: Int32Array, ends: Int32Array, rows: number, start: number, end: number): boolean {
    const words = this.#words
    let position = ends[rows]!
    for (let row = start, index = rows + 1; row < end; row++, index++) {
      const entry = row * 4
      const length = words[entry]!
      if (length >>> 0 > INLINE_BYTES_MAX) return false
      writeInlined(target, position, words[entry + 1]!, words[entry + 2]!, words[entry + 3]!)
      position += length
      ends[index] = position
    }
    return true
  }

  #appendLong(target: GrowingBytes, ends: Int32Array, rows: number, start: number, end: number): void {
    const words = this.#words
    const { runOfRow, offsetOfRow, runs } = new LongTexts(this.#entries, start, end)
    let position = ends[rows]!
    // Texts that follow each other in memory, as they mostly do, are copied together.
    let run = 0
    let from = 0
    let pending = 0
    for (let row = start; row < end; row++) {
      const entry = row * 4
      const length = words[entry]! >>> 0
      const isLong = length > INLINE_BYTES_MAX
      if (
        isLong &&
        pending > 0 &&
        offsetOfRow[row - start] === from + pending &&
        runOfRow[row - start] === run
      ) {
        pending += length
      } else {
        if (pending > 0) copyBytes(target.bytes, position - pending, runs[run]!, from, pending)
        pending = 0
        if (isLong) {
          run = runOfRow[row - start]!
          from = offsetOfRow[row - start]!
          pending = length
        } else {
          writeInlined(target.words, position, words[entry + 1]!, words[entry + 2]!, words[entry + 3]!)
        }
      }
      position += length
      ends[rows + 1 + row - start] = position
    }
    if (pending > 0) copyBytes(target.bytes, position - pending, runs[run]!, from, pending)
  }
}

/** Writes 12 bytes at any byte position, keeps the bytes before it and spoils up to 4 after. */
function writeInlined(
  target: Int32Array,
  position: number,
  first: number,
  second: number,
  third: number,
): void {
  const word = position >> 2
  const shift = (position & 3) << 3
  if (shift === 0) {
    target[word] = first
    target[word + 1] = second
    target[word + 2] = third
    return
  }
  const rest = 32 - shift
  target[word] = (target[word]! & ((1 << shift) - 1)) | (first << shift)
  target[word + 1] = (first >>> rest) | (second << shift)
  target[word + 2] = (second >>> rest) | (third << shift)
  target[word + 3] = third >>> rest
}

function copyBytes(
  target: Uint8Array,
  position: number,
  source: Uint8Array,
  from: number,
  count: number,
): void {
  if (count >= CALL_BYTES_MIN) {
    target.set(source.subarray(from, from + count), position)
    return
  }
  for (let index = 0; index < count; index++) target[position + index] = source[from + index]!
}
