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
  const { bytes } = array.memory
  const width = byteWidthOf(type)
  if (width !== undefined) {
    return fixedValues(type, bytes.subarray((array.buffers[1] ?? 0) + array.offset * width), array.length)
  }
  const offsets = new OffsetReader(array, 0, array.length, offsetWidthOf(type) ?? 4)
  const data = bytes.subarray(array.buffers[2] ?? 0)
  return variableValues(type, data, array.length, (index) => offsets.at(index))
}

/** Values of as many bytes each, which follow each other; a copy. */
export function fixedValues(
  type: ArrowType,
  bytes: Uint8Array,
  count: number,
  nulls: Uint32Array = NO_NULLS,
): ValueList {
  const width = byteWidthOf(type) ?? 0
  const ends = new Uint32Array(count)
  for (let index = 0; index < count; index++) ends[index] = (index + 1) * width
  return { type, ends, bytes: copyOf(bytes, 0, count * width), nulls }
}

/** Values of any length that follow each other, each from where `offsetAt` says to where it says the next; a copy. */
export function variableValues(
  type: ArrowType,
  bytes: Uint8Array,
  count: number,
  offsetAt: (index: number) => number,
  nulls: Uint32Array = NO_NULLS,
): ValueList {
  const start = offsetAt(0)
  const ends = new Uint32Array(count)
  for (let index = 0; index < count; index++) ends[index] = offsetAt(index + 1) - start
  return { type, ends, bytes: copyOf(bytes, start, offsetAt(count)), nulls }
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

/** The values of some lists of the same type, one after the other; the list itself where it is the only one. */
export function joinValues(lists: readonly ValueList[]): ValueList {
  const [first] = lists
  if (first === undefined) throw new Error('No values to join')
  if (lists.length === 1) return first
  const ends = new Uint32Array(lists.reduce((sum, list) => sum + list.ends.length, 0))
  const bytes = new Uint8Array(lists.reduce((sum, list) => sum + list.bytes.byteLength, 0))
  const nulls: number[] = []
  let [count, length] = [0, 0]
  for (const list of lists) {
    for (let index = 0; index < list.ends.length; index++)
      ends[count + index] = length + (list.ends[index] ?? 0)
    for (const position of list.nulls) nulls.push(count + position)
    bytes.set(list.bytes, length)
    count += list.ends.length
    length += list.bytes.byteLength
  }
  return { type: first.type, ends, bytes, nulls: Uint32Array.from(nulls) }
}

/** The first values of a list; a copy. */
export function firstValues({ type, ends, bytes, nulls }: ValueList, count: number): ValueList {
  return {
    type,
    ends: ends.slice(0, count),
    bytes: copyOf(bytes, 0, ends[count - 1] ?? 0),
    nulls: nulls.filter((position) => position < count),
  }
}

/** The same for equal bytes. Source: FNV-1a, its higher bits mixed into those that a table looks at. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Whether a value of a list has these bytes. */
export function hasValueAt(
  list: ValueList,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const own = listSpan(list, index)
  if (own.end - own.start !== end - start) return false
  for (let at = start; at < end; at++) {
    if (bytes[at] !== list.bytes[own.start + at - start]) return false
  }
  return true
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

/** Memory of its own: a piece of a pool, or of a larger list, would take all of it to another thread. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}
