import type { ArrowType, Field, Schema } from '../../../flight/ipc/schema.ts'
import { typeName } from '../../../flight/ipc/type-name.ts'
import { SternaError } from '../../errors.ts'
import { storedFields } from '../parts.ts'

/** One column of a DuckLake table, or one level of a nested column. */
export interface Column {
  /** The field id in the Parquet files. */
  readonly id: number
  readonly parent: number | null
  readonly name: string
  /** DuckLake type name; `struct`, `list` and `map` have children. */
  readonly type: string
  readonly nullable: boolean
}

/**
 * The DuckLake type that values of an Arrow field have in a part; `struct`, `list` and `map` for nested ones. These
 * are the types that parts are written in; where they are not what Arrow calls them, the Arrow schema that stands
 * beside the table, and in the part, says what to turn them back into:
 *
 * - Parquet has no seconds, and a date64 may hold a time of day: both are milliseconds.
 * - DuckDB has no duration and no nanosecond time that Parquet knows: both are integers of the same bits.
 * - DuckDB's type with a zone has microseconds: nanoseconds lose the name of their zone instead of digits.
 * - Half floats are single ones. A column of nulls is `int32`.
 *
 * @throws {@link SternaError} TYPE_UNSUPPORTED, naming column and type
 */
export function duckLakeType(field: Field): string {
  const { type } = field
  switch (type.kind) {
    case 'null':
      return 'int32'
    case 'bool':
      return 'boolean'
    case 'int':
      return `${type.signed ? '' : 'u'}int${type.bitWidth}`
    case 'float':
      return type.bitWidth === 64 ? 'float64' : 'float32'
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
      return 'varchar'
    case 'binary':
    case 'largeBinary':
    case 'binaryView':
    case 'fixedSizeBinary':
      return 'blob'
    case 'decimal':
      if (type.precision < 1 || type.precision > 38 || type.scale < 0 || type.scale > type.precision) break
      return `decimal(${type.precision},${type.scale})`
    case 'date':
      return type.unit === 'day' ? 'date' : 'timestamp_ms'
    case 'time':
      return type.unit === 'ns' ? 'int64' : 'time'
    case 'timestamp':
      if (type.unit === 'ns') return 'timestamp_ns'
      if (type.timezone !== null) return 'timestamptz'
      return type.unit === 'us' ? 'timestamp' : 'timestamp_ms'
    case 'duration':
      return 'int64'
    case 'list':
    case 'largeList':
    case 'fixedSizeList':
      return 'list'
    case 'struct':
      if (field.children.length === 0) break
      return 'struct'
    case 'map':
      return 'map'
    case 'interval':
    case 'listView':
    case 'largeListView':
    case 'runEndEncoded':
    case 'union':
  }
  throw unsupported(field)
}

/**
 * The columns of a table that holds this schema, by field id: 1 … n for the columns in order, then their children,
 * depth first. The child of a list is `element`, those of a map are `key` and `value`. Parts carry the same ids.
 *
 * @throws {@link SternaError} TYPE_UNSUPPORTED, naming column and type; also for names that SQL cannot tell apart:
 * one such table would make the whole lake unreadable to other engines
 */
export function columnsOf(schema: Schema): Column[] {
  const fields = storedFields(schema)
  const columns = fields.map((field, index) => toColumn(field, field.name, index + 1, null))
  const addChildren = (parent: Field, parentId: number): void => {
    for (const { name, field } of childrenOf(parent)) {
      const id = columns.length + 1
      columns.push(toColumn(field, name, id, parentId))
      addChildren(field, id)
    }
  }
  for (const [index, field] of fields.entries()) addChildren(field, index + 1)
  assertDistinctNames(columns)
  return columns
}

/** True for a column that holds values itself; only these have statistics. */
export function isLeaf(column: Column): boolean {
  return column.type !== 'struct' && column.type !== 'list' && column.type !== 'map'
}

/** Folds a name as DuckDB does when it compares identifiers: ASCII letters only. */
function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/**
 * The Arrow schema of a table that another engine made or altered: the types that its Parquet files have.
 *
 * @param columns - of one table, parents before children, siblings in order
 * @returns undefined where a type has no Arrow equal in Parquet, such as `int128` or `variant`
 */
export function schemaOf(columns: readonly Column[]): Schema | undefined {
  const fields = fieldsBelow(columns, null)
  return fields === undefined ? undefined : { fields, metadata: new Map() }
}

function toColumn(field: Field, name: string, id: number, parent: number | null): Column {
  return { id, parent, name, type: duckLakeType(field), nullable: parent !== null || field.nullable }
}

