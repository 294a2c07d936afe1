import { type Column, readColumns } from './batch-tree.ts'
import { encodeBatch } from './batch-writer.ts'
import { countZeroBits, sliceBits } from './bits.ts'
import { BodyBuilder, BodyReader, readOffsets } from './body.ts'
import { type BatchHeader, type BufferRange, type FieldNode, parseMessage } from './message-reader.ts'
import type { Field, Schema } from './types.ts'

/** A record batch that rows can be cut out of. */
export interface OpenBatch {
  rows: number
  /** Buffers of the batch, with those of its children. */
  bufferCount: number
  columns: Column[]
  body: BodyReader
}

/**
 * Reads a record batch for slicing.
 *
 * @returns null where its rows cannot be cut: it is compressed, or no record batch
 * @throws WireError IPC_MALFORMED
 */
export function openBatch(header: Uint8Array, body: readonly Uint8Array[], schema: Schema): OpenBatch | null {
  const message = parseMessage(header)
  if (message.kind !== 'batch' || message.batch.compression !== null) return null
  const { rows, buffers } = message.batch
  return {
    rows,
    bufferCount: buffers.length,
    columns: readColumns(schema.fields, message.batch),
    body: new BodyReader(body),
  }
}

/**
 * True where half of the rows take about half of the bytes. Views, list views and dense unions point anywhere into
 * their values, so that every slice has to carry all of those.
 */
export function isDivisible(fields: readonly Field[]): boolean {
  return fields.every(({ type, dictionary, children }) => {
    if (dictionary !== null) return true
    switch (type.kind) {
      case 'utf8View':
      case 'binaryView':
      case 'listView':
      case 'largeListView':
        return false
      case 'union':
        return type.mode === 'sparse' && isDivisible(children)
      default:
        return isDivisible(children)
    }
  })
}

/** A batch that a slice is written to. */
interface Target {
  nodes: FieldNode[]
  variadicCounts: number[]
  body: BodyBuilder
  source: BodyReader
}

/**
 * Cuts the rows `[start, end)` out of a batch.
 *
 * Fixed-width values, bitmaps at multiples of 8, and the bytes of strings stay views of the old body; new are only
 * offsets that have to begin at 0 again, run ends, and bitmaps at other rows.
 *
 * @param batch - one whose offsets were checked; else the slice is as wrong as they are
 * @returns the IPC header and the body in pieces, each buffer at a multiple of 8 bytes
 */
export function sliceBatch(
  batch: OpenBatch,
  start: number,
  end: number,
): { header: Uint8Array; body: Uint8Array[] } {
  const target: Target = { nodes: [], variadicCounts: [], body: new BodyBuilder(), source: batch.body }
  for (const column of batch.columns) sliceColumn(column, start, end, target)
  const header: BatchHeader = {
    rows: end - start,
    nodes: target.nodes,
    buffers: target.body.ranges,
    compression: null,
    variadicCounts: target.variadicCounts,
  }
  return { header: encodeBatch(header, target.body.length), body: target.body.pieces }
}

function sliceColumn(column: Column, start: number, end: number, target: Target): void {
  target.nodes.push({ length: end - start, nullCount: sliceValidity(column, start, end, target) })
  const { layout, buffers, children } = column
  switch (layout.kind) {
    case 'null':
      break
    case 'bits':
      target.body.add(sliceBits(bytesOf(buffers[0], target), start, end))
      break
    case 'fixed':
      target.body.add(bytesOf(buffers[0], target).subarray(start * layout.width, end * layout.width))
      break
    case 'bytes': {
      const values = sliceOffsets(buffers[0], layout.offsetWidth, start, end, target)
      target.body.add(bytesOf(buffers[1], target).subarray(values.start, values.end))
      break
    }
    case 'list': {
      const values = sliceOffsets(buffers[0], layout.offsetWidth, start, end, target)
      sliceColumns(children, values.start, values.end, target)
      break
    }
    case 'struct':
      sliceColumns(children, start, end, target)
      break
    case 'fixedList':
      sliceColumns(children, start * layout.size, end * layout.size, target)
      break
    case 'runEnd':
      sliceRuns(column, start, end, target)
      break
    case 'union':
      target.body.add(bytesOf(buffers[0], target).subarray(start, end))
      if (layout.isDense) {
        target.body.add(bytesOf(buffers[1], target).subarray(start * 4, end * 4))
        copyColumns(children, target)
      } else {
        sliceColumns(children, start, end, target)
      }
      break
    case 'listView':
      for (const buffer of buffers) {
        target.body.add(
          bytesOf(buffer, target).subarray(start * layout.offsetWidth, end * layout.offsetWidth),
        )
      }
      copyColumns(children, target)
      break
    case 'view':
      target.variadicCounts.push(buffers.length - 1)
      target.body.add(bytesOf(buffers[0], target).subarray(start * 16, end * 16))
      for (const data of buffers.slice(1)) target.body.add(bytesOf(data, target))
      break
  }
}

