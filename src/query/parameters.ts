import { createHash } from 'node:crypto'

import type { Frame } from '../../flight/frame.ts'
import { encodeSchema, type Field, type Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { loadZstd } from '../zstd.ts'
import {
  bindings,
  DuckDBDataChunk,
  DuckDBIntervalValue,
  DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  INTERVAL,
} from './duckdb.ts'
import type { ArrowBatch } from './from-arrow/arrow-array.ts'
import { readBatches } from './from-arrow/batches.ts'
import { writeVector } from './from-arrow/vector-writer.ts'
import { storageOf, type Storage } from './storage-types.ts'

/** One value for one parameter, of the type that its column has in Arrow: a null keeps it. */
interface ParameterValue {
  readonly name: string
  readonly value: DuckDBValue
  readonly type: DuckDBType
}

/** One row of a batch as the parameters of a statement, each in its own type. Plain data; may be bound many times. */
export class ParameterRow {
  readonly #values: readonly ParameterValue[]
  /** Different for rows of different values or types. */
  readonly key: string
  /** Different for rows of different types. */
  readonly types: string

  constructor(values: readonly ParameterValue[], key: string) {
    this.#values = values
    this.key = key
    this.types = JSON.stringify(values.map(({ name, type }) => [name, type.toString()]))
  }

  /**
   * Binds the values: by their names where the statement has names and all of them are columns, else by position.
   *
   * @throws {@link SternaError} SQL_INVALID where there are more or fewer than the statement takes
   */
  bindTo(handle: bindings.PreparedStatement): void {
    const count = bindings.nparams(handle)
    const names = Array.from({ length: count }, (_, index) => bindings.parameter_name(handle, index + 1))
    // Those without a name are called by their number, and so do some clients call their columns, from 0.
    const hasNames = names.every((name) => !/^\d+$/.test(name))
    const named = hasNames
      ? names.flatMap((name) => this.#values.find((value) => value.name === name) ?? [])
      : []
    const values = hasNames && named.length === count ? named : this.#values
    if (values.length !== count) {
      throw new SternaError(
        'SQL_INVALID',
        `The statement takes ${count} parameters, ${values.length} were bound`,
      )
    }
    const statement = new DuckDBPreparedStatement(handle)
    values.forEach(({ value, type }, index) => {
      if (value === null) bindings.bind_value(handle, index + 1, nullOf(type))
      else statement.bindValue(index + 1, value, type)
    })
  }
}

/**
 * The rows of a client's batches as parameters. Any type that can be stored can be bound; a duration is an INTERVAL.
 *
 * @param frames - dictionaries and batches of `schema`, which were checked
 * @throws {@link SternaError} TYPE_UNSUPPORTED naming the column, IPC_MALFORMED
 */
export async function parameterRows(schema: Schema, frames: readonly Frame[]): Promise<ParameterRow[]> {
  if (schema.fields.length === 0) return []
  await loadZstd()
  // Clients give parameters no names, or all the same.
  const renamed = schema.fields.map((field, index) => ({ ...field, name: `parameter ${index + 1}` }))
  const columns = storageOf({ fields: renamed, metadata: schema.metadata })
  const rows: (readonly ParameterValue[])[] = []
  for (const batch of readBatches(schema, columns, frames)) {
    for (let start = 0; start < batch.rows; start += bindings.vector_size()) {
      rows.push(...chunkRows(schema.fields, columns, batch, start))
    }
  }
  const key = contentKey(schema, frames)
  return rows.map((values, index) => new ParameterRow(values, `${key}:${index}`))
}

/** Of the bytes as they came: values that print the same may differ. */
function contentKey(schema: Schema, frames: readonly Frame[]): string {
  const hash = createHash('sha256').update(encodeSchema(schema))
  for (const frame of frames) {
    hash.update(frame.header)
    for (const piece of frame.body) hash.update(piece)
  }
  return hash.digest('base64url')
}

function chunkRows(
  fields: readonly Field[],
  columns: readonly Storage[],
  batch: ArrowBatch,
  start: number,
): (readonly ParameterValue[])[] {
  const count = Math.min(batch.rows - start, bindings.vector_size())
  const chunk = bindings.create_data_chunk(columns.map(({ logicalType }) => logicalType()))
  columns.forEach((storage, index) => {
    const array = batch.columns[index]
    if (array === undefined) return
    writeVector(
      storage,
      bindings.data_chunk_get_vector(chunk, index),
      [{ array, start, count, at: 0 }],
      count,
    )
  })
  bindings.data_chunk_set_size(chunk, count)
  const reader = new DuckDBDataChunk(chunk)
  const values = fields.map((field, index) => columnValues(field, reader, index))
  return Array.from({ length: count }, (_, row) => values.flatMap((column) => column[row] ?? []))
}

function columnValues(field: Field, chunk: DuckDBDataChunk, index: number): ParameterValue[] {
  const { type } = chunk.getColumnVector(index)
  return chunk.getColumnValues(index).map((value) => {
    if (field.type.kind !== 'duration') return { name: field.name, value, type }
    const [factor, divisor] = MICROS[field.type.unit]
    const interval =
      value === null ? null : new DuckDBIntervalValue(0, 0, ((value as bigint) * factor) / divisor)
    return { name: field.name, value: interval, type: INTERVAL }
  })
}

/** Of a duration in microseconds: times the first, by the second. */
const MICROS = { s: [1_000_000n, 1n], ms: [1000n, 1n], us: [1n, 1n], ns: [1n, 1000n] } as const

/** A null of a type: DuckDB makes one only inside of something, as which it is cast. */
function nullOf(type: DuckDBType): bindings.Value {
  const list = bindings.create_list_value(type.toLogicalType().logical_type, [bindings.create_null_value()])
  return bindings.get_list_child(list, 0)
}
