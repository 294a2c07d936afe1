import { bitmapBytes, copyBits, isSet, setBits } from '../from-arrow/bitmap.ts'
import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { allocate, padded } from './memory.ts'

/**
 * Which rows of a loaded vector are valid: bit `i` of byte `i >> 3`, little endian, as in both DuckDB and
 * Arrow; a multiple of 8 bytes long. Null: all are.
 */
export type Mask = Uint8Array | null

/** The mask of a vector, with the rows that are null in its parent. */
export function readMask(vector: bindings.Vector, rows: number, parent: Mask): Mask {
  const own = bindings.vector_get_validity(vector, bitmapBytes(rows)) as Uint8Array | null
  if (own === null || parent === null) return own ?? parent
  for (let index = 0; index < own.length; index++) own[index] = own[index]! & parent[index]!
  return own
}

export function isValid(mask: Mask, row: number): boolean {
  return mask === null || isSet(mask, row)
}

/**
 * Zeroes the values of null rows: DuckDB leaves there whatever was in that memory before, and for texts
 * pointers to it.
 */
export function zeroNulls(data: Uint8Array, byteWidth: number, mask: Mask, rows: number): void {
  if (mask === null) return
  for (let row = 0; row < rows; row++) {
    const bits = mask[row >> 3]!
    if (bits === 0xff) row |= 7
    else if (((bits >> (row & 7)) & 1) === 0) {
      for (let byte = row * byteWidth, end = byte + byteWidth; byte < end; byte++) data[byte] = 0
    }
  }
}

/** Builds the validity bitmap of one array. It takes memory from the first null on. */
export class ValidityBuilder {
  #bits: Uint8Array | null = null
  #rows = 0
  #nullCount = 0

  get rows(): number {
    return this.#rows
  }

  /** Appends rows `[start, end)` of a vector with this mask. */
  append(mask: Mask, start: number, end: number): void {
    const count = end - start
    const nulls = mask === null ? 0 : countNulls(mask, start, end)
    if (nulls > 0 || this.#bits !== null) {
      const bits = this.#reserve(this.#rows + count)
      if (mask === null || nulls === 0) setBits(bits, this.#rows, count)
      else copyBits(mask, start, bits, this.#rows, count)
    }
    this.#rows += count
    this.#nullCount += nulls
  }

  /** Adds node and buffer to the body, and begins the next array. */
  finish(body: BatchBody): void {
    body.addNode(this.#rows, this.#nullCount)
    const bits = this.#bits
    if (bits === null) {
      body.addBuffer(EMPTY, 0)
    } else {
      // What the last copy left in the last byte.
      if ((this.#rows & 7) !== 0) bits[this.#rows >> 3]! &= (1 << (this.#rows & 7)) - 1
      body.addBuffer(bits, Math.ceil(this.#rows / 8))
    }
    this.#bits = null
    this.#rows = 0
    this.#nullCount = 0
  }

  #reserve(rows: number): Uint8Array {
    const byteLength = padded(Math.ceil(rows / 8))
    const bits = this.#bits
    if (bits !== null && byteLength <= bits.byteLength) return bits
    const grown = allocate(Math.max(byteLength, 2 * (bits?.byteLength ?? 0)))
    if (bits === null) setBits(grown, 0, this.#rows)
    else grown.set(bits)
    this.#bits = grown
    return grown
  }
}

const EMPTY = new Uint8Array(0)

function countNulls(mask: Uint8Array, start: number, end: number): number {
  let nulls = 0
  for (let row = start; row < end; row++) {
    const bits = mask[row >> 3]!
    if (bits === 0xff) row |= 7
    else if (((bits >> (row & 7)) & 1) === 0) nulls++
  }
  return nulls
}
