import type { ArrowType } from '../../flight/ipc/schema.ts'
import { bindings } from './duckdb.ts'

/** How the values of an Arrow array become those of a DuckDB vector. Widths in bytes. */
export type Layout =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  /** Arrow's bytes are DuckDB's bytes. */
  | { readonly kind: 'copy'; readonly width: 1 | 2 | 4 | 8 | 16 }
  /** Integers times a factor, as 8-byte integers; refused outside of 0 … `max`, where it is given. */
  | { readonly kind: 'scale'; readonly sourceWidth: 4 | 8; readonly factor: number; readonly max?: number }
  /** Integers that fit a narrower width: a decimal of few digits. */
  | { readonly kind: 'narrow'; readonly sourceWidth: number; readonly width: 2 | 4 | 8 | 16 }
  /** Half floats as single floats. */
  | { readonly kind: 'half' }
  | { readonly kind: 'text' | 'bytes'; readonly source: 'offsets32' | 'offsets64' | 'view' }
  | { readonly kind: 'fixedBytes'; readonly byteWidth: number }
  | { readonly kind: 'list'; readonly source: 'offsets32' | 'offsets64' }
  | { readonly kind: 'fixedList'; readonly listSize: number }
  | { readonly kind: 'struct' }
  | { readonly kind: 'map' }

/** What a type without children is stored as. */
export interface FlatStorage {
  /** DuckDB's type, as SQL. */
  readonly sql: string
  readonly layout: Layout
  /** A new handle on DuckDB's type. */
  readonly logicalType: () => bindings.LogicalType
}

/** Storage of a type without children; null for the others and for those that have none. */
export function flatStorage(type: ArrowType): FlatStorage | null {
  switch (type.kind) {
    case 'null':
      return flat('INTEGER', { kind: 'null' })
    case 'bool':
      return flat('BOOLEAN', { kind: 'bool' })
    case 'int':
      return flat(INTEGERS[`${type.signed ? '' : 'u'}${type.bitWidth}`], copy(type.bitWidth / 8))
    case 'float':
      if (type.bitWidth === 16) return flat('FLOAT', { kind: 'half' })
      return flat(type.bitWidth === 32 ? 'FLOAT' : 'DOUBLE', copy(type.bitWidth / 8))
    case 'utf8':
    case 'binary':
      return variable(type.kind === 'utf8', 'offsets32')
    case 'largeUtf8':
    case 'largeBinary':
      return variable(type.kind === 'largeUtf8', 'offsets64')
    case 'utf8View':
    case 'binaryView':
      return variable(type.kind === 'utf8View', 'view')
    case 'fixedSizeBinary':
      return flat('BLOB', { kind: 'fixedBytes', byteWidth: type.byteWidth })
    case 'decimal':
      return decimal(type.precision, type.scale, type.bitWidth / 8)
    case 'date':
      return type.unit === 'day' ? flat('DATE', copy(4)) : flat('TIMESTAMP_MS', copy(8))
    case 'time':
      if (type.unit === 'ns') return flat('BIGINT', copy(8))
      return flat('TIME', TIMES[type.unit])
    case 'timestamp':
      return type.timezone === null ? TIMESTAMPS[type.unit] : ZONED_TIMESTAMPS[type.unit]
    case 'duration':
      return flat('BIGINT', copy(8))
    default:
      return null
  }
}

const INTEGERS = {
  8: 'TINYINT',
  16: 'SMALLINT',
  32: 'INTEGER',
  64: 'BIGINT',
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
} as const

/** DuckDB's last time of day, in microseconds. It fails for good, for all, when it prints one beyond. */
const DAY_END = 86_400_000_000

const TIMES = {
  s: { kind: 'scale', sourceWidth: 4, factor: 1_000_000, max: DAY_END },
  ms: { kind: 'scale', sourceWidth: 4, factor: 1000, max: DAY_END },
  us: { kind: 'scale', sourceWidth: 8, factor: 1, max: DAY_END },
} as const

const TIMESTAMPS = {
  s: flat('TIMESTAMP_MS', { kind: 'scale', sourceWidth: 8, factor: 1000 }),
  ms: flat('TIMESTAMP_MS', copy(8)),
  us: flat('TIMESTAMP', copy(8)),
  ns: flat('TIMESTAMP_NS', copy(8)),
}

const ZONED_TIMESTAMPS = {
  s: flat('TIMESTAMP_TZ', { kind: 'scale', sourceWidth: 8, factor: 1_000_000 }),
  ms: flat('TIMESTAMP_TZ', { kind: 'scale', sourceWidth: 8, factor: 1000 }),
  us: flat('TIMESTAMP_TZ', copy(8)),
  ns: flat('TIMESTAMP_NS', copy(8)),
}

function flat(name: FlatTypeName, layout: Layout): FlatStorage {
  return {
    sql: name === 'TIMESTAMP_TZ' ? 'TIMESTAMPTZ' : name,
    layout,
    logicalType: () => bindings.create_logical_type(bindings.Type[name]),
  }
}

type FlatTypeName =
  | (typeof INTEGERS)[keyof typeof INTEGERS]
  | 'BOOLEAN'
  | 'FLOAT'
  | 'DOUBLE'
  | 'VARCHAR'
  | 'BLOB'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'TIMESTAMP_MS'
  | 'TIMESTAMP_NS'
  | 'TIMESTAMP_TZ'

function copy(width: number): Layout {
  return { kind: 'copy', width: width as 1 | 2 | 4 | 8 | 16 }
}

function variable(isText: boolean, source: 'offsets32' | 'offsets64' | 'view'): FlatStorage {
  return isText ? flat('VARCHAR', { kind: 'text', source }) : flat('BLOB', { kind: 'bytes', source })
}

/** DuckDB stores a decimal in the narrowest integer that its digits fit. */
function decimal(precision: number, scale: number, sourceWidth: number): FlatStorage | null {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return null
  const width = precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16
  if (width > sourceWidth) return null
  return {
    sql: `DECIMAL(${precision}, ${scale})`,
    layout: width === sourceWidth ? copy(width) : { kind: 'narrow', sourceWidth, width },
    logicalType: () => bindings.create_decimal_type(precision, scale),
  }
}
