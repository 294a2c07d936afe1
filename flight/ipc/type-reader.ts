import { WireError } from '../status.ts'
import { type FlatTable, malformedIpc } from './flatbuffer.ts'
import {
  type ArrowType,
  DATE_UNITS,
  type Field,
  FLOAT_WIDTHS,
  INTERVAL_UNITS,
  type IntType,
  TIME_UNITS,
  TYPE_ID,
  UNION_MODES,
} from './types.ts'

/** Digits that a decimal of so many bits can hold. */
const decimalDigitsMax = { 32: 9, 64: 18, 128: 38, 256: 76 } as const

/** Spec: the ids of a union are one signed byte. */
const unionTypesMax = 128

const kindOfId = new Map<number, ArrowType['kind']>(
  Object.entries(TYPE_ID).map(([kind, id]) => [id, kind as ArrowType['kind']]),
)

/**
 * Reads one member of the flatbuffer union `Type` and checks that the children fit it.
 *
 * @throws WireError IPC_MALFORMED, or TYPE_UNSUPPORTED where the number stands for no type we know
 */
export function readType(id: number, table: FlatTable | null, children: readonly Field[]): ArrowType {
  const kind = kindOfId.get(id)
  if (kind === undefined) throw new WireError('TYPE_UNSUPPORTED', `Arrow type number ${id} is not known`)
  if (table === null) throw malformedIpc(`a field of type ${kind} has no type table`)
  const type = readKind(kind, table, children)
  checkChildren(type, children)
  return type
}

function readKind(kind: ArrowType['kind'], table: FlatTable, children: readonly Field[]): ArrowType {
  switch (kind) {
    case 'int':
      return readInt(table)
    case 'float':
      return { kind, bitWidth: oneOf(FLOAT_WIDTHS, table.int16(0), 'float precision') }
    case 'fixedSizeBinary':
      return { kind, byteWidth: notNegative(table.int32(0), 'fixed-size binary width') }
    case 'decimal':
      return readDecimal(table)
    case 'date':
      return { kind, unit: oneOf(DATE_UNITS, table.int16(0, 1), 'date unit') }
    case 'time':
      return readTime(table)
    case 'timestamp':
      return { kind, unit: oneOf(TIME_UNITS, table.int16(0), 'time unit'), timezone: table.string(1) || null }
    case 'duration':
      return { kind, unit: oneOf(TIME_UNITS, table.int16(0, 1), 'time unit') }
    case 'interval':
      return { kind, unit: oneOf(INTERVAL_UNITS, table.int16(0), 'interval unit') }
    case 'fixedSizeList':
      return { kind, listSize: notNegative(table.int32(0), 'fixed-size list size') }
    case 'map':
      return { kind, keysSorted: table.bool(0) }
    case 'union':
      return readUnion(table, children.length)
    default:
      return { kind }
  }
}

function readInt(table: FlatTable): IntType {
  const bitWidth = table.int32(0)
  if (bitWidth !== 8 && bitWidth !== 16 && bitWidth !== 32 && bitWidth !== 64) {
    throw malformedIpc(`an integer of ${bitWidth} bits`)
  }
  return { kind: 'int', bitWidth, signed: table.bool(1) }
}

function readDecimal(table: FlatTable): ArrowType {
  const [precision, scale, bitWidth] = [table.int32(0), table.int32(1), table.int32(2, 128)]
  if (bitWidth !== 32 && bitWidth !== 64 && bitWidth !== 128 && bitWidth !== 256) {
    throw malformedIpc(`a decimal of ${bitWidth} bits`)
  }
  if (precision < 1 || precision > decimalDigitsMax[bitWidth]) {
    throw malformedIpc(`a decimal of ${precision} digits where ${decimalDigitsMax[bitWidth]} are the most`)
  }
  return { kind: 'decimal', precision, scale, bitWidth }
}

function readTime(table: FlatTable): ArrowType {
  const unit = oneOf(TIME_UNITS, table.int16(0, 1), 'time unit')
  const bitWidth = unit === 's' || unit === 'ms' ? 32 : 64
  const found = table.int32(1, 32)
  if (found !== bitWidth) throw malformedIpc(`a time in ${unit} of ${found} bits, not ${bitWidth}`)
  return { kind: 'time', unit, bitWidth }
}

function readUnion(table: FlatTable, childCount: number): ArrowType {
  if (childCount > unionTypesMax)
    throw malformedIpc(`a union of ${childCount} types, more than ${unionTypesMax}`)
  const vector = table.structs(1, 4)
  if (vector.count !== 0 && vector.count !== childCount) {
    throw malformedIpc(`a union of ${childCount} types with ${vector.count} ids`)
  }
  // Spec: without ids the types count from 0.
  const typeIds = Array.from({ length: childCount }, (_, index) =>
    vector.count === 0 ? index : table.int32At(vector.position + index * 4),
  )
  if (new Set(typeIds).size !== childCount || typeIds.some((id) => id < 0 || id >= unionTypesMax)) {
    throw malformedIpc('the type ids of a union repeat or are not in 0 to 127')
  }
  return { kind: 'union', mode: oneOf(UNION_MODES, table.int16(0), 'union mode'), typeIds }
}

/** A wrong number of children would shift every buffer that follows. */
function checkChildren(type: ArrowType, children: readonly Field[]): void {
  const expected = childCount(type)
  if (expected !== null && children.length !== expected) {
    throw malformedIpc(`a field of type ${type.kind} has ${children.length} children, not ${expected}`)
  }
  const first = children[0]
  if (type.kind === 'map' && (first?.type.kind !== 'struct' || first.children.length !== 2)) {
    throw malformedIpc('the entries of a map are no struct of two fields')
  }
  if (type.kind === 'runEndEncoded' && !isRunEnds(first)) {
    throw malformedIpc('run ends are no signed integers of 16, 32 or 64 bits')
  }
}

/** Null where any number is right. */
function childCount(type: ArrowType): number | null {
  switch (type.kind) {
    case 'list':
    case 'largeList':
    case 'listView':
    case 'largeListView':
    case 'fixedSizeList':
    case 'map':
      return 1
    case 'runEndEncoded':
      return 2
    case 'struct':
    case 'union':
      return null
    default:
      return 0
  }
}

function isRunEnds(field: Field | undefined): boolean {
  if (field === undefined || field.dictionary !== null || field.type.kind !== 'int') return false
  return field.type.signed && field.type.bitWidth !== 8
}

function oneOf<T>(values: readonly T[], index: number, what: string): T {
  const value = values[index]
  if (value === undefined) throw malformedIpc(`${what} ${index} is not known`)
  return value
}

function notNegative(value: number, what: string): number {
  if (value < 0) throw malformedIpc(`${what} ${value} is negative`)
  return value
}
