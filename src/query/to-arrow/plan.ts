import type { ArrowType, Field, Schema, TimeUnit } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { bindings } from '../duckdb.ts'
import { typeName, type DuckColumn, type DuckType } from '../result-types.ts'
import type { ColumnBuilder } from './column.ts'
import {
  checkHugeint,
  daysToMilliseconds,
  floatToHalf,
  intervalToNanoseconds,
  rescaleInt64,
  timeToInt32,
  widenDecimal,
} from './conversions.ts'
import { DictionaryColumn } from './dictionary.ts'
import { EnumColumn } from './enum.ts'
import { BoolColumn, FixedColumn, NullColumn, type Conversion } from './fixed.ts'
import { FixedBinaryColumn } from './fixed-binary.ts'
import { formatTimeTz, FormattedColumn, formatUuid } from './formatted.ts'
import { ArrayColumn, ListColumn } from './lists.ts'
import { StructColumn, UnionColumn } from './structs.ts'
import { TextColumn } from './text.ts'
import { ViewColumn } from './views.ts'

const { Type } = bindings

/**
 * Builders of the fields of a schema from the columns of a result, by position: names may differ.
 * Besides the pairs that {@link resultSchema} gives, each field takes the type that its values are stored in.
 *
 * @throws {@link SternaError} TYPE_UNSUPPORTED for a pair without a conversion, naming the column
 */
export function columnBuilders(columns: readonly DuckColumn[], schema: Schema): ColumnBuilder[] {
  return schema.fields.map((field, index) => builder(columns[index]?.type, field, field.name))
}

function builder(type: DuckType | undefined, field: Field, path: string): ColumnBuilder {
  const built = type === undefined ? null : builderOf(type, field, path)
  if (built !== null) return built
  const given = type === undefined ? 'nothing' : typeName(type)
  throw new SternaError(
    'TYPE_UNSUPPORTED',
    `Column '${path}' of type ${given} cannot become Arrow ${field.type.kind}`,
  )
}

function builderOf(type: DuckType, field: Field, path: string): ColumnBuilder | null {
  if (field.dictionary !== null) return dictionaryBuilder(type, field, path)
  const arrow = field.type
  const child = (index: number, childType: DuckType | undefined): ColumnBuilder => {
    const childField = field.children[index]
    if (childField === undefined) throw new SternaError('BUG', `Field '${path}' has no child ${index}`)
    return builder(childType, childField, `${path}.${childField.name}`)
  }
  switch (arrow.kind) {
    case 'null':
      return new NullColumn()
    case 'bool':
      return isPlain(type, Type.BOOLEAN) ? new BoolColumn() : null
    case 'utf8':
    case 'binary':
    case 'largeUtf8':
    case 'largeBinary':
      return textBuilder(type, arrow.kind.startsWith('large') ? 8 : 4, path)
    case 'utf8View':
    case 'binaryView':
      return isText(type) ? new ViewColumn(path) : null
    case 'fixedSizeBinary':
      return isText(type) ? new FixedBinaryColumn(arrow.byteWidth, path) : null
    case 'list':
      return type.kind === 'list' ? new ListColumn(4, child(0, type.child), path) : null
    case 'largeList':
      return type.kind === 'list' ? new ListColumn(8, child(0, type.child), path) : null
    case 'fixedSizeList':
      if (type.kind !== 'array' || type.size !== arrow.listSize) return null
      return new ArrayColumn(type.size, child(0, type.child))
    case 'map': {
      if (type.kind !== 'map') return null
      const members = [
        { name: 'key', type: type.key },
        { name: 'value', type: type.value },
      ]
      return new ListColumn(4, child(0, { kind: 'struct', members }), path)
    }
    case 'struct':
      if (type.kind !== 'struct' || type.members.length !== field.children.length) return null
      return new StructColumn(type.members.map((member, index) => child(index, member.type)))
    case 'union':
      if (type.kind !== 'union' || arrow.mode !== 'sparse') return null
      return new UnionColumn(type.members.map((member, index) => child(index, member.type)))
    default: {
      const layout = fixedLayout(type, arrow, path)
      return layout === null ? null : new FixedColumn(layout.vectorWidth, layout.arrayWidth, layout.convert)
    }
  }
}

function textBuilder(type: DuckType, offsetBytes: 4 | 8, path: string): ColumnBuilder | null {
  if (isText(type)) return new TextColumn(offsetBytes, path)
  if (offsetBytes === 8) return null
  if (isPlain(type, Type.UUID)) return new FormattedColumn(16, formatUuid)
  return isPlain(type, Type.TIME_TZ) ? new FormattedColumn(8, formatTimeTz) : null
}

function dictionaryBuilder(type: DuckType, field: Field, path: string): ColumnBuilder | null {
  const { dictionary, type: arrow } = field
  if (dictionary === null) return null
  const { id, indexType } = dictionary
  if (type.kind === 'enum') {
    const isSame = arrow.kind === 'utf8' && indexType.bitWidth === type.byteWidth * 8
    return isSame ? new EnumColumn(id, type.byteWidth, type.values) : null
  }
  switch (arrow.kind) {
    case 'utf8':
    case 'binary':
      return isText(type)
        ? new DictionaryColumn(id, indexType, { kind: 'text', layout: 'offsets32' }, path)
        : null
    case 'largeUtf8':
    case 'largeBinary':
      return isText(type)
        ? new DictionaryColumn(id, indexType, { kind: 'text', layout: 'offsets64' }, path)
        : null
    case 'utf8View':
    case 'binaryView':
      return isText(type) ? new DictionaryColumn(id, indexType, { kind: 'text', layout: 'view' }, path) : null
    case 'fixedSizeBinary':
      return isText(type)
        ? new DictionaryColumn(id, indexType, { kind: 'text', layout: arrow.byteWidth }, path)
        : null
    default: {
      const layout = fixedLayout(type, arrow, path)
      return layout === null ? null : new DictionaryColumn(id, indexType, { kind: 'fixed', ...layout }, path)
    }
  }
}

