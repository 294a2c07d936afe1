import type { ArrowType } from '../../../flight/ipc/schema.ts'
import type { ValueList } from './dictionary-types.ts'
import { type FfiArray, FfiMemory } from './ffi.ts'
import { byteWidthOf } from './fixed-column.ts'
import { OffsetReader } from './offsets.ts'
import { validityOf } from './validity.ts'
import { offsetWidthOf } from './variable-column.ts'

export type { ValueList } from './dictionary-types.ts'

/** Where buffers start in a memory of our own: address 0 means that there is no buffer. */
const BUFFERS_START = 8

/** What most lists have. */
export const NO_NULLS = new Uint32Array(0)

/** Whether values of the type can be listed: they are told apart by their bytes alone. */
export function isListable(type: ArrowType | null): type is ArrowType {
  return offsetWidthOf(type) !== undefined || byteWidthOf(type) !== undefined
}

/** All values of an array that has no nulls; a copy. */
export function listValues(array: FfiArray, type: ArrowType): ValueList {
  const spanOf = spans(array, type)
  const rows = Array.from({ length: array.length }, (_, row) => spanOf(row))
  return copySpans(array.memory.bytes, rows, type)
}

/** The values at some positions of a list; a copy. */
export function pickValues(list: ValueList, indices: readonly number[]): ValueList {
  return copySpans(
    bufferOf(list.bytes),
    indices.map((index) => listSpan(list, index)),
    list.type,
  )
}

/** A list of `count` values, copied from where each is; `nulls` are the positions of nulls. */
export function valuesFrom(
  type: ArrowType,
  count: number,
  nulls: Uint32Array,
  valueAt: (index: number) => Uint8Array,
): ValueList {
  const values = Array.from({ length: count }, (_, index) => valueAt(index))
  let length = 0
  const ends = Uint32Array.from(values, (value) => (length += value.byteLength))
  const bytes = new Uint8Array(length)
  values.forEach((value, index) => {
    bytes.set(value, ends[index - 1] ?? 0)
  })
  return { type, ends, bytes, nulls }
}

/** The values of one list after those of another of the same type. */
export function joinValues(first: ValueList, second: ValueList): ValueList {
  const shift = first.bytes.byteLength
  const ends = new Uint32Array(first.ends.length + second.ends.length)
  ends.set(first.ends)
  second.ends.forEach((end, index) => {
    ends[first.ends.length + index] = shift + end
  })
  const nulls = Uint32Array.from([
    ...first.nulls,
    ...Array.from(second.nulls, (position) => first.ends.length + position),
  ])
  return { type: first.type, ends, bytes: Buffer.concat([first.bytes, second.bytes]), nulls }
}

/** Texts that are equal where two values are: their bytes, one to a character. */
export function valueKeys({ ends, bytes }: ValueList): string[] {
  const buffer = bufferOf(bytes)
  return Array.from(ends, (end, index) => buffer.toString('latin1', ends[index - 1] ?? 0, end))
}

/** The positions of a list in the order of its values' bytes. */
export function sortedIndices(list: ValueList): number[] {
  const buffer = bufferOf(list.bytes)
  const spanned = Array.from(list.ends, (_, index) => ({ index, ...listSpan(list, index) }))
  spanned.sort((a, b) => buffer.compare(buffer, b.start, b.end, a.start, a.end))
  return spanned.map(({ index }) => index)
}

/** The values of an array, each said once, and for each row which it has; any where it is null. */
export function distinctValues(
  array: FfiArray,
  type: ArrowType,
): { readonly values: ValueList; readonly codes: Uint32Array } {
  const { bytes } = array.memory
  const spanOf = spans(array, type)
  const isValid = validityOf(array, 0)
  const codes = new Uint32Array(array.length)
  const codeByValue = new Map<string, number>()
  const firsts: Span[] = []
  for (let row = 0; row < array.length; row++) {
    if (!isValid(row)) continue
    const span = spanOf(row)
    const value = bytes.toString('latin1', span.start, span.end)
    let code = codeByValue.get(value)
    if (code === undefined) {
      code = firsts.length
      codeByValue.set(value, code)
      firsts.push(span)
    }
    codes[row] = code
  }
  return { values: copySpans(bytes, firsts, type), codes }
}

/** The list as an array of its type, in memory of its own. */
export function arrayOfValues({ type, ends, bytes, nulls }: ValueList): FfiArray {
  const offsetWidth = offsetWidthOf(type)
  const offsetBytes = offsetWidth === undefined ? 0 : (ends.length + 1) * offsetWidth
  const dataStart = BUFFERS_START + Math.ceil(offsetBytes / 8) * 8
  const validityStart = dataStart + bytes.byteLength
  const validityBytes = nulls.length === 0 ? 0 : Math.ceil(ends.length / 8)
  const memory = new FfiMemory(new ArrayBuffer(validityStart + validityBytes))
  if (offsetWidth !== undefined) {
    ends.forEach((end, index) => memory.bytes.writeUInt32LE(end, BUFFERS_START + (index + 1) * offsetWidth))
  }
  memory.bytes.set(bytes, dataStart)
  memory.bytes.fill(0xff, validityStart)
  for (const position of nulls) {
    const at = validityStart + (position >> 3)
    memory.bytes[at] = (memory.bytes[at] ?? 0) & ~(1 << (position & 7))
  }
  const validity = validityBytes === 0 ? 0 : validityStart
  return {
    memory,
    length: ends.length,
    nullCount: nulls.length,
    offset: 0,
    buffers: offsetWidth === undefined ? [validity, dataStart] : [validity, BUFFERS_START, dataStart],
    children: [],
    dictionary: null,
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

function listSpan({ ends }: ValueList, index: number): Span {
  return { start: ends[index - 1] ?? 0, end: ends[index] ?? 0 }
}

/** Where the bytes of a row are in memory. */
function spans(array: FfiArray, type: ArrowType): (row: number) => Span {
  const offsetWidth = offsetWidthOf(type)
  if (offsetWidth !== undefined) {
    const offsets = new OffsetReader(array, 0, array.length, offsetWidth)
    const dataAddress = array.buffers[2] ?? 0
    return (row) => ({ start: dataAddress + offsets.at(row), end: dataAddress + offsets.at(row + 1) })
  }
  const width = byteWidthOf(type) ?? 0
  const address = (array.buffers[1] ?? 0) + array.offset * width
  return (row) => ({ start: address + row * width, end: address + (row + 1) * width })
}

function copySpans(source: Buffer, rows: readonly Span[], type: ArrowType): ValueList {
  const ends = new Uint32Array(rows.length)
  let length = 0
  rows.forEach(({ start, end }, index) => {
    length += end - start
    ends[index] = length
  })
  // Memory of its own: a piece of a pool would take the whole pool to another thread.
  const bytes = new Uint8Array(length)
  const target = bufferOf(bytes)
  rows.forEach(({ start, end }, index) => source.copy(target, ends[index - 1] ?? 0, start, end))
  return { type, ends, bytes, nulls: NO_NULLS }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
