import type { Frame } from '../../../flight/frame.ts'
import type { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { ByteSet } from './byte-set.ts'
import type { ColumnBuilder } from './column.ts'
import { dictionaryFrame } from './dictionary-frame.ts'
import { FixedColumn } from './fixed.ts'
import type { Mask } from './validity.ts'

/** ENUM: DuckDB has the indices and the values, which never change. */
export class EnumColumn implements ColumnBuilder {
  readonly rowBytes: number
  readonly #id: bigint
  readonly #indices: FixedColumn
  #values: readonly string[] | null

  constructor(id: bigint, indexBytes: 1 | 2 | 4, values: readonly string[]) {
    this.rowBytes = indexBytes
    this.#id = id
    this.#indices = new FixedColumn(indexBytes, indexBytes, null)
    this.#values = values
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    this.#indices.load(vector, rows, parent)
  }

  measure(): number {
    return 0
  }

  append(start: number, end: number): void {
    this.#indices.append(start, end)
  }

  finish(body: BatchBody): void {
    this.#indices.finish(body)
  }

  dictionaries(): Frame[] {
    if (this.#values === null) return []
    const values = new ByteSet()
    for (const value of this.#values) {
      const bytes = Buffer.from(value)
      values.add(bytes, 0, bytes.byteLength)
    }
    this.#values = null
    return [dictionaryFrame(this.#id, values, 'offsets32')]
  }
}
