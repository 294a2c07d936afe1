import { isSet, isValid, type Mask } from './bitmap.ts'
import { convertFixed, storedWidth } from './fixed-values.ts'
import type { ArrowArray, DictionaryValues } from './arrow-array.ts'
import type { Storage } from '../storage-types.ts'
import { textRun } from './text-values.ts'
import { INLINE_BYTES_MAX, setAddress, WORDS_PER_TEXT, writeWords, type StoreBytes } from './text-words.ts'

/**
 * The values of one Arrow dictionary, each as DuckDB stores it, so that a chunk is written by index.
 * Grows by deltas; a replacement is a new Dictionary, since batches before it still mean the old one.
 */
export class Dictionary implements DictionaryValues {
  /** Bytes of a value; a text's are its words, whose address is a place in the heap. */
  readonly #width: number
  readonly #isText: boolean
  #table = new Uint8Array(0)
  #heap = new Uint8Array(0)
  #heapLength = 0
  /** One byte per value, 1 for null; empty while there is none. */
  #nulls = new Uint8Array(0)
  #length = 0

  constructor(storage: Storage) {
    const width = storedWidth(storage.layout)
    this.#isText = width === 0
    this.#width = this.#isText ? WORDS_PER_TEXT * 4 : width
  }

  get length(): number {
    return this.#length
  }

  get hasNulls(): boolean {
    return this.#nulls.length > 0
  }

  isNull(index: number): boolean {
    return this.#nulls[index] === 1
  }

  /** A text that is the same for equal values; null for a null. */
  keyAt(index: number): string | null {
    if (this.isNull(index)) return null
    const slot = Buffer.from(this.#table.buffer, index * this.#width, this.#width)
    const length = this.#isText ? slot.readUInt32LE() : 0
    if (length <= INLINE_BYTES_MAX) return slot.toString('latin1')
    const place = slot.readUInt32LE(8) + slot.readUInt32LE(12) * 2 ** 32
    // A slot begins with a length of at most 12, so no text begins as one.
    return `long ${Buffer.from(this.#heap.buffer, place, length).toString('latin1')}`
  }

  /** Adds values, copied. */
  append(array: ArrowArray): void {
    const start = this.#length
    const { length } = array
    this.#length += length
    this.#table = grown(this.#table, start * this.#width, this.#length * this.#width)
    if (array.validity !== null || array.storage.layout.kind === 'null') this.#markNulls(array, start)
    if (array.storage.layout.kind === 'null') return
    const mask: Mask = { bits: array.validity, start: 0 }
    if (this.#isText) {
      const words = new Uint32Array(this.#table.buffer, start * this.#width, length * WORDS_PER_TEXT)
      writeWords(textRun(array, 0, length, mask), words, mask, (bytes) => this.#keep(bytes))
    } else {
      convertFixed(array, 0, length, mask, new DataView(this.#table.buffer), start * this.#width)
    }
  }

  #markNulls(array: ArrowArray, start: number): void {
    this.#nulls = grown(this.#nulls, start, this.#length)
    for (let i = 0; i < array.length; i++) {
      const isNull = array.validity === null || !isSet(array.validity, i)
      this.#nulls[start + i] = isNull ? 1 : 0
    }
  }

  #keep(bytes: Uint8Array): number {
    const place = this.#heapLength
    this.#heapLength += bytes.length
    this.#heap = grown(this.#heap, place, this.#heapLength)
    this.#heap.set(bytes, place)
    return place
  }

  gatherFixed(indices: Uint32Array, target: Uint8Array): void {
    const unitBytes = Math.min(this.#width, 4)
    const units = this.#width / unitBytes
    const from = unitsOf(this.#table, unitBytes)
    const to = unitsOf(target, unitBytes)
    for (let i = 0; i < indices.length; i++) {
      const entry = (indices[i] ?? 0) * units
      for (let unit = 0; unit < units; unit++) to[i * units + unit] = from[entry + unit] ?? 0
    }
  }

  gatherText(indices: Uint32Array, words: Uint32Array, mask: Mask, store: StoreBytes): void {
    const table = new Uint32Array(this.#table.buffer)
    let longBytes = 0
    for (let i = 0; i < indices.length; i++) {
      if (!isValid(mask, i)) continue
      const from = (indices[i] ?? 0) * WORDS_PER_TEXT
      const to = i * WORDS_PER_TEXT
      const length = table[from] ?? 0
      words[to] = length
      words[to + 1] = table[from + 1] ?? 0
      words[to + 2] = table[from + 2] ?? 0
      words[to + 3] = table[from + 3] ?? 0
      if (length > INLINE_BYTES_MAX) longBytes += length
    }
    if (longBytes === 0) return
    // The whole heap, or only what this run uses of it, whichever is less to copy.
    if (this.#heapLength <= longBytes) {
      const base = store(this.#heap.subarray(0, this.#heapLength))
      eachLong(indices.length, words, mask, (at) => {
        setAddress(words, at, base + placeOf(words, at))
      })
      return
    }
    const used = new Uint8Array(longBytes)
    const places: number[] = []
    let end = 0
    eachLong(indices.length, words, mask, (at) => {
      const place = placeOf(words, at)
      const length = words[at] ?? 0
      used.set(this.#heap.subarray(place, place + length), end)
      places.push(end)
      end += length
    })
    const base = store(used)
    let next = 0
    eachLong(indices.length, words, mask, (at) => {
      setAddress(words, at, base + (places[next++] ?? 0))
    })
  }
}

function eachLong(count: number, words: Uint32Array, mask: Mask, visit: (at: number) => void): void {
  for (let i = 0; i < count; i++) {
    const at = i * WORDS_PER_TEXT
    if (isValid(mask, i) && (words[at] ?? 0) > INLINE_BYTES_MAX) visit(at)
  }
}

function placeOf(words: Uint32Array, at: number): number {
  return (words[at + 2] ?? 0) + (words[at + 3] ?? 0) * 2 ** 32
}

/** Room for `bytes`, of which the first `used` are kept; doubles, so that many deltas stay cheap. */
function grown(bytes: Uint8Array<ArrayBuffer>, used: number, needed: number): Uint8Array<ArrayBuffer> {
  if (needed <= bytes.length) return bytes
  const larger = new Uint8Array(Math.ceil(Math.max(needed, bytes.length * 2) / 16) * 16)
  larger.set(bytes.subarray(0, Math.min(used, bytes.length)))
  return larger
}

function unitsOf(bytes: Uint8Array, unitBytes: number): Uint8Array | Uint16Array | Uint32Array {
  if (unitBytes === 1) return bytes
  if (unitBytes === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}
