import { type Column, fieldsOf, readColumns } from './batch-tree.ts'
import { alignedTo, int32View, readOffsets } from './body.ts'
import { malformedIpc } from './flatbuffer.ts'
import type { BufferRange, IpcMessage } from './message-reader.ts'
import type { Schema } from './types.ts'

/** Spec: a view of up to 12 bytes holds its value itself. */
const inlineBytesMax = 12

/** What the checks of one body share. */
interface Scan {
  body: Uint8Array
  /** Values sent so far by dictionary id; undefined where indices are not to be checked. */
  dictionaries: ReadonlyMap<bigint, number> | undefined
}

/**
 * Checks what the body itself says of positions, so that code which follows them stays inside its buffers: offsets
 * ascend and end inside their values, views and list views point inside theirs, union type ids and run ends are
 * possible, dictionary indices have a value. Null slots may hold anything.
 *
 * Cost: one pass over the offsets, none over the values. A compressed batch is passed over: whoever decompresses it
 * has a new body to check.
 *
 * @param message - one that `checkBatch` has accepted with this schema and body
 * @param dictionaries - length of each dictionary, kept by {@link trackDictionary}; without it indices are not read
 * @throws WireError IPC_MALFORMED, naming the column
 */
export function checkOffsets(
  message: IpcMessage,
  body: Uint8Array,
  schema: Schema,
  dictionaries?: ReadonlyMap<bigint, number>,
): void {
  if (message.kind === 'schema' || message.batch.compression !== null) return
  const scan = { body, dictionaries }
  for (const column of readColumns(fieldsOf(message, schema), message.batch)) checkColumn(column, scan)
}

/** Adds a dictionary message to the lengths that {@link checkOffsets} takes; any other message changes nothing. */
export function trackDictionary(lengths: Map<bigint, number>, message: IpcMessage): void {
  if (message.kind !== 'dictionary') return
  const before = message.isDelta ? (lengths.get(message.id) ?? 0) : 0
  lengths.set(message.id, before + message.batch.rows)
}

function checkColumn(column: Column, scan: Scan): void {
  if (column.node.length > 0) checkValues(column, scan)
  for (const child of column.children) checkColumn(child, scan)
}

function checkValues(column: Column, scan: Scan): void {
  const { layout, buffers, children } = column
  switch (layout.kind) {
    case 'bytes':
      checkAscending(column, layout.offsetWidth, buffers[1]?.length ?? 0, scan)
      break
    case 'list':
      checkAscending(column, layout.offsetWidth, children[0]?.node.length ?? 0, scan)
      break
    case 'listView':
      checkListViews(column, layout.offsetWidth, scan)
      break
    case 'view':
      checkViews(column, scan)
      break
    case 'union':
      checkUnion(column, layout, scan)
      break
    case 'runEnd':
      checkRunEnds(column, scan)
      break
    case 'fixed':
      checkIndices(column, scan)
      break
    default:
      break
  }
}

function checkAscending(column: Column, width: 4 | 8, end: number, scan: Scan): void {
  const count = column.node.length + 1
  const { buffer, byteOffset, byteLength } = bytesOf(column.buffers[0], scan)
  const view = new DataView(buffer, byteOffset, byteLength)
  const last = width === 4 ? lastAscending32(view, count) : lastAscending64(view, count)
  if (last === null) throw malformedColumn(column, 'offsets that do not ascend')
  if (last > end) throw malformedColumn(column, `offsets up to ${last} into ${end}`)
}

/**
 * The last of `count` offsets, or null where they do not ascend from 0 or more.
 *
 * It collects sign bits and does not branch, and reads through a DataView, because a body may begin at any address: a
 * typed array would need a copy first, which takes as long again.
 */
function lastAscending32(view: DataView, count: number): number | null {
  let signs = 0
  let last = 0
  for (let index = 0; index < count; index += 1) {
    const offset = view.getInt32(index * 4, true)
    // Where either is negative its own sign bit says so; else the difference cannot overflow.
    signs |= offset | (offset - last)
    last = offset
  }
  return signs < 0 ? null : last
}

function lastAscending64(view: DataView, count: number): number | null {
  let last = 0
  for (let index = 0; index < count; index += 1) {
    const high = view.getInt32(index * 8 + 4, true)
    const offset = high * 0x1_0000_0000 + view.getUint32(index * 8, true)
    if (high < 0 || high > 0x1f_ffff || offset < last) return null
    last = offset
  }
  return last
}

