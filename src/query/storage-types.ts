import type { ArrowType, Field, Schema } from '../../flight/ipc/schema.ts'
import { typeName } from '../../flight/ipc/type-name.ts'
import { SternaError } from '../errors.ts'
import { storedFields } from '../store/parts.ts'
import { bindings, quoteName } from './duckdb.ts'
import { flatStorage, type Layout } from './flat-storage.ts'

export type { Layout }

/** How one column, or one child of a nested column, is stored. */
export interface Storage {
  readonly field: Field
  /** Names from the column down, joined by dots: for messages. */
  readonly path: string
  /** DuckDB's type, as SQL. */
  readonly sql: string
  readonly layout: Layout
  /** In the order of `field.children`. */
  readonly children: readonly Storage[]
  /** A new handle on DuckDB's type. */
  readonly logicalType: () => bindings.LogicalType
}

/** What DuckDB calls the children of a list and of a map; DuckLake and Parquet do as well. */
const LIST_CHILD = 'element'
export const MAP_CHILDREN = ['key', 'value'] as const

/**
 * How the columns of a schema are stored: in types from which the values come back exactly.
 *
 * | Arrow | DuckDB | why |
 * | --- | --- | --- |
 * | timestamp[s], timestamp[ms], date64 | TIMESTAMP_MS | Parquet has no seconds; a date64 may hold a time of day |
 * | timestamp[us], timestamp[ns] | TIMESTAMP, TIMESTAMP_NS | |
 * | timestamp[s, ms or us] with a zone | TIMESTAMPTZ | DuckDB's only type with a zone, in microseconds |
 * | timestamp[ns] with a zone | TIMESTAMP_NS, in UTC | TIMESTAMPTZ would lose nanoseconds |
 * | time32, time64[us] | TIME | microseconds |
 * | time64[ns], duration | BIGINT | DuckDB writes TIME_NS as text; it has no duration |
 * | float16 | FLOAT | |
 * | decimal of up to 38 digits | DECIMAL | |
 * | dictionary | as its values | |
 * | fixed-size list | LIST | what a fixed-size list in Parquet is read as |
 * | null | INTEGER | |
 * | no columns at all | one of nulls | there are no tables without columns |
 *
 * The Arrow schema in the file's metadata says which of them to turn back.
 *
 * @throws {@link SternaError} TYPE_UNSUPPORTED for a type without exact storage, and for names that DuckDB
 * cannot tell apart; both named.
 */
export function storageOf(schema: Schema): Storage[] {
  checkNames(schema.fields, null)
  return storedFields(schema).map((field) => fieldStorage(field, field.name))
}

/** DuckDB's type for a column once it is read from Parquet, where milliseconds are microseconds. */
export function parquetSql({ sql, layout, children }: Storage): string {
  const [only] = children
  switch (layout.kind) {
    case 'list':
    case 'fixedList':
      return only === undefined ? sql : `${parquetSql(only)}[]`
    case 'struct':
      return `STRUCT(${children.map((child) => `${quoteName(child.field.name)} ${parquetSql(child)}`).join(', ')})`
    case 'map':
      return `MAP(${only?.children.map(parquetSql).join(', ') ?? ''})`
    default:
      return sql === 'TIMESTAMP_MS' ? 'TIMESTAMP' : sql
  }
}

/** A column or child with its Parquet field id, which is its DuckLake column id. */
export interface FieldId {
  readonly name: string
  readonly id: number
  readonly field: Field
  readonly children: readonly FieldId[]
}

/**
 * Field ids: 1 … n for the columns in order, then their children, depth first.
 * The one child of a list is named `element`, those of a map `key` and `value`.
 */
export function fieldIds(schema: Schema): FieldId[] {
  const fields = storedFields(schema)
  let next = fields.length + 1
  const withChildren = (field: Field, name: string, id: number): FieldId => ({
    name,
    id,
    field,
    children: childrenOf(field).map((child) => {
      const childId = next
      next += 1
      return withChildren(child.field, child.name, childId)
    }),
  })
  return fields.map((field, index) => withChildren(field, field.name, index + 1))
}

/** Children as DuckDB knows them: without the struct that Arrow puts between a map and its keys and values. */
function childrenOf(field: Field): { field: Field; name: string }[] {
  if (field.type.kind === 'struct') return field.children.map((child) => ({ field: child, name: child.name }))
  if (field.type.kind === 'map') {
    const entries = field.children[0]?.children ?? []
    return MAP_CHILDREN.flatMap((name, index) => {
      const child = entries[index]
      return child === undefined ? [] : [{ field: child, name }]
    })
  }
  return field.children.map((child) => ({ field: child, name: LIST_CHILD }))
}

