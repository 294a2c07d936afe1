import { isValid, type Mask } from './bitmap.ts'

/**
 * DuckDB's `string_t` as four words: the length, then either up to 12 bytes padded with zeros, or the first four
 * bytes and a 64-bit address. Source: duckdb `src/include/duckdb/common/types/string_type.hpp`.
 */
export const WORDS_PER_TEXT = 4
export const INLINE_BYTES_MAX = 12

/** A run of texts or byte strings: value i is `data` from `starts[i]` to `starts[i + 1]`. */
export interface TextRun {
  readonly data: Uint8Array
  readonly starts: Uint32Array
}

/** Takes bytes into memory that lives as long as the words, and gives their address. */
export type StoreBytes = (bytes: Uint8Array) => number

/**
 * Masks for the first n - 8 bytes of a word: none up to 8, all from 12. A text of n bytes so finds the mask of its
 * first word at n + 8, of its second at n + 4 and of its third at n.
 */
const BYTE_MASKS = Int32Array.from({ length: INLINE_BYTES_MAX + 9 }, (_, n) =>
  n <= 8 ? 0 : n >= 12 ? -1 : (1 << ((n - 8) * 8)) - 1,
)

/**
 * Writes the words of a run. Words of nulls are left as they are.
 *
 * @param store - called once, with all bytes of the run, if any of its values is long: one copy is cheaper than
 * a call for each.
 */
export function writeWords(run: TextRun, words: Uint32Array, mask: Mask, store: StoreBytes): void {
  const { data, starts } = run
  const count = starts.length - 1
  const first = starts[0] ?? 0
  const last = starts[count] ?? 0
  let base = -1
  // Reading whole words past a value is faster than byte by byte, where memory goes on that far.
  const memory = new DataView(data.buffer, data.byteOffset, data.buffer.byteLength - data.byteOffset)
  const wordsEnd = memory.byteLength - INLINE_BYTES_MAX
  for (let i = 0; i < count; i++) {
    if (!isValid(mask, i)) continue
    const start = starts[i] ?? 0
    const length = (starts[i + 1] ?? 0) - start
    const to = i * WORDS_PER_TEXT
    words[to] = length
    if (length > INLINE_BYTES_MAX) {
      if (base < 0) base = store(data.subarray(first, last))
      words[to + 1] = memory.getUint32(start, true)
      setAddress(words, to, base + start - first)
    } else if (start <= wordsEnd) {
      words[to + 1] = memory.getInt32(start, true) & (BYTE_MASKS[length + 8] ?? 0)
      words[to + 2] = memory.getInt32(start + 4, true) & (BYTE_MASKS[length + 4] ?? 0)
      words[to + 3] = memory.getInt32(start + 8, true) & (BYTE_MASKS[length] ?? 0)
    } else {
      words[to + 1] = lastWord(memory, start, length)
      words[to + 2] = lastWord(memory, start + 4, length - 4)
      words[to + 3] = lastWord(memory, start + 8, length - 8)
    }
  }
}

/** Addresses are below 2⁴⁸ and so exact as numbers. */
export function setAddress(words: Uint32Array, at: number, address: number): void {
  const high = Math.floor(address / 2 ** 32)
  words[at + 2] = address - high * 2 ** 32
  words[at + 3] = high
}

function lastWord(memory: DataView, start: number, length: number): number {
  let word = 0
  for (let byte = Math.min(length, 4) - 1; byte >= 0; byte--)
    word = word * 256 + memory.getUint8(start + byte)
  return word
}
