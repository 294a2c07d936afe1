import type { Frame } from '../../../flight/frame.ts'
import { bitmapBytes, setBits } from '../from-arrow/bitmap.ts'
import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import type { ColumnBuilder } from './column.ts'
import { assertOffsetFits, OffsetsBuilder } from './offsets.ts'
import { isValid, readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/** LIST and MAP to offsets and a child; the child of a map is a struct of key and value in both. */
export class ListColumn implements ColumnBuilder {
  readonly rowBytes: 4 | 8
  readonly #child: ColumnBuilder
  readonly #column: string
  readonly #validity = new ValidityBuilder()
  readonly #offsets = new OffsetsBuilder()
  #mask: Mask = null
  /** By row: where its entries begin in the child vector, and how many there are. Both fit: see `load`. */
  #starts = new Uint32Array(0)
  #counts = new Uint32Array(0)

  constructor(offsetBytes: 4 | 8, child: ColumnBuilder, column: string) {
    this.rowBytes = offsetBytes
    this.#child = child
    this.#column = column
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    const entries = bindings.vector_get_data(vector, rows * 16)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(entries, 16, this.#mask, rows)
    const childRows = bindings.list_vector_get_size(vector)
    // So that the 64-bit positions in the entries are 32-bit ones.
    assertOffsetFits(childRows, this.#column)
    const words = new Uint32Array(entries.buffer, entries.byteOffset, rows * 4)
    this.#starts = new Uint32Array(rows)
    this.#counts = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) {
      this.#starts[row] = words[row * 4]!
      this.#counts[row] = words[row * 4 + 2]!
    }
    this.#child.load(bindings.list_vector_get_child(vector), childRows, null)
  }

  measure(start: number, end: number): number {
    let bytes = 0
    this.#forEachRun(start, end, (from, to) => {
      bytes += (to - from) * this.#child.rowBytes + this.#child.measure(from, to)
    })
    return bytes
  }

  append(start: number, end: number): void {
    const rows = this.#validity.rows
    const ends = this.#offsets.reserve(rows + end - start, rows)
    let position = ends[rows]!
    for (let row = start, index = rows + 1; row < end; row++, index++) {
      position += this.#counts[row]!
      ends[index] = position
    }
    assertOffsetFits(position, this.#column)
    this.#forEachRun(start, end, (from, to) => {
      this.#child.append(from, to)
    })
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const rows = this.#validity.rows
    this.#validity.finish(body)
    this.#offsets.finish(body, rows, this.rowBytes)
    this.#child.finish(body)
  }

  dictionaries(): Frame[] {
    return this.#child.dictionaries()
  }

  /** Entries of rows that follow each other in the child vector, as they mostly do, are one run. */
  #forEachRun(start: number, end: number, visit: (from: number, to: number) => void): void {
    let from = 0
    let to = 0
    for (let row = start; row < end; row++) {
      const count = this.#counts[row]!
      if (count === 0) continue
      const first = this.#starts[row]!
      if (first !== to || from === to) {
        if (to > from) visit(from, to)
        from = first
      }
      to = first + count
    }
    if (to > from) visit(from, to)
  }
}

/** ARRAY to a fixed-size list: the entries of a null row are there, and null. */
export class ArrayColumn implements ColumnBuilder {
  readonly rowBytes: number
  readonly #size: number
  readonly #child: ColumnBuilder
  readonly #validity = new ValidityBuilder()
  #mask: Mask = null

  constructor(size: number, child: ColumnBuilder) {
    this.rowBytes = size * child.rowBytes
    this.#size = size
    this.#child = child
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#mask = readMask(vector, rows, parent)
    const childRows = rows * this.#size
    this.#child.load(bindings.array_vector_get_child(vector), childRows, spread(this.#mask, rows, this.#size))
  }

  measure(start: number, end: number): number {
    return this.#child.measure(start * this.#size, end * this.#size)
  }

  append(start: number, end: number): void {
    this.#child.append(start * this.#size, end * this.#size)
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    this.#validity.finish(body)
    this.#child.finish(body)
  }

  dictionaries(): Frame[] {
    return this.#child.dictionaries()
  }
}

/** Each bit of the mask `size` times. */
function spread(mask: Mask, rows: number, size: number): Mask {
  if (mask === null) return null
  const wide = new Uint8Array(bitmapBytes(rows * size))
  for (let row = 0; row < rows; row++) {
    if (!isValid(mask, row)) continue
    setBits(wide, row * size, size)
  }
  return wide
}
