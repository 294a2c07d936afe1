import { bindings } from '../duckdb.ts'

/** Texts up to this many bytes stand in the 16-byte entry itself, longer ones behind the pointer in it. */
export const INLINE_BYTES_MAX = 12
const ENTRY_BYTES = 16
const ENTRY_WORDS = 4
/** Within an entry: after the length and the first 4 bytes. */
const POINTER_OFFSET = 8
const WORD = 2 ** 32
/**
 * Memory between two texts that is read along with them: a native call costs as much as copying this much.
 * Below the page size, so that both ends being readable makes everything between them readable.
 */
const GAP_BYTES_MAX = 1024
/** What one call reads at most while it merges neighbours, so that a few far texts do not hold much memory. */
const RUN_BYTES_MAX = 4 * 1024 * 1024

/**
 * The long texts of rows `[start, end)` of a vector, fetched with as few native calls as their places in memory
 * allow: each that begins in or shortly after what the former ones take goes along with them. DuckDB copies the
 * texts of a chunk into blocks row by row, so that a chunk mostly takes one to five calls.
 */
export class LongTexts {
  /** What was fetched. */
  readonly runs: Uint8Array[] = []
  /** By row from `start`: the index of the run that holds it, and where in there it begins; 0 for inlined texts. */
  readonly runOfRow: Int32Array
  readonly offsetOfRow: Int32Array
  readonly #start: number

  /** @param entries - `string_t` entries of the vector, 16 bytes a row, zero for null rows */
  constructor(entries: Uint8Array, start: number, end: number) {
    const words = new Int32Array(entries.buffer, entries.byteOffset, entries.byteLength >> 2)
    const runOfRow = new Int32Array(end - start)
    const offsetOfRow = new Int32Array(end - start)
    let firstRow = -1
    let low = 0
    let high = 0
    for (let row = start; row < end; row++) {
      const entry = row * ENTRY_WORDS
      const length = words[entry]! >>> 0
      if (length <= INLINE_BYTES_MAX) continue
      // User space addresses have at most 52 bits, so that doubles hold them.
      const address = (words[entry + 2]! >>> 0) + (words[entry + 3]! >>> 0) * WORD
      const isNear =
        address >= low && address <= high + GAP_BYTES_MAX && address + length - low <= RUN_BYTES_MAX
      if (firstRow < 0 || !isNear) {
        if (firstRow >= 0) this.#fetch(entries, firstRow, high - low)
        firstRow = row
        low = address
        high = address
      }
      high = Math.max(high, address + length)
      runOfRow[row - start] = this.runs.length
      offsetOfRow[row - start] = address - low
    }
    if (firstRow >= 0) this.#fetch(entries, firstRow, high - low)
    this.runOfRow = runOfRow
    this.offsetOfRow = offsetOfRow
    this.#start = start
  }

  /** The memory that holds the text of a row. */
  memory(row: number): Uint8Array {
    return this.runs[this.runOfRow[row - this.#start]!]!
  }

  /** Where in its memory the text of a row begins. */
  offset(row: number): number {
    return this.offsetOfRow[row - this.#start]!
  }

  #fetch(entries: Uint8Array, row: number, byteLength: number): void {
    const pointerOffset = entries.byteOffset + row * ENTRY_BYTES + POINTER_OFFSET
    this.runs.push(bindings.get_data_from_pointer(entries.buffer as ArrayBuffer, pointerOffset, byteLength))
  }
}