/** Children by their names in DuckLake, without the struct that Arrow puts between a map and its keys and values. */
function childrenOf(field: Field): { name: string; field: Field }[] {
  if (field.type.kind === 'struct') return field.children.map((child) => ({ name: child.name, field: child }))
  if (field.type.kind !== 'map') return field.children.map((child) => ({ name: 'element', field: child }))
  const [key, value] = field.children[0]?.children ?? []
  if (key === undefined || value === undefined) throw unsupported(field)
  return [
    { name: 'key', field: key },
    { name: 'value', field: value },
  ]
}

function assertDistinctNames(columns: readonly Column[]): void {
  const seen = new Map<string, string>()
  for (const { name, parent } of columns) {
    if (name.includes('\0')) throw new SternaError('TYPE_UNSUPPORTED', 'The name of a column has a NUL in it')
    const folded = `${parent ?? ''}:${foldName(name)}`
    const other = seen.get(folded)
    if (other !== undefined) {
      const what =
        other === name
          ? `Two columns are named "${name}"`
          : `Columns "${other}" and "${name}" differ in case only`
      throw new SternaError('TYPE_UNSUPPORTED', `${what}, so that SQL cannot tell them apart`)
    }
    seen.set(folded, name)
  }
}

function unsupported(field: Field): SternaError {
  return new SternaError(
    'TYPE_UNSUPPORTED',
    `Column "${field.name}" is of type ${typeName(field)}, which cannot be stored`,
  )
}

function fieldsBelow(columns: readonly Column[], parent: number | null): Field[] | undefined {
  const fields: Field[] = []
  for (const column of columns.filter((candidate) => candidate.parent === parent)) {
    const children = isLeaf(column) ? [] : fieldsBelow(columns, column.id)
    const type = arrowType(column.type)
    if (children === undefined || type === undefined) return undefined
    const { name, nullable } = column
    fields.push({
      name,
      nullable,
      type,
      dictionary: null,
      children: nestedChildren(type, children),
      metadata: new Map(),
    })
  }
  return fields
}

function nestedChildren(type: ArrowType, children: readonly Field[]): readonly Field[] {
  if (type.kind !== 'map') return children
  const entries: Field = {
    name: 'key_value',
    nullable: false,
    type: { kind: 'struct' },
    dictionary: null,
    children: children.map((child) => (child.name === 'key' ? { ...child, nullable: false } : child)),
    metadata: new Map(),
  }
  return [entries]
}

/** Leaf types by DuckLake name, as they read from the Parquet files that DuckDB writes: it has no seconds there. */
const ARROW_TYPES: Readonly<Record<string, ArrowType>> = {
  boolean: { kind: 'bool' },
  int8: { kind: 'int', bitWidth: 8, signed: true },
  int16: { kind: 'int', bitWidth: 16, signed: true },
  int32: { kind: 'int', bitWidth: 32, signed: true },
  int64: { kind: 'int', bitWidth: 64, signed: true },
  uint8: { kind: 'int', bitWidth: 8, signed: false },
  uint16: { kind: 'int', bitWidth: 16, signed: false },
  uint32: { kind: 'int', bitWidth: 32, signed: false },
  uint64: { kind: 'int', bitWidth: 64, signed: false },
  float32: { kind: 'float', bitWidth: 32 },
  float64: { kind: 'float', bitWidth: 64 },
  varchar: { kind: 'utf8' },
  json: { kind: 'utf8' },
  blob: { kind: 'binary' },
  uuid: { kind: 'fixedSizeBinary', byteWidth: 16 },
  date: { kind: 'date', unit: 'day' },
  time: { kind: 'time', unit: 'us', bitWidth: 64 },
  timestamp_s: { kind: 'timestamp', unit: 'us', timezone: null },
  timestamp_ms: { kind: 'timestamp', unit: 'ms', timezone: null },
  timestamp_us: { kind: 'timestamp', unit: 'us', timezone: null },
  timestamp: { kind: 'timestamp', unit: 'us', timezone: null },
  timestamp_ns: { kind: 'timestamp', unit: 'ns', timezone: null },
  timestamptz: { kind: 'timestamp', unit: 'us', timezone: 'UTC' },
  struct: { kind: 'struct' },
  list: { kind: 'list' },
  map: { kind: 'map', keysSorted: false },
}

function arrowType(name: string): ArrowType | undefined {
  const decimal = /^decimal\((\d+), ?(\d+)\)$/i.exec(name)
  if (decimal !== null) {
    return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]), bitWidth: 128 }
  }
  return ARROW_TYPES[name.toLowerCase()]
}
