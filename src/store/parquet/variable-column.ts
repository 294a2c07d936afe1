import type { ArrowType } from '../../../flight/ipc/schema.ts'
import type { ColumnPlan } from './column-plan.ts'
import type { FfiArray, FfiField } from './ffi.ts'
import { planFixedAsVariable } from './fixed-bytes.ts'
import type { FrameBodyBuilder } from './frame-body.ts'
import { addOffsets, OffsetReader, type OffsetWidth, type Span } from './offsets.ts'
import { addValidity } from './validity.ts'

/** Bytes of a view, and of a value that stands in the view itself. Source: Arrow, "Variable-size Binary View Layout". */
const VIEW_BYTES = 16
const VIEW_INLINE_BYTES = 12

/** The width of the offsets of a type that has them, else undefined. */
export function offsetWidthOf(type: ArrowType | null): OffsetWidth | undefined {
  if (type?.kind === 'utf8' || type?.kind === 'binary') return 4
  return type?.kind === 'largeUtf8' || type?.kind === 'largeBinary' ? 8 : undefined
}

/** Whether the values of both are text, or of both are bytes. */
function isSameSort(target: ArrowType, actual: ArrowType | null): boolean {
  const isText = (type: ArrowType | null): boolean =>
    type?.kind === 'utf8' || type?.kind === 'largeUtf8' || type?.kind === 'utf8View'
  return isText(target) === isText(actual)
}

/** Text and bytes of any length, which parquet-wasm gives with offsets, never as views. */
export function planVariable(target: ArrowType, actual: FfiField): ColumnPlan | undefined {
  if (actual.type?.kind === 'fixedSizeBinary') return planFixedAsVariable(target, actual.type.byteWidth)
  const source = offsetWidthOf(actual.type)
  if (source === undefined || !isSameSort(target, actual.type)) return undefined
  const width = offsetWidthOf(target)
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    if (width === undefined) addViews(array, start, count, source, out)
    else addData(array, addOffsets(array, start, count, { source, target: width }, out), out)
  }
}

function addData(array: FfiArray, span: Span, out: FrameBodyBuilder): void {
  out.addCopy(array.memory, (array.buffers[2] ?? 0) + span.start, span.length)
}

/** Views of values whose bytes follow as one buffer, short values included, so that nothing is moved. */
function addViews(
  array: FfiArray,
  start: number,
  count: number,
  source: OffsetWidth,
  out: FrameBodyBuilder,
): void {
  const offsets = new OffsetReader(array, start, count, source)
  const first = offsets.at(0)
  const { bytes } = array.memory
  const dataAddress = array.buffers[2] ?? 0
  out.addBuffer(count * VIEW_BYTES, (target) => {
    target.fill(0)
    for (let index = 0; index < count; index++) {
      const at = index * VIEW_BYTES
      const offset = offsets.at(index)
      const length = offsets.at(index + 1) - offset
      const isInline = length <= VIEW_INLINE_BYTES
      target.writeInt32LE(length, at)
      bytes.copy(target, at + 4, dataAddress + offset, dataAddress + offset + (isInline ? length : 4))
      if (!isInline) target.writeInt32LE(offset - first, at + 12)
    }
  })
  const length = offsets.at(count) - first
  addData(array, { start: first, length }, out)
  out.addVariadicCount(1)
}
