import type { BufferRange } from './message-reader.ts'

/** Zeros that fill a body up to the next multiple of 8; never written. */
const padding = new Uint8Array(8)
const nothing = new Uint8Array(0)

/** A body that stands in pieces, to take many buffers from: each costs a binary search, not a walk. */
export class BodyReader {
  private readonly pieces: readonly Uint8Array[]
  /** Where each piece begins. */
  private readonly starts: number[] = []

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces
    let position = 0
    for (const piece of pieces) {
      this.starts.push(position)
      position += piece.length
    }
  }

  /** One buffer: a view where it lies in one piece, else a copy. What is behind the end is left out. */
  slice(range: BufferRange): Uint8Array {
    const end = range.offset + range.length
    const parts: Uint8Array[] = []
    for (let index = this.pieceAt(range.offset); index < this.pieces.length; index += 1) {
      const start = this.starts[index] ?? 0
      if (start >= end && parts.length > 0) break
      parts.push(
        (this.pieces[index] ?? nothing).subarray(Math.max(range.offset - start, 0), Math.max(end - start, 0)),
      )
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
  }

  /** Index of the last piece that begins at or before a position. */
  private pieceAt(position: number): number {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.starts[middle] ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Collects the buffers of a new body, each at a multiple of 8 bytes as the IPC format wants. */
export class BodyBuilder {
  /** The body so far, in order: the buffers themselves with padding between. */
  readonly pieces: Uint8Array[] = []
  readonly ranges: BufferRange[] = []
  length = 0

  /**
   * Appends one buffer, which is kept, not copied.
   *
   * @param prefix - 8 bytes that go before it and belong to it: the real length of a compressed buffer
   */
  add(buffer: Uint8Array, prefix: Uint8Array | null = null): void {
    const length = (prefix?.length ?? 0) + buffer.length
    this.ranges.push({ offset: this.length, length })
    if (length === 0) return
    if (prefix !== null) this.pieces.push(prefix)
    this.pieces.push(buffer)
    const rest = length % 8
    if (rest !== 0) this.pieces.push(padding.subarray(rest))
    this.length += length + (rest === 0 ? 0 : 8 - rest)
  }
}

/** `count` signed 32-bit integers; a copy where the bytes are not aligned to 4. */
export function int32View(bytes: Uint8Array, count: number): Int32Array {
  const { buffer, byteOffset } = alignedTo(4, bytes, count * 4)
  return new Int32Array(buffer, byteOffset, count)
}

/** The first `length` bytes at an address that typed arrays of `width` bytes accept: a view or a copy. */
export function alignedTo(width: number, bytes: Uint8Array, length: number): Uint8Array {
  // Not slice(): that of a Buffer copies nothing.
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes.subarray(0, length))
}

/**
 * `count` offsets of 4 or 8 bytes as exact numbers, to be read by index.
 *
 * Offsets of 8 bytes are copied to doubles: reading bigints one by one is ten times slower. One that is negative or
 * above 2^53 becomes NaN, which no comparison accepts.
 */
export function readOffsets(bytes: Uint8Array, count: number, width: 4 | 8): Int32Array | Float64Array {
  if (width === 4) return int32View(bytes, count)
  const halves = int32View(bytes, count * 2)
  const offsets = new Float64Array(count)
  for (let index = 0; index < count; index += 1) {
    const low = halves[index * 2] ?? 0
    const high = halves[index * 2 + 1] ?? 0
    offsets[index] = high >= 0 && high <= 0x1f_ffff ? high * 0x1_0000_0000 + (low >>> 0) : Number.NaN
  }
  return offsets
}