/** Widths in bytes of a value in the vector and in the array, and what turns one into the other. */
export interface FixedLayout {
  readonly vectorWidth: number
  readonly arrayWidth: number
  readonly convert: Conversion | null
}

function fixedLayout(type: DuckType, arrow: ArrowType, path: string): FixedLayout | null {
  if (arrow.kind === 'decimal') return decimalLayout(type, arrow, path)
  if (type.kind !== 'plain') return null
  const { id } = type
  switch (arrow.kind) {
    case 'int':
      return id === INTEGERS[`${arrow.signed ? '' : 'u'}${arrow.bitWidth}`] ? same(arrow.bitWidth / 8) : null
    case 'float':
      if (arrow.bitWidth === 64) return id === Type.DOUBLE ? same(8) : null
      if (id !== Type.FLOAT) return null
      return arrow.bitWidth === 32 ? same(4) : { vectorWidth: 4, arrayWidth: 2, convert: floatToHalf }
    case 'date':
      if (id !== Type.DATE) return arrow.unit === 'ms' ? instantLayout(id, 'ms', path) : null
      return arrow.unit === 'day' ? same(4) : { vectorWidth: 4, arrayWidth: 8, convert: daysToMilliseconds }
    case 'time':
      if (arrow.unit === 'ns') return id === Type.TIME_NS || id === Type.BIGINT ? same(8) : null
      if (id !== Type.TIME) return null
      if (arrow.unit === 'us') return same(8)
      return { vectorWidth: 8, arrayWidth: 4, convert: timeToInt32(arrow.unit === 's' ? 1_000_000 : 1000) }
    case 'timestamp':
      return instantLayout(id, arrow.unit, path)
    case 'duration':
      return id === Type.BIGINT ? same(8) : null
    case 'interval': {
      if (id !== Type.INTERVAL || arrow.unit !== 'monthDayNano') return null
      return { vectorWidth: 16, arrayWidth: 16, convert: intervalToNanoseconds(path) }
    }
    default:
      return null
  }
}

const INTEGERS = {
  8: Type.TINYINT,
  16: Type.SMALLINT,
  32: Type.INTEGER,
  64: Type.BIGINT,
  u8: Type.UTINYINT,
  u16: Type.USMALLINT,
  u32: Type.UINTEGER,
  u64: Type.UBIGINT,
} as const

function same(width: number): FixedLayout {
  return { vectorWidth: width, arrayWidth: width, convert: null }
}

type DecimalType = Extract<ArrowType, { kind: 'decimal' }>

function decimalLayout(type: DuckType, arrow: DecimalType, path: string): FixedLayout | null {
  const arrayWidth = arrow.bitWidth / 8
  if (isPlain(type, Type.HUGEINT) || isPlain(type, Type.UHUGEINT)) {
    if (arrow.precision !== 38 || arrow.scale !== 0 || arrayWidth !== 16) return null
    return { vectorWidth: 16, arrayWidth, convert: checkHugeint(isPlain(type, Type.HUGEINT), path) }
  }
  if (type.kind !== 'decimal' || type.scale !== arrow.scale || type.byteWidth > arrayWidth) return null
  if (type.byteWidth === arrayWidth) return same(arrayWidth)
  return { vectorWidth: type.byteWidth, arrayWidth, convert: widenDecimal(type.byteWidth, arrayWidth) }
}

const UNITS_PER_SECOND = { s: 1, ms: 1000, us: 1_000_000, ns: 1_000_000_000 } as const

/** Timestamps, with a zone or without, of any unit: both sides count from 1970 in UTC. */
function instantLayout(id: bindings.Type, unit: TimeUnit, path: string): FixedLayout | null {
  const from = unitOf(id)
  if (from === null) return null
  if (from === unit) return same(8)
  const ratio = UNITS_PER_SECOND[unit] / UNITS_PER_SECOND[from]
  const convert = ratio > 1 ? rescaleInt64(ratio, 1, path) : rescaleInt64(1, Math.round(1 / ratio), path)
  return { vectorWidth: 8, arrayWidth: 8, convert }
}

function unitOf(id: bindings.Type): TimeUnit | null {
  if (id === Type.TIMESTAMP_S) return 's'
  if (id === Type.TIMESTAMP_MS) return 'ms'
  if (id === Type.TIMESTAMP || id === Type.TIMESTAMP_TZ) return 'us'
  return id === Type.TIMESTAMP_NS ? 'ns' : null
}

function isText(type: DuckType): boolean {
  return isPlain(type, Type.VARCHAR) || isPlain(type, Type.BLOB)
}

function isPlain(type: DuckType, id: bindings.Type): boolean {
  return type.kind === 'plain' && type.id === id
}