function checkNames(fields: readonly Field[], parentPath: string | null): void {
  const seen = new Map<string, string>()
  const where = parentPath === null ? '' : ` of '${parentPath}'`
  for (const { name } of fields) {
    if (name === '' || name.includes('\0')) {
      throw new SternaError(
        'TYPE_UNSUPPORTED',
        `A column${where} has a name that is empty or holds a zero byte`,
      )
    }
    const twin = seen.get(name.toLowerCase())
    if (twin !== undefined) {
      throw new SternaError(
        'TYPE_UNSUPPORTED',
        `Columns '${twin}' and '${name}'${where} must differ by more than case`,
      )
    }
    seen.set(name.toLowerCase(), name)
  }
}

function fieldStorage(field: Field, path: string): Storage {
  const { type } = field
  const flat = flatStorage(type)
  if (flat !== null) {
    if (field.dictionary !== null && !isDictionaryValue(type)) throw unsupported(field, path)
    const { sql, layout, logicalType } = flat
    return { field, path, sql, layout, children: [], logicalType }
  }
  if (field.dictionary !== null) throw unsupported(field, path)
  switch (type.kind) {
    case 'list':
      return listStorage(field, path, { kind: 'list', source: 'offsets32' })
    case 'largeList':
      return listStorage(field, path, { kind: 'list', source: 'offsets64' })
    case 'fixedSizeList':
      // DuckDB's arrays have at least one element.
      if (type.listSize === 0) throw unsupported(field, path)
      return listStorage(field, path, { kind: 'fixedList', listSize: type.listSize })
    case 'struct':
      return structStorage(field, path)
    case 'map':
      return mapStorage(field, path)
    default:
      throw unsupported(field, path)
  }
}

/** Decimals of more digits are no integers in Parquet. Of these, of truth values and of nulls, no reader makes dictionaries. */
const DICTIONARY_DIGITS_MAX = 18

function isDictionaryValue(type: ArrowType): boolean {
  if (type.kind === 'decimal') return type.precision <= DICTIONARY_DIGITS_MAX
  return type.kind !== 'bool' && type.kind !== 'null'
}

function listStorage(field: Field, path: string, layout: Layout): Storage {
  const child = onlyChild(field, path)
  const storage = fieldStorage(child, `${path}.${LIST_CHILD}`)
  return {
    field,
    path,
    sql: `${storage.sql}[]`,
    layout,
    children: [storage],
    logicalType: () => bindings.create_list_type(storage.logicalType()),
  }
}

function structStorage(field: Field, path: string): Storage {
  if (field.children.length === 0) throw unsupported(field, path)
  checkNames(field.children, path)
  const children = field.children.map((child) => fieldStorage(child, `${path}.${child.name}`))
  const members = children.map((child) => `${quoteName(child.field.name)} ${child.sql}`)
  const names = field.children.map((child) => child.name)
  return {
    field,
    path,
    sql: `STRUCT(${members.join(', ')})`,
    layout: { kind: 'struct' },
    children,
    logicalType: () =>
      bindings.create_struct_type(
        children.map((child) => child.logicalType()),
        names,
      ),
  }
}

/** The entries of a map are kept as the one child, as in Arrow; DuckDB's vector of a map has them too. */
function mapStorage(field: Field, path: string): Storage {
  const entries = onlyChild(field, path)
  const [key, value] = entries.children
  if (key === undefined || value === undefined) throw unsupported(field, path)
  const keys = fieldStorage(key, `${path}.${MAP_CHILDREN[0]}`)
  const values = fieldStorage(value, `${path}.${MAP_CHILDREN[1]}`)
  const logicalType = (): bindings.LogicalType =>
    bindings.create_map_type(keys.logicalType(), values.logicalType())
  const child: Storage = {
    field: entries,
    path,
    sql: '',
    layout: { kind: 'struct' },
    children: [keys, values],
    logicalType,
  }
  const sql = `MAP(${keys.sql}, ${values.sql})`
  return { field, path, sql, layout: { kind: 'map' }, children: [child], logicalType }
}

function onlyChild(field: Field, path: string): Field {
  const [child] = field.children
  if (child === undefined) throw unsupported(field, path)
  return child
}

function unsupported(field: Field, path: string): SternaError {
  return new SternaError(
    'TYPE_UNSUPPORTED',
    `Column '${path}' has the type ${typeName(field)}, which cannot be stored`,
  )
}
