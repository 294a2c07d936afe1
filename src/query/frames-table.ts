import { randomUUID } from 'node:crypto'

import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { loadZstd } from '../zstd.ts'
import type { Duck } from './duck.ts'
import { bindings, quoteText } from './duckdb.ts'
import type { ArrowBatch } from './from-arrow/arrow-array.ts'
import { readBatches } from './from-arrow/batches.ts'
import { storageOf, type Storage } from './storage-types.ts'
import { type Run } from './from-arrow/indices.ts'
import { writeVector } from './from-arrow/vector-writer.ts'

const FUNCTION_NAME = 'sterna_frames'

/** Rows that DuckDB takes at once. */
const CHUNK_ROWS_MAX = bindings.vector_size()

/** Arrow bytes of one chunk, roughly: rows of a megabyte must not make one of two gigabytes. */
const CHUNK_BYTES_MAX = 64 * 1024 * 1024

/** Frames that SQL reads as a table, until {@link HeldFrames.release}. */
export interface HeldFrames {
  /** The argument of {@link sql}; nobody can guess it. */
  readonly handle: string
  /** Stands for a table in SQL, with the columns of the schema. */
  readonly sql: string
  readonly rows: number
  /** What a scan threw, which DuckDB knows as text only. */
  readonly failure: SternaError | undefined
  release(): void
}

/**
 * The table function `sterna_frames(handle)` of one DuckDB instance, over frames in memory.
 *
 * DuckDB calls it on the main thread for each 2048 rows and reads only the columns that a query names. Between
 * two calls the event loop runs. Handles cannot be guessed, so that SQL cannot reach the frames of another query.
 */
export class FramesTable {
  readonly #sources = new Map<string, Source>()

  private constructor() {
    // Made by `of` only: the function must be known to DuckDB.
  }

  /** The one of an instance; registered at its first use. */
  static of(duck: Duck): Promise<FramesTable> {
    const known = tables.get(duck)
    if (known !== undefined) return known
    const table = FramesTable.#register(duck)
    tables.set(duck, table)
    return table
  }

  static async #register(duck: Duck): Promise<FramesTable> {
    await loadZstd()
    const table = new FramesTable()
    const definition = bindings.create_table_function()
    bindings.table_function_set_name(definition, FUNCTION_NAME)
    bindings.table_function_add_parameter(definition, bindings.create_logical_type(bindings.Type.VARCHAR))
    bindings.table_function_supports_projection_pushdown(definition, true)
    bindings.table_function_set_bind(definition, (info) => {
      table.#bind(info)
    })
    bindings.table_function_set_init(definition, init)
    bindings.table_function_set_function(definition, produce)
    duck.registerTableFunction(definition)
    return table
  }

  /**
   * Makes frames (dictionaries and batches of `schema`) readable. They are borrowed until the release; several
   * scans may read them at once, each from the start.
   *
   * @throws {@link SternaError} TYPE_UNSUPPORTED for a schema that cannot be stored. What is wrong with the
   * frames themselves shows in the scan.
   */
  hold(schema: Schema, frames: readonly Frame[], signal?: AbortSignal): HeldFrames {
    const handle = randomUUID()
    const source = new Source(schema, frames, signal)
    this.#sources.set(handle, source)
    return {
      handle,
      sql: `${FUNCTION_NAME}(${quoteText(handle)})`,
      rows: source.rows,
      get failure() {
        return source.failure
      },
      release: () => {
        this.#sources.delete(handle)
      },
    }
  }

  #bind(info: bindings.TableFunctionBindInfo): void {
    const handle = bindings.get_varchar(bindings.bind_get_parameter(info, 0))
    const source = this.#sources.get(handle)
    if (source === undefined) {
      bindings.bind_set_error(info, 'No frames are held under this handle')
      return
    }
    for (const { field, logicalType } of source.columns) {
      bindings.bind_add_result_column(info, field.name, logicalType())
    }
    bindings.bind_set_cardinality(info, source.rows, true)
    bindings.bind_set_bind_data(info, source)
  }
}

