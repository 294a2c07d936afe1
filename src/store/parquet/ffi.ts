import type { ArrowType, IntType, TimeUnit } from '../../../flight/ipc/schema.ts'

/** A column as `ArrowSchema` describes it. Source: Arrow, "The Arrow C data interface". */
export interface FfiField {
  readonly name: string
  /** Of the values, where `indexType` is set. Null where the format is none that we know. */
  readonly type: ArrowType | null
  /** The format text, for messages. */
  readonly format: string
  /** Of a dictionary-encoded column, else null. */
  readonly indexType: IntType | null
  readonly children: readonly FfiField[]
}

/** An array as `ArrowArray` describes it: where its buffers are in memory. */
export interface FfiArray {
  readonly memory: FfiMemory
  /** Elements, counted from `offset`. */
  readonly length: number
  /** -1 where nobody counted. */
  readonly nullCount: number
  /** Elements at the start of every buffer, and of every child of a struct, that are not the array's. */
  readonly offset: number
  /** Addresses; 0 where there is no such buffer. */
  readonly buffers: readonly number[]
  readonly children: readonly FfiArray[]
  readonly dictionary: FfiArray | null
}

/** Positions in the structs, where pointers have 4 bytes and 64-bit numbers stand at multiples of 8. */
const SCHEMA = { format: 0, name: 4, flags: 16, childCount: 24, children: 32, dictionary: 36 } as const
const ARRAY = {
  length: 0,
  nullCount: 8,
  offset: 16,
  bufferCount: 24,
  childCount: 32,
  buffers: 40,
  children: 44,
  dictionary: 48,
} as const

/** Flag of a map whose keys are sorted. */
const FLAG_MAP_KEYS_SORTED = 4

/** The memory of a wasm module, read-only, until the module runs again. */
export class FfiMemory {
  readonly bytes: Buffer
  readonly #view: DataView

  constructor(memory: ArrayBuffer) {
    this.bytes = Buffer.from(memory)
    this.#view = new DataView(memory)
  }

  pointer(at: number): number {
    return this.#view.getUint32(at, true)
  }

  /** A 64-bit number, which in a memory of 4 GiB fits a double. */
  long(at: number): number {
    return Number(this.#view.getBigInt64(at, true))
  }

  pointers(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) => this.pointer(at + 4 * index))
  }

  text(at: number): string {
    return at === 0 ? '' : this.bytes.toString('utf8', at, this.bytes.indexOf(0, at))
  }

  int32s(at: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#aligned(at, count * 4, 4), at % 4 === 0 ? at : 0, count)
  }

  uint32s(at: number, count: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#aligned(at, count * 4, 4), at % 4 === 0 ? at : 0, count)
  }

  /** The memory itself, or a copy of the range where it does not start at a multiple of the width. */
  #aligned(at: number, length: number, width: number): ArrayBuffer {
    const memory = this.bytes.buffer as ArrayBuffer
    return at % width === 0 ? memory : memory.slice(at, at + length)
  }
}

/** Reads an `ArrowSchema`. */
export function readFfiField(memory: FfiMemory, at: number): FfiField {
  const format = memory.text(memory.pointer(at + SCHEMA.format))
  const isSorted = (memory.long(at + SCHEMA.flags) & FLAG_MAP_KEYS_SORTED) !== 0
  const type = format === '+m' ? { kind: 'map' as const, keysSorted: isSorted } : parseFormat(format)
  const name = memory.text(memory.pointer(at + SCHEMA.name))
  const dictionaryAt = memory.pointer(at + SCHEMA.dictionary)
  if (dictionaryAt !== 0) {
    const values = readFfiField(memory, dictionaryAt)
    if (type?.kind === 'int') return { ...values, name, indexType: type }
    return { ...values, name, type: null }
  }
  const children = memory
    .pointers(memory.pointer(at + SCHEMA.children), memory.long(at + SCHEMA.childCount))
    .map((child) => readFfiField(memory, child))
  return { name, type, format, indexType: null, children }
}

/** Reads an `ArrowArray`. */
export function readFfiArray(memory: FfiMemory, at: number): FfiArray {
  const dictionaryAt = memory.pointer(at + ARRAY.dictionary)
  return {
    memory,
    length: memory.long(at + ARRAY.length),
    nullCount: memory.long(at + ARRAY.nullCount),
    offset: memory.long(at + ARRAY.offset),
    buffers: memory.pointers(memory.pointer(at + ARRAY.buffers), memory.long(at + ARRAY.bufferCount)),
    children: memory
      .pointers(memory.pointer(at + ARRAY.children), memory.long(at + ARRAY.childCount))
      .map((child) => readFfiArray(memory, child)),
    dictionary: dictionaryAt === 0 ? null : readFfiArray(memory, dictionaryAt),
  }
}

const SIMPLE_FORMATS: Readonly<Record<string, ArrowType>> = {
  n: { kind: 'null' },
  b: { kind: 'bool' },
  c: { kind: 'int', bitWidth: 8, signed: true },
  C: { kind: 'int', bitWidth: 8, signed: false },
  s: { kind: 'int', bitWidth: 16, signed: true },
  S: { kind: 'int', bitWidth: 16, signed: false },
  i: { kind: 'int', bitWidth: 32, signed: true },
  I: { kind: 'int', bitWidth: 32, signed: false },
  l: { kind: 'int', bitWidth: 64, signed: true },
  L: { kind: 'int', bitWidth: 64, signed: false },
  e: { kind: 'float', bitWidth: 16 },
  f: { kind: 'float', bitWidth: 32 },
  g: { kind: 'float', bitWidth: 64 },
  z: { kind: 'binary' },
  Z: { kind: 'largeBinary' },
  u: { kind: 'utf8' },
  U: { kind: 'largeUtf8' },
  tdD: { kind: 'date', unit: 'day' },
  tdm: { kind: 'date', unit: 'ms' },
  tts: { kind: 'time', unit: 's', bitWidth: 32 },
  ttm: { kind: 'time', unit: 'ms', bitWidth: 32 },
  ttu: { kind: 'time', unit: 'us', bitWidth: 64 },
  ttn: { kind: 'time', unit: 'ns', bitWidth: 64 },
  '+l': { kind: 'list' },
  '+L': { kind: 'largeList' },
  '+s': { kind: 'struct' },
}

const UNITS: Readonly<Record<string, TimeUnit>> = { s: 's', m: 'ms', u: 'us', n: 'ns' }

/** The type of a format text; null for those that Parquet never gives (views, unions, intervals, run-ends). */
function parseFormat(format: string): ArrowType | null {
  const simple = SIMPLE_FORMATS[format]
  if (simple !== undefined) return simple
  const fixed = /^(w|\+w):(\d+)$/.exec(format)
  if (fixed !== null) {
    const size = Number(fixed[2])
    return fixed[1] === 'w'
      ? { kind: 'fixedSizeBinary', byteWidth: size }
      : { kind: 'fixedSizeList', listSize: size }
  }
  const decimal = /^d:(\d+),(-?\d+)(?:,(32|64|128|256))?$/.exec(format)
  if (decimal !== null) {
    const bitWidth = Number(decimal[3] ?? 128) as 32 | 64 | 128 | 256
    return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]), bitWidth }
  }
  const instant = /^t([sD])([smun])(?::(.*))?$/s.exec(format)
  const unit = UNITS[instant?.[2] ?? '']
  if (instant === null || unit === undefined) return null
  if (instant[1] === 'D') return { kind: 'duration', unit }
  const timezone = instant[3] ?? ''
  return { kind: 'timestamp', unit, timezone: timezone === '' ? null : timezone }
}