function sliceColumns(columns: readonly Column[], start: number, end: number, target: Target): void {
  for (const column of columns) sliceColumn(column, start, end, target)
}

/** What is pointed into keeps all its rows. */
function copyColumns(columns: readonly Column[], target: Target): void {
  for (const column of columns) sliceColumn(column, 0, column.node.length, target)
}

/** Adds the validity bitmap, if the layout has one, and returns the nulls of the slice. */
function sliceValidity(
  { validity, node, layout }: Column,
  start: number,
  end: number,
  target: Target,
): number {
  const count = end - start
  if (validity === null) return layout.kind === 'null' && node.nullCount > 0 ? count : 0
  if (validity.length === 0 || node.nullCount === 0) {
    target.body.add(new Uint8Array(0))
    return 0
  }
  const bits = sliceBits(bytesOf(validity, target), start, end)
  const nullCount = countZeroBits(bits, count)
  target.body.add(nullCount === 0 ? new Uint8Array(0) : bits)
  return nullCount
}

/** Adds offsets that begin at 0 and returns where in the old values they begin and end. */
function sliceOffsets(
  range: BufferRange | undefined,
  width: 4 | 8,
  start: number,
  end: number,
  target: Target,
): { start: number; end: number } {
  const count = end - start
  if (count === 0) {
    target.body.add(new Uint8Array(width))
    return { start: 0, end: 0 }
  }
  const bytes = bytesOf(range, target).subarray(start * width, (end + 1) * width)
  const offsets = readOffsets(bytes, count + 1, width)
  const first = offsets[0] ?? 0
  target.body.add(first === 0 ? bytes : rebasedOffsets(offsets, first, width))
  return { start: first, end: offsets[count] ?? 0 }
}

function rebasedOffsets(
  offsets: ArrayLike<number> & Iterable<number>,
  first: number,
  width: 4 | 8,
): Uint8Array {
  const words = width / 4
  const rebased = new Int32Array(offsets.length * words)
  for (let index = 0; index < offsets.length; index += 1) {
    const offset = (offsets[index] ?? 0) - first
    rebased[index * words] = offset
    if (width === 8) rebased[index * words + 1] = Math.floor(offset / 0x1_0000_0000)
  }
  return new Uint8Array(rebased.buffer)
}

/** Keeps the runs that meet the rows; the first and last of them may be cut. */
function sliceRuns({ children }: Column, start: number, end: number, target: Target): void {
  const [runEnds, values] = children
  if (runEnds?.layout.kind !== 'fixed' || values === undefined) return
  const { width } = runEnds.layout
  const bytes = bytesOf(runEnds.buffers[0], target)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const endOf = (run: number) => readInteger(view, run * width, width)
  let first = 0
  while (first < runEnds.node.length && endOf(first) <= start) first += 1
  let last = first
  while (end > start && last < runEnds.node.length && (last === first || endOf(last - 1) < end)) last += 1
  const sliced = new DataView(new ArrayBuffer((last - first) * width))
  for (let run = first; run < last; run += 1) {
    writeInteger(sliced, (run - first) * width, width, Math.min(endOf(run), end) - start)
  }
  target.nodes.push({ length: last - first, nullCount: 0 })
  target.body.add(new Uint8Array(0))
  target.body.add(new Uint8Array(sliced.buffer))
  sliceColumn(values, first, last, target)
}

/** Run ends of 8 bytes count rows, so that a number is exact. */
function readInteger(view: DataView, position: number, width: number): number {
  if (width === 2) return view.getInt16(position, true)
  return width === 4 ? view.getInt32(position, true) : Number(view.getBigInt64(position, true))
}

function writeInteger(view: DataView, position: number, width: number, value: number): void {
  if (width === 2) view.setInt16(position, value, true)
  else if (width === 4) view.setInt32(position, value, true)
  else view.setBigInt64(position, BigInt(value), true)
}

function bytesOf(range: BufferRange | undefined, target: Target): Uint8Array {
  return range === undefined ? new Uint8Array(0) : target.source.slice(range)
}
