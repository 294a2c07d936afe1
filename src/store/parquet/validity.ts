import type { FfiArray } from './ffi.ts'
import type { FrameBodyBuilder } from './frame-body.ts'

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/**
 * Adds the field node and the validity of rows of an array; the validity is left out where all are valid.
 *
 * @param start - from the array's own start, which its `offset` is added to.
 */
export function addValidity(array: FfiArray, start: number, count: number, out: FrameBodyBuilder): void {
  const nullCount = countNulls(array, start, count)
  out.addNode(count, nullCount)
  if (nullCount === 0) out.addEmpty()
  else addBits(array, array.buffers[0] ?? 0, start, count, out)
}

/** Adds the field node and the validity of rows that `bits` tell of; the validity is left out where all are valid. */
export function addBitmap(bits: Uint8Array, count: number, out: FrameBodyBuilder): void {
  const nullCount = bits.reduce((left, byte) => left - (ONES[byte] ?? 0), count)
  out.addNode(count, nullCount)
  if (nullCount === 0) out.addEmpty()
  else {
    out.addBuffer(bits.length, (target) => {
      target.set(bits)
    })
  }
}

/** Adds a buffer of one bit for each row, moved to the start of its first byte; the bits after the last are 0. */
export function addBits(
  array: FfiArray,
  address: number,
  start: number,
  count: number,
  out: FrameBodyBuilder,
): void {
  const bitStart = array.offset + start
  const source = array.memory.bytes.subarray(
    address + (bitStart >> 3),
    address + ((bitStart + count + 7) >> 3),
  )
  const shift = bitStart & 7
  out.addBuffer((count + 7) >> 3, (target) => {
    if (shift === 0) source.copy(target)
    else {
      for (let index = 0; index < target.length; index++) {
        target[index] = ((source[index] ?? 0) >> shift) | ((source[index + 1] ?? 0) << (8 - shift))
      }
    }
    const last = target.length - 1
    if ((count & 7) !== 0) target[last] = (target[last] ?? 0) & ((1 << (count & 7)) - 1)
  })
}

/** Tells of each row of a range whether it holds a value. */
export function validityOf(array: FfiArray, start: number): (row: number) => boolean {
  const address = array.buffers[0] ?? 0
  if (array.nullCount === 0 || address === 0) return () => true
  const { bytes } = array.memory
  const bitStart = array.offset + start
  return (row) => {
    const bit = bitStart + row
    return (((bytes[address + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1
  }
}

function countNulls(array: FfiArray, start: number, count: number): number {
  const address = array.buffers[0] ?? 0
  if (array.nullCount === 0 || address === 0) return 0
  if (start === 0 && count === array.length && array.nullCount > 0) return array.nullCount
  const { bytes } = array.memory
  let bit = array.offset + start
  const bitEnd = bit + count
  let valid = 0
  for (; bit < bitEnd && (bit & 7) !== 0; bit++)
    valid += ((bytes[address + (bit >> 3)] ?? 0) >> (bit & 7)) & 1
  for (; bit + 8 <= bitEnd; bit += 8) valid += ONES[bytes[address + (bit >> 3)] ?? 0] ?? 0
  for (; bit < bitEnd; bit++) valid += ((bytes[address + (bit >> 3)] ?? 0) >> (bit & 7)) & 1
  return count - valid
}
