import { isUtf8 } from 'node:buffer'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { isValid, type Mask } from './bitmap.ts'
import { malformed, type ArrowArray } from './arrow-array.ts'
import type { Layout, Storage } from '../storage-types.ts'
import { INLINE_BYTES_MAX, type TextRun } from './text-words.ts'

type TextLayout = Extract<Layout, { kind: 'text' | 'bytes' | 'fixedBytes' }>

/**
 * Values `start` … `start + count` of an array, with offsets that are in order and inside their data.
 * The data stays a view of the frame; only the views layout is gathered into memory of its own.
 *
 * @throws {@link SternaError} IPC_MALFORMED for offsets that are not, and for text that is not UTF-8: DuckDB
 * would refuse to read the part again.
 */
export function textRun(array: ArrowArray, start: number, count: number, mask: Mask): TextRun {
  const { storage } = array
  const layout = storage.layout as TextLayout
  const run = rawRun(array, layout, start, count, mask)
  if (layout.kind === 'text' && !isTextRun(run)) {
    for (let i = 0; i < count; i++) {
      if (isValid(mask, i) && !isUtf8(run.data.subarray(run.starts[i], run.starts[i + 1]))) {
        throw malformed(storage, 'holds text that is not UTF-8')
      }
    }
  }
  return run
}

/** True where all of it is UTF-8 and no value starts inside a character. */
function isTextRun({ data, starts }: TextRun): boolean {
  const first = starts[0] ?? 0
  const last = starts[starts.length - 1] ?? 0
  if (!isUtf8(data.subarray(first, last))) return false
  for (let i = 0; i < starts.length; i++) {
    const at = starts[i] ?? 0
    if (at < last && ((data[at] ?? 0) & 0xc0) === 0x80) return false
  }
  return true
}

function rawRun(array: ArrowArray, layout: TextLayout, start: number, count: number, mask: Mask): TextRun {
  const [first = new Uint8Array(0), second = new Uint8Array(0)] = array.buffers
  if (layout.kind === 'fixedBytes') {
    const { byteWidth } = layout
    const data = first.subarray(start * byteWidth, (start + count) * byteWidth)
    return { data, starts: Uint32Array.from({ length: count + 1 }, (_, i) => i * byteWidth) }
  }
  if (layout.source === 'view') return gatherViews(array, start, count, mask)
  return {
    data: second,
    starts: readOffsets(array.storage, first, layout.source, start, count, second.length),
  }
}

/**
 * The `count + 1` offsets from `start`, checked to grow and to end inside `lengthMax`.
 */
export function readOffsets(
  storage: Storage,
  buffer: Uint8Array,
  source: 'offsets32' | 'offsets64',
  start: number,
  count: number,
  lengthMax: number,
): Uint32Array {
  const offsets = new Uint32Array(count + 1)
  if (count === 0) return offsets
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  const width = source === 'offsets32' ? 4 : 8
  let previous = 0
  for (let i = 0; i <= count; i++) {
    const at = (start + i) * width
    // An offset of 2³² or more, or below zero, is never inside a body: it becomes the largest one.
    const isLarge = source === 'offsets64' && view.getInt32(at + 4, true) !== 0
    const offset = isLarge ? 0xffff_ffff : view.getUint32(at, true)
    if (offset < previous || offset > lengthMax) {
      throw malformed(storage, `has offset ${offset} after ${previous} where ${lengthMax} is the end`)
    }
    offsets[i] = offset
    previous = offset
  }
  return offsets
}

/** Arrow's views, which may share bytes: length and 12 bytes in place, or length, 4 bytes of prefix, buffer and offset. */
function gatherViews(array: ArrowArray, start: number, count: number, mask: Mask): TextRun {
  const [views = new Uint8Array(0), ...buffers] = array.buffers
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength)
  const starts = new Uint32Array(count + 1)
  let total = 0
  for (let i = 0; i < count; i++) {
    if (isValid(mask, i)) total += view.getUint32((start + i) * 16, true)
    if (total > LIMITS.receiveMessageBytesMax) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `${count} values of column '${array.storage.path}' take over 1 GiB`,
      )
    }
    starts[i + 1] = total
  }
  const data = Buffer.allocUnsafe(total)
  for (let i = 0; i < count; i++) {
    if (!isValid(mask, i)) continue
    const at = (start + i) * 16
    const length = view.getUint32(at, true)
    const place = starts[i] ?? 0
    if (length <= INLINE_BYTES_MAX) {
      data.set(views.subarray(at + 4, at + 4 + length), place)
      continue
    }
    const buffer = buffers[view.getUint32(at + 8, true)]
    const offset = view.getUint32(at + 12, true)
    if (buffer === undefined || offset + length > buffer.length) {
      throw malformed(array.storage, 'has a view outside its buffers')
    }
    data.set(buffer.subarray(offset, offset + length), place)
  }
  return { data, starts }
}