function checkListViews(column: Column, width: 4 | 8, scan: Scan): void {
  const count = column.node.length
  const offsets = readOffsets(bytesOf(column.buffers[0], scan), count, width)
  const sizes = readOffsets(bytesOf(column.buffers[1], scan), count, width)
  const end = column.children[0]?.node.length ?? 0
  for (let index = 0; index < count; index += 1) {
    const offset = offsets[index] ?? 0
    const size = sizes[index] ?? 0
    const isInside = offset >= 0 && size >= 0 && offset + size <= end
    if (!isInside && isValid(column, index, scan))
      throw malformedColumn(column, 'a list view outside its child')
  }
}

function checkViews(column: Column, scan: Scan): void {
  const [views, ...data] = column.buffers
  const lengths = data.map((range) => range.length)
  const words = int32View(bytesOf(views, scan), column.node.length * 4)
  for (let index = 0; index < words.length; index += 4) {
    const length = words[index] ?? 0
    if (length >= 0 && length <= inlineBytesMax) continue
    const offset = words[index + 3] ?? 0
    const end = lengths[words[index + 2] ?? 0] ?? -1
    const isInside = length >= 0 && offset >= 0 && offset + length <= end
    if (!isInside && isValid(column, index / 4, scan))
      throw malformedColumn(column, 'a view outside its buffers')
  }
}

function checkUnion(column: Column, layout: Column['layout'] & { kind: 'union' }, scan: Scan): void {
  const count = column.node.length
  const ids = bytesOf(column.buffers[0], scan)
  const lengthOfId = new Float64Array(256).fill(-1)
  layout.typeIds.forEach((id, index) => {
    lengthOfId[id] = column.children[index]?.node.length ?? 0
  })
  const offsets = layout.isDense ? int32View(bytesOf(column.buffers[1], scan), count) : null
  for (let index = 0; index < count; index += 1) {
    const length = lengthOfId[ids[index] ?? 0] ?? -1
    const offset = offsets === null ? index : (offsets[index] ?? 0)
    if (offset < 0 || offset >= length) throw malformedColumn(column, 'a union value that no child has')
  }
}

function checkRunEnds(column: Column, scan: Scan): void {
  const runs = column.children[0]
  if (runs?.layout.kind !== 'fixed') return
  const ends = readIntegers(bytesOf(runs.buffers[0], scan), runs.node.length, runs.layout.width, true)
  let last = 0
  for (const end of ends) {
    if (!(end > last)) throw malformedColumn(column, 'run ends that do not ascend')
    last = end
  }
  if (last < column.node.length)
    throw malformedColumn(column, `runs for ${last} rows of ${column.node.length}`)
}

function checkIndices(column: Column, scan: Scan): void {
  const { dictionary } = column.field
  if (dictionary === null || scan.dictionaries === undefined) return
  const count = column.node.length
  const { bitWidth, signed } = dictionary.indexType
  const indices = readIntegers(bytesOf(column.buffers[0], scan), count, bitWidth / 8, signed)
  const end = scan.dictionaries.get(dictionary.id) ?? 0
  for (let row = 0; row < count; row += 1) {
    const index = indices[row] ?? 0
    const isInside = index >= 0 && index < end
    if (!isInside && isValid(column, row, scan)) {
      throw malformedColumn(column, `an index into dictionary ${dictionary.id} outside its ${end} values`)
    }
  }
}

/** Integers of any width, to be read by index; of 8 bytes as in {@link readOffsets}. */
function readIntegers(
  bytes: Uint8Array,
  count: number,
  width: number,
  signed: boolean,
): ArrayLike<number> & Iterable<number> {
  if (width === 8) return readOffsets(bytes, count, 8)
  const { buffer, byteOffset } = alignedTo(width, bytes, count * width)
  switch (width) {
    case 1:
      return signed ? new Int8Array(buffer, byteOffset, count) : new Uint8Array(buffer, byteOffset, count)
    case 2:
      return signed ? new Int16Array(buffer, byteOffset, count) : new Uint16Array(buffer, byteOffset, count)
    default:
      return signed ? new Int32Array(buffer, byteOffset, count) : new Uint32Array(buffer, byteOffset, count)
  }
}

function bytesOf(range: BufferRange | undefined, scan: Scan): Uint8Array {
  return range === undefined
    ? new Uint8Array(0)
    : scan.body.subarray(range.offset, range.offset + range.length)
}

/** Asked only where a slot looks wrong, so that the common case reads no bitmap. */
function isValid({ node, validity }: Column, index: number, scan: Scan): boolean {
  if (validity === null || validity.length === 0 || node.nullCount === 0) return true
  const byte = scan.body[validity.offset + (index >> 3)] ?? 0
  return ((byte >> (index & 7)) & 1) === 1
}

function malformedColumn(column: Column, reason: string): Error {
  return malformedIpc(`column "${column.field.name}" has ${reason}`)
}
