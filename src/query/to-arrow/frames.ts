import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { LIMITS } from '../../limits.ts'
import { bindings } from '../duckdb.ts'
import type { DuckColumn } from '../result-types.ts'
import { BatchBody } from './batch-body.ts'
import type { ColumnBuilder } from './column.ts'
import { columnBuilders } from './plan.ts'

/** Gathers the chunks of a result (2048 rows each, at most) into frames of the size that suits the wire. */
export class FrameBuilder {
  readonly #columns: readonly ColumnBuilder[]
  readonly #rowBytes: number
  #rows = 0
  #bytes = 0
  /** The chunk whose vectors are being read: the texts behind their pointers live as long as it does. */
  readonly #held: bindings.DataChunk[] = []

  /**
   * @param columns - of the result
   * @param schema - what the frames are to be: that of {@link resultSchema}, or a dataset's own
   * @throws SternaError TYPE_UNSUPPORTED when a column cannot become its field
   */
  constructor(columns: readonly DuckColumn[], schema: Schema) {
    this.#columns = columnBuilders(columns, schema)
    this.#rowBytes = this.#columns.reduce((sum, column) => sum + column.rowBytes, 0)
  }

  /** Takes the rows of a chunk and gives the frames that are full now; the chunk may go afterwards. */
  *add(chunk: bindings.DataChunk): Generator<Frame, void, undefined> {
    const rows = bindings.data_chunk_get_size(chunk)
    this.#held.push(chunk)
    for (let index = 0; index < this.#columns.length; index++) {
      this.#columns[index]!.load(bindings.data_chunk_get_vector(chunk, index), rows, null)
    }
    for (let start = 0; start < rows;) {
      const end = this.#fit(start, rows)
      if (end === start) {
        yield* this.finish()
        continue
      }
      for (const column of this.#columns) column.append(start, end)
      this.#rows += end - start
      start = end
    }
    this.#held.pop()
  }

  /** The frames of the rows that are left; none when there are none. */
  *finish(): Generator<Frame, void, undefined> {
    if (this.#rows === 0) return
    for (const column of this.#columns) yield* column.dictionaries()
    const body = new BatchBody()
    for (const column of this.#columns) column.finish(body)
    yield body.toBatchFrame(this.#rows)
    this.#rows = 0
    this.#bytes = 0
  }

  /**
   * How far rows from `start` on fit the frame being built; `start` when it has to go first. A single row is
   * taken whatever its size.
   */
  #fit(start: number, rows: number): number {
    let end = Math.min(rows, start + LIMITS.frameRowsTarget - this.#rows)
    while (end > start) {
      let bytes = (end - start) * this.#rowBytes
      for (const column of this.#columns) bytes += column.measure(start, end)
      const isOnly = this.#rows === 0 && end - start === 1
      if (isOnly || this.#bytes + bytes <= LIMITS.resultFrameBytesTarget) {
        this.#bytes += bytes
        return end
      }
      if (this.#rows > 0) return start
      end = start + ((end - start) >> 1)
    }
    return start
  }
}
