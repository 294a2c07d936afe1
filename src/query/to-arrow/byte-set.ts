import { GrowingBytes, padded } from './memory.ts'

/**
 * Different byte strings, numbered from 0 in the order they were added: the values of a dictionary.
 * A look-up costs a hash over the bytes and, mostly, one comparison.
 */
export class ByteSet {
  readonly #bytes = new GrowingBytes(1024)
  /** By number: where the bytes end; they begin where the number before ends. */
  readonly #ends: number[] = []
  readonly #hashes: number[] = []
  /** Open addressing; number + 1, or 0 for a free slot. At most half full. */
  #slots = new Int32Array(64)

  get count(): number {
    return this.#ends.length
  }

  get byteLength(): number {
    return this.#ends.at(-1) ?? 0
  }

  /** The number of `source[start, end)`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(source, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1
      if (number < 0) return -1
      if (this.#hashes[number] === hash && this.#equals(number, source, start, end)) return number
    }
  }

  /** Adds what {@link ByteSet.find} did not find, and returns its number. */
  add(source: Uint8Array, start: number, end: number): number {
    const number = this.count
    const used = this.byteLength
    this.#bytes.reserve(used + end - start, used)
    this.#bytes.bytes.set(source.subarray(start, end), used)
    this.#ends.push(used + end - start)
    this.#hashes.push(hashBytes(source, start, end))
    if (this.count * 2 > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 4)
      for (let index = 0; index <= number; index++) this.#place(index)
    } else {
      this.#place(number)
    }
    return number
  }

  /** All bytes one after the other, padded to 8. */
  copyBytes(): Uint8Array {
    const copy = new Uint8Array(padded(this.byteLength))
    copy.set(this.#bytes.bytes.subarray(0, this.byteLength))
    return copy
  }

  /** `count + 1` offsets of 4 or 8 bytes, padded to 8. */
  copyOffsets(byteWidth: 4 | 8): Uint8Array {
    const stride = byteWidth / 4
    const words = new Int32Array(padded((this.count + 1) * byteWidth) / 4)
    this.#ends.forEach((end, index) => {
      words[(index + 1) * stride] = end
    })
    return new Uint8Array(words.buffer)
  }

  /** Views of 16 bytes: up to 12 bytes inline, longer ones by their place in {@link ByteSet.copyBytes}. */
  copyViews(): Uint8Array {
    const views = new Uint8Array(this.count * 16)
    const words = new Int32Array(views.buffer)
    let start = 0
    this.#ends.forEach((end, index) => {
      const length = end - start
      const inlined = this.#bytes.bytes.subarray(start, start + (length > 12 ? 4 : length))
      words[index * 4] = length
      views.set(inlined, index * 16 + 4)
      if (length > 12) words[index * 4 + 3] = start
      start = end
    })
    return views
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#hashes[number]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = number + 1
  }

  #equals(number: number, source: Uint8Array, start: number, end: number): boolean {
    const from = number === 0 ? 0 : this.#ends[number - 1]!
    if (this.#ends[number]! - from !== end - start) return false
    const bytes = this.#bytes.bytes
    for (let index = 0, length = end - start; index < length; index++) {
      if (bytes[from + index] !== source[start + index]) return false
    }
    return true
  }
}

/** FNV-1a with a final mix, so that the low bits depend on every byte. */
function hashBytes(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ source[index]!, 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}
