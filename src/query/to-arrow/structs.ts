import type { Frame } from '../../../flight/frame.ts'
import { bitmapBytes, setBit } from '../from-arrow/bitmap.ts'
import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import type { ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { isValid, readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/** STRUCT: validity and one array per member, which is null where the struct is. */
export class StructColumn implements ColumnBuilder {
  readonly rowBytes: number
  readonly #members: readonly ColumnBuilder[]
  readonly #validity = new ValidityBuilder()
  #mask: Mask = null

  constructor(members: readonly ColumnBuilder[]) {
    this.rowBytes = sum(members, (member) => member.rowBytes)
    this.#members = members
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#mask = readMask(vector, rows, parent)
    this.#members.forEach((member, index) => {
      member.load(bindings.struct_vector_get_child(vector, index), rows, this.#mask)
    })
  }

  measure(start: number, end: number): number {
    return sum(this.#members, (member) => member.measure(start, end))
  }

  append(start: number, end: number): void {
    for (const member of this.#members) member.append(start, end)
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    this.#validity.finish(body)
    for (const member of this.#members) member.finish(body)
  }

  dictionaries(): Frame[] {
    return this.#members.flatMap((member) => member.dictionaries())
  }
}

/**
 * UNION to a sparse union. In DuckDB it is a struct whose first member is the tag. Arrow's unions have no
 * validity of their own: a null row is a null of the first member.
 */
export class UnionColumn implements ColumnBuilder {
  readonly rowBytes: number
  readonly #members: readonly ColumnBuilder[]
  #tags: Uint8Array = new Uint8Array(0)
  #typeIds: GrowingBytes | null = null
  #rows = 0

  constructor(members: readonly ColumnBuilder[]) {
    this.rowBytes = 1 + sum(members, (member) => member.rowBytes)
    this.#members = members
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    const tagVector = bindings.struct_vector_get_child(vector, 0)
    this.#tags = bindings.vector_get_data(tagVector, rows)
    const mask = readMask(tagVector, rows, readMask(vector, rows, parent))
    zeroNulls(this.#tags, 1, mask, rows)
    this.#members.forEach((member, index) => {
      const chosen = chosenRows(this.#tags, index, mask, rows)
      member.load(bindings.struct_vector_get_child(vector, index + 1), rows, chosen)
    })
  }

  measure(start: number, end: number): number {
    return sum(this.#members, (member) => member.measure(start, end))
  }

  append(start: number, end: number): void {
    const rows = this.#rows + end - start
    this.#typeIds ??= new GrowingBytes(rows)
    this.#typeIds.reserve(rows, this.#rows)
    this.#typeIds.bytes.set(this.#tags.subarray(start, end), this.#rows)
    for (const member of this.#members) member.append(start, end)
    this.#rows = rows
  }

  finish(body: BatchBody): void {
    body.addNode(this.#rows, 0)
    body.addBuffer(this.#typeIds?.bytes ?? new Uint8Array(0), this.#rows)
    for (const member of this.#members) member.finish(body)
    this.#typeIds = null
    this.#rows = 0
  }

  dictionaries(): Frame[] {
    return this.#members.flatMap((member) => member.dictionaries())
  }
}

/** The rows whose tag is `tag`. */
function chosenRows(tags: Uint8Array, tag: number, mask: Mask, rows: number): Mask {
  const chosen = new Uint8Array(bitmapBytes(rows))
  for (let row = 0; row < rows; row++) {
    if (tags[row] === tag && isValid(mask, row)) setBit(chosen, row, true)
  }
  return chosen
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let total = 0
  for (const item of items) total += value(item)
  return total
}
