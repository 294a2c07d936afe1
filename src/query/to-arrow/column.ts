import type { Frame } from '../../../flight/frame.ts'
import type { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import type { Mask } from './validity.ts'

/**
 * Builds one Arrow array after another from the vectors of a result column: `load` a vector, `append` runs of
 * its rows, `finish` the array. A nested column drives those of its children in the same way.
 */
export interface ColumnBuilder {
  /** Bytes that every row takes in the array, without what {@link ColumnBuilder.measure} counts. */
  readonly rowBytes: number
  /**
   * Copies what is needed out of the vector of a chunk, so that the chunk can go.
   *
   * @param parent - rows that are null because the parent is
   * @throws SternaError when a value has no place in the Arrow type
   */
  load(vector: bindings.Vector, rows: number, parent: Mask): void
  /** Bytes that rows `[start, end)` of the loaded vector take beyond {@link ColumnBuilder.rowBytes} each. */
  measure(start: number, end: number): number
  /** Appends rows `[start, end)` of the loaded vector. */
  append(start: number, end: number): void
  /** Adds the array's nodes and buffers to the body, which owns them from then on, and begins the next array. */
  finish(body: BatchBody): void
  /** Dictionary frames that must precede the array being built; each is given once. */
  dictionaries(): Frame[]
}

/** Most columns have no dictionary. */
export function noDictionaries(): Frame[] {
  return []
}
