export type TimeUnit = 's' | 'ms' | 'us' | 'ns'

/** An integer type; also what the index of a dictionary is. */
export interface IntType {
  kind: 'int'
  bitWidth: 8 | 16 | 32 | 64
  signed: boolean
}

/** An Arrow type without its children, which stand in {@link Field.children}. Source: Arrow `format/Schema.fbs`. */
export type ArrowType =
  | { kind: 'null' }
  | { kind: 'bool' }
  | IntType
  | { kind: 'float'; bitWidth: 16 | 32 | 64 }
  | { kind: 'utf8' | 'largeUtf8' | 'utf8View' | 'binary' | 'largeBinary' | 'binaryView' }
  | { kind: 'fixedSizeBinary'; byteWidth: number }
  | { kind: 'decimal'; precision: number; scale: number; bitWidth: 32 | 64 | 128 | 256 }
  | { kind: 'date'; unit: 'day' | 'ms' }
  | { kind: 'time'; unit: TimeUnit; bitWidth: 32 | 64 }
  | { kind: 'timestamp'; unit: TimeUnit; timezone: string | null }
  | { kind: 'duration'; unit: TimeUnit }
  | { kind: 'interval'; unit: 'yearMonth' | 'dayTime' | 'monthDayNano' }
  | { kind: 'list' | 'largeList' | 'listView' | 'largeListView' | 'struct' | 'runEndEncoded' }
  | { kind: 'fixedSizeList'; listSize: number }
  | { kind: 'map'; keysSorted: boolean }
  | { kind: 'union'; mode: 'sparse' | 'dense'; typeIds: readonly number[] }

/** Says that a column holds indices into the dictionary of this id. */
export interface DictionaryEncoding {
  id: bigint
  indexType: IntType
  isOrdered: boolean
}

export interface Field {
  name: string
  nullable: boolean
  /** The type of the values, where `dictionary` is set. */
  type: ArrowType
  dictionary: DictionaryEncoding | null
  /** One for lists, two for maps' entries and run-end-encoded fields, any number for structs and unions. */
  children: readonly Field[]
  /** Of two pairs with one key the last counts. */
  metadata: ReadonlyMap<string, string>
}

/** What the columns of a dataset or a stream are. Plain data: it may be shared, and nothing changes it. */
export interface Schema {
  fields: readonly Field[]
  metadata: ReadonlyMap<string, string>
}

/**
 * The numbers of Arrow's flatbuffers, `format/Schema.fbs` and `format/Message.fbs`: members of the union `Type` and
 * of `MessageHeader`, and what enums stand for, by their order.
 */
export const TYPE_ID = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  union: 14,
  fixedSizeBinary: 15,
  fixedSizeList: 16,
  map: 17,
  duration: 18,
  largeBinary: 19,
  largeUtf8: 20,
  largeList: 21,
  runEndEncoded: 22,
  binaryView: 23,
  utf8View: 24,
  listView: 25,
  largeListView: 26,
} as const satisfies Record<ArrowType['kind'], number>

export const HEADER_ID = { schema: 1, dictionary: 2, batch: 3 } as const
/** MetadataVersion: V5 since Arrow 1.0, V4 since 0.8. */
export const VERSION_ID = { v4: 3, v5: 4 } as const
export const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const
export const FLOAT_WIDTHS = [16, 32, 64] as const
export const DATE_UNITS = ['day', 'ms'] as const
export const INTERVAL_UNITS = ['yearMonth', 'dayTime', 'monthDayNano'] as const
export const UNION_MODES = ['sparse', 'dense'] as const
export const COMPRESSIONS = ['lz4', 'zstd'] as const
