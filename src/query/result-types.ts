import type { ArrowType, DictionaryEncoding, Field, IntType, Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { bindings, type Statement } from './duckdb.ts'

const { Type } = bindings

/** A DuckDB logical type as plain data: what a column of a result is made of. */
export type DuckType =
  | { readonly kind: 'plain'; readonly id: bindings.Type }
  | {
      readonly kind: 'decimal'
      readonly precision: number
      readonly scale: number
      readonly byteWidth: 2 | 4 | 8 | 16
    }
  | { readonly kind: 'enum'; readonly values: readonly string[]; readonly byteWidth: 1 | 2 | 4 }
  | { readonly kind: 'list'; readonly child: DuckType }
  | { readonly kind: 'array'; readonly child: DuckType; readonly size: number }
  | { readonly kind: 'map'; readonly key: DuckType; readonly value: DuckType }
  | { readonly kind: 'struct' | 'union'; readonly members: readonly DuckColumn[] }

/** A named column, struct member or union member. */
export interface DuckColumn {
  readonly name: string
  readonly type: DuckType
}

/** Reads a logical type of a result or a prepared statement, with its children. */
export function readType(logicalType: bindings.LogicalType): DuckType {
  const id = bindings.get_type_id(logicalType)
  switch (id) {
    case Type.DECIMAL:
      return {
        kind: 'decimal',
        precision: bindings.decimal_width(logicalType),
        scale: bindings.decimal_scale(logicalType),
        byteWidth: decimalWidth(bindings.decimal_internal_type(logicalType)),
      }
    case Type.ENUM:
      return {
        kind: 'enum',
        values: children(bindings.enum_dictionary_size(logicalType), (index) =>
          bindings.enum_dictionary_value(logicalType, index),
        ),
        byteWidth: enumWidth(bindings.enum_internal_type(logicalType)),
      }
    case Type.LIST:
      return { kind: 'list', child: readType(bindings.list_type_child_type(logicalType)) }
    case Type.ARRAY:
      return {
        kind: 'array',
        child: readType(bindings.array_type_child_type(logicalType)),
        size: bindings.array_type_array_size(logicalType),
      }
    case Type.MAP:
      return {
        kind: 'map',
        key: readType(bindings.map_type_key_type(logicalType)),
        value: readType(bindings.map_type_value_type(logicalType)),
      }
    case Type.STRUCT:
      return {
        kind: 'struct',
        members: children(bindings.struct_type_child_count(logicalType), (index) => ({
          name: bindings.struct_type_child_name(logicalType, index),
          type: readType(bindings.struct_type_child_type(logicalType, index)),
        })),
      }
    case Type.UNION:
      return {
        kind: 'union',
        members: children(bindings.union_type_member_count(logicalType), (index) => ({
          name: bindings.union_type_member_name(logicalType, index),
          type: readType(bindings.union_type_member_type(logicalType, index)),
        })),
      }
    default:
      return { kind: 'plain', id }
  }
}

/** Columns that the result of a prepared statement will have. */
export function statementColumns({ handle, columnCount }: Statement): DuckColumn[] {
  return children(columnCount, (index) => ({
    name: bindings.prepared_statement_column_name(handle, index),
    type: readType(bindings.prepared_statement_column_logical_type(handle, index)),
  }))
}

/** Columns of a result, or of a prepared statement whose parameters all have types. */
export function resultColumns(result: bindings.Result): DuckColumn[] {
  return children(bindings.column_count(result), (index) => ({
    name: bindings.column_name(result, index),
    type: readType(bindings.column_logical_type(result, index)),
  }))
}

/**
 * The Arrow schema that SQL results of these columns have. Every field is nullable; dictionaries are numbered
 * in the order of their fields, so equal columns give equal bytes.
 *
 * Types without an Arrow equal: HUGEINT and UHUGEINT are decimal128(38, 0), UUID and TIMETZ are utf8 as DuckDB
 * prints them (Arrow times have no offset), INTERVAL is month-day-nano, ENUM a dictionary with the indices that
 * DuckDB uses, UNION a sparse union, JSON is utf8.
 *
 * @param timeZone - of the session, which TIMESTAMP WITH TIME ZONE carries
 * @throws {@link SternaError} TYPE_UNSUPPORTED for BIT, BIGNUM, VARIANT and GEOMETRY, naming the column.
 */
export function resultSchema(columns: readonly DuckColumn[], timeZone = 'UTC'): Schema {
  let dictionaryCount = 0n
  const context = { nextId: (): bigint => dictionaryCount++, timeZone }
  return {
    fields: columns.map((column) => resultField(column.name, column.type, column.name, context)),
    metadata: new Map(),
  }
}

/** What the fields of one schema share. */
interface SchemaContext {
  readonly nextId: () => bigint
  readonly timeZone: string
}

function resultField(name: string, type: DuckType, path: string, context: SchemaContext): Field {
  const child = (childName: string, childType: DuckType): Field =>
    resultField(childName, childType, `${path}.${childName}`, context)
  switch (type.kind) {
    case 'plain':
      return field(name, plainArrowType(type.id, path, context.timeZone))
    case 'decimal':
      return field(name, { kind: 'decimal', precision: type.precision, scale: type.scale, bitWidth: 128 })
    case 'enum': {
      const bitWidth = (type.byteWidth * 8) as IntType['bitWidth']
      const indexType: IntType = { kind: 'int', bitWidth, signed: false }
      return field(name, { kind: 'utf8' }, [], { id: context.nextId(), indexType, isOrdered: false })
    }
    case 'list':
      return field(name, { kind: 'list' }, [child('item', type.child)])
    case 'array':
      return field(name, { kind: 'fixedSizeList', listSize: type.size }, [child('item', type.child)])
    case 'map': {
      const key = { ...child('key', type.key), nullable: false }
      const entries = field('entries', { kind: 'struct' }, [key, child('value', type.value)])
      return field(name, { kind: 'map', keysSorted: false }, [{ ...entries, nullable: false }])
    }
    case 'struct':
      return field(
        name,
        { kind: 'struct' },
        type.members.map((member) => child(member.name, member.type)),
      )
    case 'union': {
      if (type.members.length > 128) throw unsupported(path, 'UNION of more than 128 members')
      const typeIds = type.members.map((_, index) => index)
      const members = type.members.map((member) => child(member.name, member.type))
      return field(name, { kind: 'union', mode: 'sparse', typeIds }, members)
    }
  }
}

function plainArrowType(id: bindings.Type, path: string, timeZone: string): ArrowType {
  switch (id) {
    case Type.BOOLEAN:
      return { kind: 'bool' }
    case Type.TINYINT:
      return { kind: 'int', bitWidth: 8, signed: true }
    case Type.SMALLINT:
      return { kind: 'int', bitWidth: 16, signed: true }
    case Type.INTEGER:
      return { kind: 'int', bitWidth: 32, signed: true }
    case Type.BIGINT:
      return { kind: 'int', bitWidth: 64, signed: true }
    case Type.UTINYINT:
      return { kind: 'int', bitWidth: 8, signed: false }
    case Type.USMALLINT:
      return { kind: 'int', bitWidth: 16, signed: false }
    case Type.UINTEGER:
      return { kind: 'int', bitWidth: 32, signed: false }
    case Type.UBIGINT:
      return { kind: 'int', bitWidth: 64, signed: false }
    case Type.HUGEINT:
    case Type.UHUGEINT:
      return { kind: 'decimal', precision: 38, scale: 0, bitWidth: 128 }
    case Type.FLOAT:
      return { kind: 'float', bitWidth: 32 }
    case Type.DOUBLE:
      return { kind: 'float', bitWidth: 64 }
    case Type.VARCHAR:
    case Type.UUID:
    case Type.TIME_TZ:
      return { kind: 'utf8' }
    case Type.BLOB:
      return { kind: 'binary' }
    case Type.DATE:
      return { kind: 'date', unit: 'day' }
    case Type.TIME:
      return { kind: 'time', unit: 'us', bitWidth: 64 }
    case Type.TIME_NS:
      return { kind: 'time', unit: 'ns', bitWidth: 64 }
    case Type.TIMESTAMP_S:
      return { kind: 'timestamp', unit: 's', timezone: null }
    case Type.TIMESTAMP_MS:
      return { kind: 'timestamp', unit: 'ms', timezone: null }
    case Type.TIMESTAMP:
      return { kind: 'timestamp', unit: 'us', timezone: null }
    case Type.TIMESTAMP_NS:
      return { kind: 'timestamp', unit: 'ns', timezone: null }
    case Type.TIMESTAMP_TZ:
      return { kind: 'timestamp', unit: 'us', timezone: timeZone }
    case Type.INTERVAL:
      return { kind: 'interval', unit: 'monthDayNano' }
    case Type.SQLNULL:
      return { kind: 'null' }
    default:
      throw unsupported(path, plainTypeName(id))
  }
}

/** The name of a type, without its children: for messages. */
export function typeName(type: DuckType): string {
  return type.kind === 'plain' ? plainTypeName(type.id) : type.kind.toUpperCase()
}

function plainTypeName(id: bindings.Type): string {
  return Type[id]
}

function field(
  name: string,
  type: ArrowType,
  fields: readonly Field[] = [],
  dictionary: DictionaryEncoding | null = null,
): Field {
  return { name, nullable: true, type, dictionary, children: fields, metadata: new Map() }
}

function unsupported(path: string, typeName: string): SternaError {
  return new SternaError(
    'TYPE_UNSUPPORTED',
    `Column '${path}' is of type ${typeName}, which Arrow does not have: cast it to VARCHAR`,
  )
}

function decimalWidth(internal: bindings.Type): 2 | 4 | 8 | 16 {
  if (internal === Type.SMALLINT) return 2
  if (internal === Type.INTEGER) return 4
  return internal === Type.BIGINT ? 8 : 16
}

function enumWidth(internal: bindings.Type): 1 | 2 | 4 {
  if (internal === Type.UTINYINT) return 1
  return internal === Type.USMALLINT ? 2 : 4
}

function children<T>(count: number, read: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => read(index))
}
