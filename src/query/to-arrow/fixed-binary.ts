import { SternaError } from '../../errors.ts'
import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { noDictionaries, type ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { INLINE_BYTES_MAX, LongTexts } from './strings.ts'
import { isValid, readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/** BLOBs of one length to fixed-size binary. */
export class FixedBinaryColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes: number
  readonly #column: string
  readonly #validity = new ValidityBuilder()
  #target: GrowingBytes | null = null
  #capacityNext = 0
  #entries: Uint8Array = new Uint8Array(0)
  #words: Int32Array = new Int32Array(0)
  #mask: Mask = null

  constructor(byteWidth: number, column: string) {
    this.rowBytes = byteWidth
    this.#column = column
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#entries = bindings.vector_get_data(vector, rows * 16)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(this.#entries, 16, this.#mask, rows)
    this.#words = new Int32Array(this.#entries.buffer, this.#entries.byteOffset, rows * 4)
  }

  measure(): number {
    return 0
  }

  append(start: number, end: number): void {
    const width = this.rowBytes
    const used = this.#validity.rows * width
    const byteLength = used + (end - start) * width
    this.#target ??= new GrowingBytes(Math.max(byteLength, this.#capacityNext))
    this.#target.reserve(byteLength, used)
    const texts = width > INLINE_BYTES_MAX ? new LongTexts(this.#entries, start, end) : null
    for (let row = start, at = used; row < end; row++, at += width) {
      if (!isValid(this.#mask, row)) {
        this.#target.bytes.fill(0, at, at + width)
        continue
      }
      if (this.#words[row * 4]! >>> 0 !== width) {
        throw new SternaError(
          'SQL_FAILED',
          `Column '${this.#column}' holds a value that is not ${width} bytes long`,
        )
      }
      const source = texts === null ? this.#entries : texts.memory(row)
      const from = texts === null ? row * 16 + 4 : texts.offset(row)
      this.#target.bytes.set(source.subarray(from, from + width), at)
    }
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const byteLength = this.#validity.rows * this.rowBytes
    this.#validity.finish(body)
    body.addBuffer(this.#target?.bytes ?? new Uint8Array(0), byteLength)
    this.#target = null
    this.#capacityNext = byteLength
  }
}
