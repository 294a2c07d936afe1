import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { noDictionaries, type ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/**
 * Turns the values of a vector into those of the array; null rows are zero before and must be after.
 * May write into `data`, which is a copy.
 */
export type Conversion = (data: Uint8Array, rows: number) => Uint8Array

/** An array of values of one width: copied as they are, or converted on the way. */
export class FixedColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes: number
  readonly #vectorWidth: number
  readonly #convert: Conversion | null
  readonly #validity = new ValidityBuilder()
  #target: GrowingBytes | null = null
  #capacityNext = 0
  #data: Uint8Array = new Uint8Array(0)
  #mask: Mask = null

  /** Widths in bytes: of a value in DuckDB's vector, and in the array. */
  constructor(vectorWidth: number, arrayWidth: number, convert: Conversion | null) {
    this.#vectorWidth = vectorWidth
    this.rowBytes = arrayWidth
    this.#convert = convert
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    const data = bindings.vector_get_data(vector, rows * this.#vectorWidth)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(data, this.#vectorWidth, this.#mask, rows)
    this.#data = this.#convert === null ? data : this.#convert(data, rows)
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
    this.#target.bytes.set(this.#data.subarray(start * width, end * width), used)
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

/** Booleans: one byte each in DuckDB, one bit in Arrow. */
export class BoolColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes = 1 / 8
  readonly #validity = new ValidityBuilder()
  #bits: GrowingBytes | null = null
  #capacityNext = 0
  #data: Uint8Array = new Uint8Array(0)
  #mask: Mask = null

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#data = bindings.vector_get_data(vector, rows)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(this.#data, 1, this.#mask, rows)
  }

  measure(): number {
    return 0
  }

  append(start: number, end: number): void {
    const data = this.#data
    let bit = this.#validity.rows
    const byteLength = Math.ceil((bit + end - start) / 8)
    this.#bits ??= new GrowingBytes(Math.max(byteLength, this.#capacityNext))
    this.#bits.reserve(byteLength, Math.ceil(bit / 8))
    const bits = this.#bits.bytes
    let byte = (bit & 7) === 0 ? 0 : bits[bit >> 3]!
    for (let row = start; row < end; row++, bit++) {
      byte |= data[row]! << (bit & 7)
      if ((bit & 7) === 7) {
        bits[bit >> 3] = byte
        byte = 0
      }
    }
    if ((bit & 7) !== 0) bits[bit >> 3] = byte
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const byteLength = Math.ceil(this.#validity.rows / 8)
    this.#validity.finish(body)
    body.addBuffer(this.#bits?.bytes ?? new Uint8Array(0), byteLength)
    this.#bits = null
    this.#capacityNext = byteLength
  }
}

/** DuckDB's NULL type and Arrow's: a length and nothing else. */
export class NullColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes = 0
  #rows = 0

  load(): void {
    // Every row is the same
  }

  measure(): number {
    return 0
  }

  append(start: number, end: number): void {
    this.#rows += end - start
  }

  finish(body: BatchBody): void {
    body.addNode(this.#rows, this.#rows)
    this.#rows = 0
  }
}
