import { SternaError } from '../../errors.ts'
import type { BatchBody } from './batch-body.ts'
import { GrowingBytes } from './memory.ts'

const INT32_MAX = 2 ** 31 - 1

/** What the data of one array may come to: 32-bit offsets reach no further. Only a single row can be so large. */
export function assertOffsetFits(position: number, column: string): void {
  if (position > INT32_MAX) {
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `A row of column '${column}' takes more than 2 GiB, the most that an Arrow array takes`,
    )
  }
}

/** Builds the offsets of one array: `ends[i]` is where entry `i` ends, entry 0 begins at 0. */
export class OffsetsBuilder {
  #offsets: GrowingBytes | null = null
  #capacityNext = 0

  /** Room for `count` entries; the returned words are 32-bit offsets of which the first `used + 1` are set. */
  reserve(count: number, used: number): Int32Array {
    const byteLength = (count + 1) * 4
    if (this.#offsets === null) {
      this.#offsets = new GrowingBytes(Math.max(byteLength, this.#capacityNext))
      this.#offsets.words[0] = 0
    }
    this.#offsets.reserve(byteLength, (used + 1) * 4)
    return this.#offsets.words
  }

  /** The end of the last of `count` entries. */
  position(count: number): number {
    return this.#offsets?.words[count] ?? 0
  }

  /** Adds the buffer of `count` entries, as 32-bit or 64-bit offsets, and begins the next. */
  finish(body: BatchBody, count: number, byteWidth: 4 | 8): void {
    const offsets = this.reserve(count, count)
    const byteLength = (count + 1) * 4
    if (byteWidth === 4) {
      body.addBuffer(new Uint8Array(offsets.buffer), byteLength)
    } else {
      const wide = new Int32Array((count + 1) * 2)
      for (let index = 0; index <= count; index++) wide[index * 2] = offsets[index]!
      body.addBuffer(new Uint8Array(wide.buffer), byteLength * 2)
    }
    this.#offsets = null
    this.#capacityNext = byteLength
  }
}