const tables = new WeakMap<Duck, Promise<FramesTable>>()

class Source {
  readonly schema: Schema
  readonly columns: readonly Storage[]
  readonly frames: readonly Frame[]
  readonly rows: number
  readonly chunkRowsMax: number
  readonly signal: AbortSignal | undefined
  failure: SternaError | undefined

  constructor(schema: Schema, frames: readonly Frame[], signal: AbortSignal | undefined) {
    this.schema = schema
    this.columns = storageOf(schema)
    this.frames = frames
    this.signal = signal
    this.rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
    const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    const rowsMax = Math.floor((CHUNK_BYTES_MAX * this.rows) / Math.max(bytes, 1))
    this.chunkRowsMax = Math.min(CHUNK_ROWS_MAX, Math.max(rowsMax, 1))
  }
}

/** One reading of the frames. */
class Scan {
  readonly source: Source
  /** Columns that the query reads, in the order of the output. */
  readonly projection: readonly number[]
  readonly #batches: Generator<ArrowBatch>
  #batch: ArrowBatch | undefined
  #position = 0

  constructor(source: Source, projection: readonly number[]) {
    this.source = source
    this.projection = projection
    this.#batches = readBatches(source.schema, source.columns, source.frames)
  }

  /** Writes the next rows; 0 at the end. */
  fill(output: bindings.DataChunk): number {
    const pieces = this.#take()
    const rows = pieces.reduce((sum, piece) => sum + piece.count, 0)
    if (rows === 0) return 0
    this.projection.forEach((columnIndex, outputIndex) => {
      const storage = this.source.columns[columnIndex]
      // A query that only counts asks for a column that is none.
      if (storage === undefined) return
      const runs = pieces.flatMap(({ batch, ...place }): Run[] => {
        const array = batch.columns[columnIndex]
        return array === undefined ? [] : [{ array, ...place }]
      })
      writeVector(storage, bindings.data_chunk_get_vector(output, outputIndex), runs, rows)
    })
    return rows
  }

  /** Up to a chunk of rows, from as many batches as that takes: chunks of few rows are slow. */
  #take(): { batch: ArrowBatch; start: number; count: number; at: number }[] {
    const pieces = []
    let at = 0
    while (at < this.source.chunkRowsMax) {
      if (this.#batch === undefined || this.#position === this.#batch.rows) {
        const next = this.#batches.next()
        if (next.done === true) break
        this.#batch = next.value
        this.#position = 0
      }
      const count = Math.min(this.#batch.rows - this.#position, this.source.chunkRowsMax - at)
      if (count > 0) pieces.push({ batch: this.#batch, start: this.#position, count, at })
      this.#position += count
      at += count
    }
    return pieces
  }
}

function init(info: bindings.TableFunctionInitInfo): void {
  const source = bindings.init_get_bind_data(info)
  if (!(source instanceof Source)) {
    bindings.init_set_error(info, 'The scan has no frames')
    return
  }
  const projection = Array.from({ length: bindings.init_get_column_count(info) }, (_, index) =>
    bindings.init_get_column_index(info, index),
  )
  // The order of the rows is that of the frames.
  bindings.init_set_max_threads(info, 1)
  bindings.init_set_init_data(info, new Scan(source, projection))
}

function produce(info: bindings.TableFunctionInfo, output: bindings.DataChunk): void {
  const scan = bindings.function_get_init_data(info)
  if (!(scan instanceof Scan)) {
    bindings.function_set_error(info, 'The scan was not initialised')
    return
  }
  try {
    if (scan.source.signal?.aborted === true) throw new SternaError('CANCELLED', 'The call was cancelled')
    bindings.data_chunk_set_size(output, scan.fill(output))
  } catch (error) {
    scan.source.failure = SternaError.from(error)
    bindings.function_set_error(info, scan.source.failure.message)
  }
}
