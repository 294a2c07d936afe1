/** Bitmaps as Arrow and DuckDB both have them: bit i of byte i / 8, least significant first, 1 for valid. */

export function isSet(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}

/** Which values of a run are not null: value i is bit `start + i`, or any where there is no bitmap. */
export interface Mask {
  readonly bits: Uint8Array | null
  readonly start: number
}

export function isValid(mask: Mask, index: number): boolean {
  return mask.bits === null || isSet(mask.bits, mask.start + index)
}

/** Bytes of a bitmap in DuckDB, which keeps it in words of 64 bits. */
export function bitmapBytes(count: number): number {
  return Math.ceil(count / 64) * 8
}

/** Copies `count` bits. Bits of `target` after the last one are undefined afterwards. */
export function copyBits(
  source: Uint8Array,
  sourceStart: number,
  target: Uint8Array,
  targetStart: number,
  count: number,
): void {
  if ((targetStart & 7) !== 0) {
    // Only where a chunk joins batches whose row counts are no multiples of eight.
    for (let i = 0; i < count; i++) setBit(target, targetStart + i, isSet(source, sourceStart + i))
    return
  }
  const from = sourceStart >> 3
  const shift = sourceStart & 7
  const to = targetStart >> 3
  const bytes = (count + 7) >> 3
  if (shift === 0) {
    target.set(source.subarray(from, from + bytes), to)
    return
  }
  for (let i = 0; i < bytes; i++) {
    target[to + i] = ((source[from + i] ?? 0) >> shift) | ((source[from + i + 1] ?? 0) << (8 - shift))
  }
}

export function setBits(target: Uint8Array, start: number, count: number): void {
  const end = start + count
  let index = start
  while (index < end && (index & 7) !== 0) setBit(target, index++, true)
  const wholeEnd = end & ~7
  if (index < wholeEnd) {
    target.fill(0xff, index >> 3, wholeEnd >> 3)
    index = wholeEnd
  }
  while (index < end) setBit(target, index++, true)
}

export function setBit(target: Uint8Array, index: number, value: boolean): void {
  const bit = 1 << (index & 7)
  const byte = target[index >> 3] ?? 0
  target[index >> 3] = value ? byte | bit : byte & ~bit
}
