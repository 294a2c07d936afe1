import { createHash } from 'node:crypto'

import type { Frame } from '../../flight/frame.ts'
import { type ArrowType, encodeSchema, type Field, type Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { FilterValue } from '../store/part-filter.ts'
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
import { type ArrowArray, malformed } from './from-arrow/arrow-array.ts'
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

  /** The value of a parameter without a name, as parts are chosen by it; undefined where its type does not tell. */
  filterValue(position: number): FilterValue | undefined {
    const found = this.#values[position - 1]
    const type = found === undefined ? undefined : FILTER_TYPES.get(found.type.toString())
    if (found === undefined || found.value === null || type === undefined) return undefined
    return { kind: 'bound', type, value: String(found.value) }
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
 * The rows of a client's batches as parameters. Any type that can be stored can be bound; a duration is an INTERVAL,
 * and a union what its values are.
 *
 * @param frames - dictionaries and batches of `schema`, which were checked
 * @throws {@link SternaError} TYPE_UNSUPPORTED naming the column, IPC_MALFORMED
 */
export async function parameterRows(schema: Schema, frames: readonly Frame[]): Promise<ParameterRow[]> {
  if (schema.fields.length === 0) return []
  await loadZstd()
  // Clients give parameters no names, or all the same.
  const renamed = schema.fields.map((field, index) => ({ ...field, name: `parameter ${index + 1}` }))
  const columns = renamed.map(parameterStorage)
  const rows: (readonly ParameterValue[])[] = []
  for (const batch of readBatches(schema, columns, frames)) {
    const values = schema.fields.map((field, index) => columnValues(field, batch.columns[index]))
    for (let row = 0; row < batch.rows; row++) rows.push(values.flatMap((column) => column[row] ?? []))
  }
  const key = contentKey(schema, frames)
  return rows.map((values, index) => new ParameterRow(values, `${key}:${index}`))
}

/** Some clients send a union of a few types, whatever they bind: each value is then of its member's type. */
function parameterStorage(field: Field): Storage {
  const isUnion = field.type.kind === 'union'
  const outer: Field = isUnion ? { ...field, type: { kind: 'null' }, children: [] } : field
  const [storage] = storageOf({ fields: [outer], metadata: new Map() })
  if (storage === undefined) throw new SternaError('BUG', 'A parameter has no storage')
  if (!isUnion) return storage
  const members = field.children.map((member, index) => ({ ...member, name: `member ${index + 1}` }))
  return { ...storage, children: storageOf({ fields: members, metadata: new Map() }) }
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

/** @param array - undefined for no values */
function columnValues(field: Field, array: ArrowArray | undefined): ParameterValue[] {
  if (array === undefined) return []
  if (field.type.kind === 'union') return unionValues(field, field.type, array)
  const values: ParameterValue[] = []
  for (let start = 0; start < array.length; start += bindings.vector_size()) {
    values.push(...chunkValues(field, array, start))
  }
  return values
}

/** Spec: a type id for each value, which says whose it is; where in it, a dense union says as well. */
function unionValues(
  { name, children }: Field,
  { mode, typeIds }: ArrowType & { kind: 'union' },
  { storage, length, buffers: [ids, offsets], children: arrays }: ArrowArray,
): ParameterValue[] {
  const members = children.map((child, index) => columnValues(child, arrays[index]))
  const places =
    mode === 'dense' && offsets !== undefined
      ? new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength)
      : null
  return Array.from({ length }, (_, row) => {
    const member = members[typeIds.indexOf(ids?.[row] ?? -1)]
    const value = member?.[places === null ? row : places.getInt32(4 * row, true)]
    if (value === undefined) throw malformed(storage, 'has a union value that no child has')
    return { ...value, name }
  })
}

function chunkValues(field: Field, array: ArrowArray, start: number): ParameterValue[] {
  const { storage } = array
  const count = Math.min(array.length - start, bindings.vector_size())
  const chunk = bindings.create_data_chunk([storage.logicalType()])
  writeVector(storage, bindings.data_chunk_get_vector(chunk, 0), [{ array, start, count, at: 0 }], count)
  bindings.data_chunk_set_size(chunk, count)
  const reader = new DuckDBDataChunk(chunk)
  const { type } = reader.getColumnVector(0)
  return reader.getColumnValues(0).map((value) => {
    if (field.type.kind !== 'duration') return { name: field.name, value, type }
    const [factor, divisor] = MICROS[field.type.unit]
    const interval =
      value === null ? null : new DuckDBIntervalValue(0, 0, ((value as bigint) * factor) / divisor)
    return { name: field.name, value: interval, type: INTERVAL }
  })
}

/** Of a duration in microseconds: times the first, by the second. */
const MICROS = { s: [1_000_000n, 1n], ms: [1000n, 1n], us: [1n, 1n], ns: [1n, 1000n] } as const

/** DuckDB's types whose values print as the catalog writes its bounds, in the words of DuckLake. */
const FILTER_TYPES: ReadonlyMap<string, string> = new Map([
  ['INTEGER', 'int32'],
  ['BIGINT', 'int64'],
  ['DOUBLE', 'float64'],
  ['VARCHAR', 'varchar'],
  ['DATE', 'date'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP_NS', 'timestamp_ns'],
  ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
])

/** A null of a type: DuckDB makes one only inside of something, as which it is cast. */
function nullOf(type: DuckDBType): bindings.Value {
  const list = bindings.create_list_value(type.toLogicalType().logical_type, [bindings.create_null_value()])
  return bindings.get_list_child(list, 0)
}
