/** Set bits of every byte value. */
const setBits = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/**
 * The bits `[start, end)` of a bitmap, least significant first, as a bitmap that begins at bit 0.
 *
 * @returns a view where `start` is a multiple of 8, else a copy; what lies behind the last bit is not cleared in a view
 */
export function sliceBits(bitmap: Uint8Array, start: number, end: number): Uint8Array {
  const bytes = bitmap.subarray(start >> 3, Math.ceil(end / 8))
  const shift = start & 7
  if (shift === 0) return bytes
  const sliced = new Uint8Array(Math.ceil((end - start) / 8))
  for (let index = 0; index < sliced.length; index += 1) {
    sliced[index] = ((bytes[index] ?? 0) >> shift) | ((bytes[index + 1] ?? 0) << (8 - shift))
  }
  return sliced
}

/** How many of the first `count` bits are 0: the nulls of a validity bitmap. */
export function countZeroBits(bitmap: Uint8Array, count: number): number {
  const whole = count >> 3
  let ones = 0
  for (let index = 0; index < whole; index += 1) ones += setBits[bitmap[index] ?? 0] ?? 0
  const rest = count & 7
  if (rest > 0) ones += setBits[(bitmap[whole] ?? 0) & ((1 << rest) - 1)] ?? 0
  return count - ones
}
