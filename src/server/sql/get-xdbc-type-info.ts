import {
  type ColumnValue,
  messages,
  Nullable,
  Searchable,
  XdbcDataType,
  XdbcDatetimeSubcode,
} from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { BOOL, INT32, metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'

const { typeName } = messages.CommandGetXdbcTypeInfo

const SCHEMA = schemaOf(
  required('type_name', UTF8),
  required('data_type', INT32),
  nullable('column_size', INT32),
  nullable('literal_prefix', UTF8),
  nullable('literal_suffix', UTF8),
  nullable('create_params', { kind: 'list' }, [required('item', UTF8)]),
  required('nullable', INT32),
  required('case_sensitive', BOOL),
  required('searchable', INT32),
  nullable('unsigned_attribute', BOOL),
  required('fixed_prec_scale', BOOL),
  nullable('auto_increment', BOOL),
  nullable('local_type_name', UTF8),
  nullable('minimum_scale', INT32),
  nullable('maximum_scale', INT32),
  required('sql_data_type', INT32),
  nullable('datetime_subcode', INT32),
  nullable('num_prec_radix', INT32),
  nullable('interval_precision', INT32),
)

interface TypeFacts {
  readonly name: string
  readonly id: number
  /** Digits of a number, characters of a time. */
  readonly size?: number
  readonly prefix?: string
  readonly parameters?: readonly string[]
  readonly isUnsigned?: boolean
  readonly scale?: readonly [number, number]
  readonly subcode?: number
  readonly radix?: number
}

const { XDBC_UNKNOWN_TYPE: OTHER, XDBC_VARCHAR, XDBC_TIMESTAMP, XDBC_TIME } = XdbcDataType
const { XDBC_SUBCODE_TIMESTAMP, XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE } = XdbcDatetimeSubcode

/** Every type of DuckDB that a column or a cast can have; a test holds them against the engine. */
const TYPES: readonly TypeFacts[] = [
  integer('TINYINT', XdbcDataType.XDBC_TINYINT, 3),
  integer('SMALLINT', XdbcDataType.XDBC_SMALLINT, 5),
  integer('INTEGER', XdbcDataType.XDBC_INTEGER, 10),
  integer('BIGINT', XdbcDataType.XDBC_BIGINT, 19),
  integer('HUGEINT', XdbcDataType.XDBC_NUMERIC, 39),
  // As the narrowest type that holds all their values.
  { ...integer('UTINYINT', XdbcDataType.XDBC_SMALLINT, 3), isUnsigned: true },
  { ...integer('USMALLINT', XdbcDataType.XDBC_INTEGER, 5), isUnsigned: true },
  { ...integer('UINTEGER', XdbcDataType.XDBC_BIGINT, 10), isUnsigned: true },
  { ...integer('UBIGINT', XdbcDataType.XDBC_NUMERIC, 20), isUnsigned: true },
  { ...integer('UHUGEINT', XdbcDataType.XDBC_NUMERIC, 39), isUnsigned: true },
  { name: 'BIGNUM', id: OTHER, radix: 10, isUnsigned: false },
  { name: 'FLOAT', id: XdbcDataType.XDBC_REAL, size: 24, radix: 2, isUnsigned: false },
  { name: 'DOUBLE', id: XdbcDataType.XDBC_DOUBLE, size: 53, radix: 2, isUnsigned: false },
  {
    name: 'DECIMAL',
    id: XdbcDataType.XDBC_DECIMAL,
    size: 38,
    parameters: ['precision', 'scale'],
    scale: [0, 38],
    radix: 10,
    isUnsigned: false,
  },
  { name: 'BOOLEAN', id: XdbcDataType.XDBC_BIT, size: 1 },
  { name: 'VARCHAR', id: XDBC_VARCHAR, prefix: `'` },
  { name: 'BLOB', id: XdbcDataType.XDBC_VARBINARY, prefix: `'` },
  {
    name: 'DATE',
    id: XdbcDataType.XDBC_DATE,
    size: 10,
    prefix: `DATE '`,
    subcode: XdbcDatetimeSubcode.XDBC_SUBCODE_DATE,
  },
  time('TIME', 15, 6),
  time('TIME_NS', 18, 9),
  time('TIME WITH TIME ZONE', 21, 6, XdbcDatetimeSubcode.XDBC_SUBCODE_TIME_WITH_TIMEZONE),
  timestamp('TIMESTAMP_S', 19, 0),
  timestamp('TIMESTAMP_MS', 23, 3),
  timestamp('TIMESTAMP', 26, 6),
  timestamp('TIMESTAMP_NS', 29, 9),
  timestamp('TIMESTAMP WITH TIME ZONE', 32, 6, XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE),
  { name: 'INTERVAL', id: XdbcDataType.XDBC_INTERVAL, prefix: `INTERVAL '` },
  { name: 'UUID', id: OTHER, size: 36, prefix: `'` },
  { name: 'BIT', id: OTHER, prefix: `'` },
  { name: 'ENUM', id: XDBC_VARCHAR, prefix: `'` },
  ...['ARRAY', 'GEOMETRY', 'LIST', 'MAP', 'NULL', 'STRUCT', 'UNION', 'VARIANT'].map((name) => ({
    name,
    id: OTHER,
  })),
]

/** DuckDB's types by the number and then the name; those of one number where a client names one. */
export const getXdbcTypeInfo: ReadCommand = {
  typeName,
  read(value) {
    const { dataType } = messages.CommandGetXdbcTypeInfo.decode(value)
    return metadataRead({ typeName, value }, SCHEMA, () =>
      TYPES.filter(({ id }) => dataType === null || id === dataType)
        .toSorted((a, b) => a.id - b.id || (a.name < b.name ? -1 : 1))
        .map(rowOf),
    )
  },
}

function rowOf({
  name,
  id,
  size,
  prefix,
  parameters,
  isUnsigned,
  scale,
  subcode,
  radix,
}: TypeFacts): ColumnValue[] {
  // Spec: times and intervals have one number in SQL; the subcode tells them apart.
  const sqlType = subcode === undefined ? id : XdbcDataType.XDBC_DATETIME
  return [
    name,
    id,
    size ?? null,
    prefix ?? null,
    prefix === undefined ? null : `'`,
    parameters ?? null,
    Nullable.NULLABILITY_NULLABLE,
    id === XDBC_VARCHAR,
    id === XDBC_VARCHAR ? Searchable.SEARCHABLE_FULL : Searchable.SEARCHABLE_BASIC,
    isUnsigned ?? null,
    false,
    isUnsigned === undefined ? null : false,
    name,
    scale?.[0] ?? null,
    scale?.[1] ?? null,
    sqlType,
    subcode ?? null,
    radix ?? null,
    null,
  ]
}

function integer(name: string, id: number, size: number): TypeFacts {
  return { name, id, size, radix: 10, isUnsigned: false, scale: [0, 0] }
}

function time(
  name: string,
  size: number,
  scale: number,
  subcode: number = XdbcDatetimeSubcode.XDBC_SUBCODE_TIME,
): TypeFacts {
  return { name, id: XDBC_TIME, size, prefix: `'`, scale: [scale, scale], subcode }
}

function timestamp(
  name: string,
  size: number,
  scale: number,
  subcode: number = XDBC_SUBCODE_TIMESTAMP,
): TypeFacts {
  return { name, id: XDBC_TIMESTAMP, size, prefix: `'`, scale: [scale, scale], subcode }
}
