import { isSet, isValid, type Mask } from './bitmap.ts'
import { malformed, type ArrowArray } from './arrow-array.ts'
import type { Layout, Storage } from '../storage-types.ts'

/**
 * Writes values of a fixed width as DuckDB stores them.
 *
 * @param mask - of the `count` values: what stands behind a null may be anything and must not fail.
 * @param target - takes `count` values of {@link storedWidth} bytes from its `targetOffset`.
 */
export function convertFixed(
  array: ArrowArray,
  start: number,
  count: number,
  mask: Mask,
  target: DataView,
  targetOffset: number,
): void {
  const { storage } = array
  const { layout } = storage
  const [values = new Uint8Array(0)] = array.buffers
  const source = new DataView(values.buffer, values.byteOffset, values.byteLength)
  switch (layout.kind) {
    case 'bool':
      for (let i = 0; i < count; i++) target.setUint8(targetOffset + i, isSet(values, start + i) ? 1 : 0)
      return
    case 'copy': {
      const bytes = new Uint8Array(target.buffer, target.byteOffset + targetOffset, count * layout.width)
      bytes.set(values.subarray(start * layout.width, (start + count) * layout.width))
      return
    }
    case 'half':
      for (let i = 0; i < count; i++) {
        target.setUint32(targetOffset + i * 4, halfToSingle(source.getUint16((start + i) * 2, true)), true)
      }
      return
    case 'scale':
      for (let i = 0; i < count; i++) {
        const at = (start + i) * layout.sourceWidth
        const value = isValid(mask, i) ? scaled(storage, source, at, layout) : 0n
        if (layout.max !== undefined && (value < 0 || value > layout.max)) {
          throw malformed(storage, 'holds a time that is not within a day')
        }
        if (typeof value === 'bigint') target.setBigInt64(targetOffset + i * 8, value, true)
        else setSafeInteger(target, targetOffset + i * 8, value)
      }
      return
    case 'narrow':
      for (let i = 0; i < count; i++) {
        const at = targetOffset + i * layout.width
        if (isValid(mask, i)) narrow(storage, source, (start + i) * layout.sourceWidth, target, at, layout)
        else for (let byte = 0; byte < layout.width; byte += 2) target.setUint16(at + byte, 0, true)
      }
      return
    default:
      throw new Error(`No fixed width: ${layout.kind}`)
  }
}

/** Bytes of one value in DuckDB; 0 for what has no fixed width there. */
export function storedWidth(layout: Layout): number {
  switch (layout.kind) {
    case 'bool':
      return 1
    case 'copy':
    case 'narrow':
      return layout.width
    case 'null':
    case 'half':
      return 4
    case 'scale':
      return 8
    default:
      return 0
  }
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** A number where it is exact, which all times of this century are; that is ten times as fast as a bigint. */
function scaled(
  storage: Storage,
  source: DataView,
  at: number,
  layout: Extract<Layout, { kind: 'scale' }>,
): number | bigint {
  if (layout.sourceWidth === 4) return source.getInt32(at, true) * layout.factor
  const rough = (source.getInt32(at + 4, true) * 2 ** 32 + source.getUint32(at, true)) * layout.factor
  if (Number.isSafeInteger(rough)) return rough
  const exact = source.getBigInt64(at, true) * BigInt(layout.factor)
  if (exact < INT64_MIN || exact > INT64_MAX) {
    throw malformed(storage, `holds a time that does not fit ${storage.sql}`)
  }
  return exact
}

function setSafeInteger(target: DataView, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32)
  target.setUint32(at, value - high * 2 ** 32, true)
  target.setInt32(at + 4, high, true)
}

/** Cuts the upper bytes of an integer off, which must all repeat the sign of what stays. */
function narrow(
  storage: Storage,
  source: DataView,
  sourceAt: number,
  target: DataView,
  targetAt: number,
  layout: Extract<Layout, { kind: 'narrow' }>,
): void {
  const { width, sourceWidth } = layout
  for (let byte = 0; byte < width; byte += 2) {
    target.setUint16(targetAt + byte, source.getUint16(sourceAt + byte, true), true)
  }
  const sign = (source.getUint8(sourceAt + width - 1) & 0x80) === 0 ? 0 : 0xffff
  for (let byte = width; byte < sourceWidth; byte += 2) {
    if (source.getUint16(sourceAt + byte, true) !== sign) {
      throw malformed(storage, `holds a decimal that does not fit ${storage.sql}`)
    }
  }
}

/** The bits of a single float with the value of a half float, NaN payloads included. Source: IEEE 754. */
function halfToSingle(half: number): number {
  const sign = (half & 0x8000) << 16
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0
  if (fraction === 0) return sign >>> 0
  // A subnormal half float is a normal single one.
  const shift = Math.clz32(fraction) - 21
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0
}
