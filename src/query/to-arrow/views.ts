import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { noDictionaries, type ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { assertOffsetFits } from './offsets.ts'
import { INLINE_BYTES_MAX, LongTexts } from './strings.ts'
import { readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

const VIEW_BYTES = 16
const VIEW_WORDS = 4

/**
 * VARCHAR and BLOB to utf8View and binaryView: DuckDB's entries are Arrow's views, but for the place of texts
 * over 12 bytes, which is an offset into one data buffer instead of a pointer.
 */
export class ViewColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes = VIEW_BYTES
  readonly #column: string
  readonly #validity = new ValidityBuilder()
  #views: GrowingBytes | null = null
  #data: GrowingBytes | null = null
  #dataLength = 0
  #entries: Uint8Array = new Uint8Array(0)
  #words: Int32Array = new Int32Array(0)
  #mask: Mask = null

  constructor(column: string) {
    this.#column = column
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#entries = bindings.vector_get_data(vector, rows * VIEW_BYTES)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(this.#entries, VIEW_BYTES, this.#mask, rows)
    this.#words = new Int32Array(this.#entries.buffer, this.#entries.byteOffset, rows * VIEW_WORDS)
  }

  measure(start: number, end: number): number {
    let bytes = 0
    for (let row = start; row < end; row++) {
      const length = this.#words[row * VIEW_WORDS]! >>> 0
      if (length > INLINE_BYTES_MAX) bytes += length
    }
    return bytes
  }

  append(start: number, end: number): void {
    const rows = this.#validity.rows
    const used = rows * VIEW_BYTES
    const byteLength = used + (end - start) * VIEW_BYTES
    this.#views ??= new GrowingBytes(byteLength)
    this.#views.reserve(byteLength, used)
    this.#views.bytes.set(this.#entries.subarray(start * VIEW_BYTES, end * VIEW_BYTES), used)
    const longBytes = this.measure(start, end)
    if (longBytes > 0) this.#moveLong(this.#views.words, rows, start, end, longBytes)
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const rows = this.#validity.rows
    this.#validity.finish(body)
    body.addBuffer(this.#views?.bytes ?? new Uint8Array(0), rows * VIEW_BYTES)
    body.addVariadicCount(this.#data === null ? 0 : 1)
    if (this.#data !== null) body.addBuffer(this.#data.bytes, this.#dataLength)
    this.#views = null
    this.#data = null
    this.#dataLength = 0
  }

  /** Copies the long texts to the data buffer and writes their places into the views, from view `first` on. */
  #moveLong(views: Int32Array, first: number, start: number, end: number, byteLength: number): void {
    assertOffsetFits(this.#dataLength + byteLength, this.#column)
    this.#data ??= new GrowingBytes(byteLength)
    this.#data.reserve(this.#dataLength + byteLength, this.#dataLength)
    const texts = new LongTexts(this.#entries, start, end)
    for (let row = start, view = first * VIEW_WORDS; row < end; row++, view += VIEW_WORDS) {
      const length = views[view]! >>> 0
      if (length <= INLINE_BYTES_MAX) continue
      const from = texts.offset(row)
      this.#data.bytes.set(texts.memory(row).subarray(from, from + length), this.#dataLength)
      views[view + 2] = 0
      views[view + 3] = this.#dataLength
      this.#dataLength += length
    }
  }
}
