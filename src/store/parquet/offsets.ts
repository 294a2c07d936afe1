import type { FfiArray } from './ffi.ts'
import type { FrameBodyBuilder } from './frame-body.ts'

/** Bytes of one offset: 4 or, in large types, 8. */
export type OffsetWidth = 4 | 8

/** What a range of offsets points at, in elements or bytes of the child. */
export interface Span {
  readonly start: number
  readonly length: number
}

/**
 * Offsets of an array in wasm memory, whose high words are all 0 there: nothing lies beyond 4 GiB.
 *
 * @param start - from the array's own start, which its `offset` is added to.
 */
export class OffsetReader {
  readonly #words: Uint32Array
  readonly #step: number

  constructor(array: FfiArray, start: number, count: number, width: OffsetWidth) {
    this.#step = width / 4
    const address = array.buffers[1] ?? 0
    // An array without elements may be without offsets too.
    this.#words =
      array.length === 0 || address === 0
        ? new Uint32Array(this.#step)
        : array.memory.uint32s(address + (array.offset + start) * width, (count + 1) * this.#step)
  }

  /** Where element `index` starts, which is where the one before it ends. */
  at(index: number): number {
    return this.#words[index * this.#step] ?? 0
  }
}

/**
 * Adds the offsets of a range, moved so that they start at 0.
 *
 * @returns what they span.
 */
export function addOffsets(
  array: FfiArray,
  start: number,
  count: number,
  widths: { readonly source: OffsetWidth; readonly target: OffsetWidth },
  out: FrameBodyBuilder,
): Span {
  const offsets = new OffsetReader(array, start, count, widths.source)
  const first = offsets.at(0)
  if (first === 0 && widths.source === widths.target && array.length > 0) {
    const address = (array.buffers[1] ?? 0) + (array.offset + start) * widths.source
    out.addCopy(array.memory, address, (count + 1) * widths.source)
  } else {
    out.addBuffer((count + 1) * widths.target, (target) => {
      const words = new Uint32Array(target.buffer, target.byteOffset, target.byteLength / 4)
      const step = widths.target / 4
      if (step === 2) words.fill(0)
      for (let index = 0; index <= count; index++) words[index * step] = offsets.at(index) - first
    })
  }
  return { start: first, length: offsets.at(count) - first }
}
