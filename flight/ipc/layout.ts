import type { ArrowType, Field } from './types.ts'

/**
 * How the values of a field lie in buffers. All but `null`, `union` and `runEnd` have a validity bitmap first.
 * Source: Arrow columnar format, "Buffer listing for each layout".
 */
export type Layout =
  | { kind: 'null' | 'bits' | 'view' | 'struct' | 'runEnd' }
  /** One buffer of `width` bytes a value. */
  | { kind: 'fixed'; width: number }
  /** `length + 1` offsets into a buffer of bytes, or into a child. */
  | { kind: 'bytes' | 'list'; offsetWidth: 4 | 8 }
  /** As many offsets as sizes, in any order, into a child. */
  | { kind: 'listView'; offsetWidth: 4 | 8 }
  | { kind: 'fixedList'; size: number }
  | { kind: 'union'; isDense: boolean; typeIds: readonly number[] }

/** The layout of a field in a record batch: of its index, where it is dictionary-encoded. */
export function layoutOf(field: Field): Layout {
  if (field.dictionary !== null) return { kind: 'fixed', width: field.dictionary.indexType.bitWidth / 8 }
  return layoutOfType(field.type)
}

function layoutOfType(type: ArrowType): Layout {
  switch (type.kind) {
    case 'null':
    case 'struct':
      return { kind: type.kind }
    case 'bool':
      return { kind: 'bits' }
    case 'utf8View':
    case 'binaryView':
      return { kind: 'view' }
    case 'runEndEncoded':
      return { kind: 'runEnd' }
    case 'utf8':
    case 'binary':
      return { kind: 'bytes', offsetWidth: 4 }
    case 'largeUtf8':
    case 'largeBinary':
      return { kind: 'bytes', offsetWidth: 8 }
    case 'list':
    case 'map':
      return { kind: 'list', offsetWidth: 4 }
    case 'largeList':
      return { kind: 'list', offsetWidth: 8 }
    case 'listView':
      return { kind: 'listView', offsetWidth: 4 }
    case 'largeListView':
      return { kind: 'listView', offsetWidth: 8 }
    case 'fixedSizeList':
      return { kind: 'fixedList', size: type.listSize }
    case 'union':
      return { kind: 'union', isDense: type.mode === 'dense', typeIds: type.typeIds }
    default:
      return { kind: 'fixed', width: fixedWidth(type) }
  }
}

type FixedType = Extract<
  ArrowType,
  {
    kind:
      | 'int'
      | 'float'
      | 'decimal'
      | 'time'
      | 'date'
      | 'timestamp'
      | 'duration'
      | 'interval'
      | 'fixedSizeBinary'
  }
>

/** Bytes of one value. */
function fixedWidth(type: FixedType): number {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'decimal':
    case 'time':
      return type.bitWidth / 8
    case 'fixedSizeBinary':
      return type.byteWidth
    case 'date':
      return type.unit === 'day' ? 4 : 8
    case 'interval':
      return { yearMonth: 4, dayTime: 8, monthDayNano: 16 }[type.unit]
    case 'timestamp':
    case 'duration':
      return 8
  }
}

/** True where the layout begins with a validity bitmap, which may be empty where nothing is null. */
export function hasValidity(layout: Layout): boolean {
  return layout.kind !== 'null' && layout.kind !== 'union' && layout.kind !== 'runEnd'
}

/** Buffers of the layout after its validity bitmap, without the data buffers of views, whose number varies. */
export function bufferCount(layout: Layout): number {
  switch (layout.kind) {
    case 'bytes':
    case 'listView':
      return 2
    case 'union':
      return layout.isDense ? 2 : 1
    case 'bits':
    case 'fixed':
    case 'view':
    case 'list':
      return 1
    default:
      return 0
  }
}
