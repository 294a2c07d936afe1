import type { ArrowType, Field, Schema } from '../../../flight/index.ts'

/** Source: Flight SQL specification, "CommandGetTables", keys of a column's metadata. */
const PREFIX = 'ARROW:FLIGHT:SQL:'

/** Where a table is, for the metadata of its columns. */
export interface TableName {
  readonly catalog: string
  readonly schema: string
  readonly table: string
}

/** What is said of a table and, by their names, of its columns. */
export interface Remarks {
  readonly table: string | null
  readonly columns: ReadonlyMap<string, string>
}

/**
 * A schema whose columns say what they are in SQL: type name, precision and scale, and, in a table, its names. What
 * the columns said before stays.
 */
export function withSqlMetadata(schema: Schema, table?: TableName, remarks?: Remarks): Schema {
  const fields = schema.fields.map((field) => columnOf(field, table, remarks?.columns.get(field.name)))
  const said = remarks?.table ?? null
  if (said === null) return { ...schema, fields }
  return { fields, metadata: new Map(schema.metadata).set(`${PREFIX}REMARKS`, said) }
}

function columnOf(field: Field, table: TableName | undefined, remark: string | undefined): Field {
  const { precision, scale } = digitsOf(field.type)
  const facts: Record<string, string | number | undefined> = {
    CATALOG_NAME: table?.catalog,
    SCHEMA_NAME: table?.schema,
    TABLE_NAME: table?.table,
    TYPE_NAME: sqlTypeName(field),
    PRECISION: precision,
    SCALE: scale,
    IS_AUTO_INCREMENT: 0,
    IS_CASE_SENSITIVE: Number(isText(field.type)),
    IS_READ_ONLY: Number(table === undefined),
    IS_SEARCHABLE: 1,
    REMARKS: remark,
  }
  const metadata = new Map(field.metadata)
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) metadata.set(PREFIX + name, String(value))
  }
  return { ...field, metadata }
}

/** The type in SQL from which a column's values come, or to which they can be cast. */
function sqlTypeName(field: Field): string {
  const { type } = field
  const [child] = field.children
  switch (type.kind) {
    case 'null':
      return 'NULL'
    case 'bool':
      return 'BOOLEAN'
    case 'int':
      return `${type.signed ? '' : 'U'}${INTEGERS[type.bitWidth]}`
    case 'float':
      return type.bitWidth === 64 ? 'DOUBLE' : 'FLOAT'
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
      return 'VARCHAR'
    case 'binary':
    case 'largeBinary':
    case 'binaryView':
    case 'fixedSizeBinary':
      return 'BLOB'
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'date':
      return type.unit === 'day' ? 'DATE' : 'TIMESTAMP_MS'
    case 'time':
      return type.unit === 'ns' ? 'BIGINT' : 'TIME'
    case 'timestamp':
      if (type.unit === 'ns') return 'TIMESTAMP_NS'
      if (type.timezone !== null) return 'TIMESTAMP WITH TIME ZONE'
      return type.unit === 'us' ? 'TIMESTAMP' : 'TIMESTAMP_MS'
    case 'duration':
      return 'BIGINT'
    case 'interval':
      return 'INTERVAL'
    case 'list':
    case 'largeList':
    case 'listView':
    case 'largeListView':
    case 'fixedSizeList':
      return `${child === undefined ? 'NULL' : sqlTypeName(child)}[]`
    case 'struct':
      return `STRUCT(${members(field.children)})`
    case 'map':
      return `MAP(${(child?.children ?? []).map(sqlTypeName).join(', ')})`
    case 'union':
      return `UNION(${members(field.children)})`
    case 'runEndEncoded':
      return field.children[1] === undefined ? 'NULL' : sqlTypeName(field.children[1])
  }
}

const INTEGERS = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' } as const

function members(fields: readonly Field[]): string {
  return fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${sqlTypeName(field)}`).join(', ')
}

/** Decimal digits of a number, and how many of them are fractions; fractions of a second. */
function digitsOf(type: ArrowType): { precision?: number; scale?: number } {
  switch (type.kind) {
    case 'decimal':
      return { precision: type.precision, scale: type.scale }
    case 'int':
      return {
        precision: INTEGER_DIGITS[type.bitWidth] + Number(type.bitWidth === 64 && !type.signed),
        scale: 0,
      }
    case 'float':
      return { precision: { 16: 3, 32: 7, 64: 15 }[type.bitWidth] }
    case 'time':
    case 'timestamp':
      return { scale: { s: 0, ms: 3, us: 6, ns: 9 }[type.unit] }
    default:
      return {}
  }
}

const INTEGER_DIGITS = { 8: 3, 16: 5, 32: 10, 64: 19 } as const

function isText(type: ArrowType): boolean {
  return type.kind === 'utf8' || type.kind === 'largeUtf8' || type.kind === 'utf8View'
}
