import type { Frame } from '../../../flight/frame.ts'
import type { IntType } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { ByteSet } from './byte-set.ts'
import type { ColumnBuilder } from './column.ts'
import { dictionaryFrame, type TextLayout } from './dictionary-frame.ts'
import type { Conversion } from './fixed.ts'
import { padded } from './memory.ts'
import { RecentTexts } from './recent-texts.ts'
import { INLINE_BYTES_MAX, LongTexts } from './strings.ts'
import { isValid, readMask, ValidityBuilder, zeroNulls, type Mask } from './validity.ts'

/**
 * The values of a dictionary: texts, which may all be of one width in bytes, or values of one width as
 * {@link FixedLayout} says.
 */
export type DictionaryValues =
  | { readonly kind: 'text'; readonly layout: TextLayout | number }
  | {
      readonly kind: 'fixed'
      readonly vectorWidth: number
      readonly arrayWidth: number
      readonly convert: Conversion | null
    }

/** At this size a dictionary begins anew: replacing it stays cheap, and its frame small enough for every client. */
const DICTIONARY_BYTES_MAX = 1024 * 1024

/**
 * Encodes plain values with a dictionary that grows as they appear. A frame with new values is preceded by a
 * dictionary frame that replaces the former one and begins with all its values: right too for a reader that
 * applies the last dictionary to everything, and for one that knows no deltas.
 */
export class DictionaryColumn implements ColumnBuilder {
  readonly rowBytes: number
  readonly #id: bigint
  readonly #indexType: IntType
  readonly #values: DictionaryValues
  readonly #column: string
  readonly #validity = new ValidityBuilder()
  #known = new ByteSet()
  #recent = new RecentTexts()
  /** Readers want a dictionary before the first batch, also one without values. */
  #sentCount = -1
  /** Nothing was sent or appended since the dictionary began anew. */
  #isFresh = true
  #isFull = false
  #codes: Int32Array = new Int32Array(0)
  #codesOfBatch: Int32Array[] = []
  #data: Uint8Array = new Uint8Array(0)
  #mask: Mask = null

  constructor(id: bigint, indexType: IntType, values: DictionaryValues, column: string) {
    this.rowBytes = indexType.bitWidth / 8
    this.#id = id
    this.#indexType = indexType
    this.#values = values
    this.#column = column
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    const values = this.#values
    const width = values.kind === 'text' ? 16 : values.vectorWidth
    this.#data = bindings.vector_get_data(vector, rows * width)
    this.#mask = readMask(vector, rows, parent)
    zeroNulls(this.#data, width, this.#mask, rows)
    if (values.kind === 'fixed' && values.convert !== null) this.#data = values.convert(this.#data, rows)
    this.#codes = new Int32Array(rows).fill(UNKNOWN)
  }

  /** Infinite where the dictionary cannot take the values of all these rows: the batch has to end before. */
  measure(start: number, end: number): number {
    return this.#encode(start, end) ? 0 : Infinity
  }

  append(start: number, end: number): void {
    if (!this.#encode(start, end)) {
      const message = `A row of column '${this.#column}' has more values than its dictionary can number`
      throw new SternaError('SQL_FAILED', message)
    }
    this.#codesOfBatch.push(this.#codes.slice(start, end))
    this.#validity.append(this.#mask, start, end)
    this.#isFresh = false
  }

  finish(body: BatchBody): void {
    const rows = this.#validity.rows
    const indices = new Uint8Array(padded(rows * this.rowBytes))
    writeIndices(indices, this.#indexType, this.#codesOfBatch)
    this.#validity.finish(body)
    body.addBuffer(indices, rows * this.rowBytes)
    this.#codesOfBatch = []
    if (this.#isFull) this.#beginAnew()
  }

  dictionaries(): Frame[] {
    if (this.#known.count === this.#sentCount) return []
    this.#sentCount = this.#known.count
    const values = this.#values
    return [
      dictionaryFrame(this.#id, this.#known, values.kind === 'text' ? values.layout : values.arrayWidth),
    ]
  }

  #beginAnew(): void {
    this.#known = new ByteSet()
    this.#recent = new RecentTexts()
    this.#sentCount = 0
    this.#isFresh = true
    this.#isFull = false
    this.#codes.fill(UNKNOWN)
  }

  /** Finds or makes the codes of rows `[start, end)`; false when there are too many for this batch. */
  #encode(start: number, end: number): boolean {
    if (this.#findCodes(start, end)) return true
    // What fills the dictionary may be of former batches only.
    if (this.#isFresh || this.#codesOfBatch.length > 0) return false
    this.#beginAnew()
    return this.#findCodes(start, end)
  }

  /**
   * Values are added in the order of the rows, so that after false a shorter range with the same start may
   * succeed.
   */
  #findCodes(start: number, end: number): boolean {
    const values = this.#values
    const words = new Int32Array(this.#data.buffer, this.#data.byteOffset, this.#data.byteLength >> 2)
    let texts: LongTexts | null = null
    for (let row = start; row < end; row++) {
      if (this.#codes[row] !== UNKNOWN) continue
      let code = 0
      if (!isValid(this.#mask, row)) {
        // An index that is null may be any, but in range.
      } else if (values.kind === 'fixed') {
        code = this.#codeOf(this.#data, row * values.arrayWidth, values.arrayWidth)
      } else if (words[row * 4]! >>> 0 > INLINE_BYTES_MAX) {
        texts ??= new LongTexts(this.#data, start, end)
        code = this.#codeOf(texts.memory(row), texts.offset(row), words[row * 4]! >>> 0)
      } else {
        code = this.#recent.find(words, row * 4)
        if (code === UNKNOWN) {
          code = this.#codeOf(this.#data, row * 16 + 4, words[row * 4]!)
          this.#recent.add(words, row * 4, code)
        }
      }
      if (code === UNKNOWN) return false
      this.#codes[row] = code
    }
    return true
  }

  /** The code of a value, a new one where it has none yet; UNKNOWN where the dictionary is full. */
  #codeOf(bytes: Uint8Array, start: number, length: number): number {
    const code = this.#known.find(bytes, start, start + length)
    if (code !== UNKNOWN) return code
    const capacity = indexCapacity(this.#indexType)
    this.#isFull ||= this.#known.count >= capacity || this.#known.byteLength >= DICTIONARY_BYTES_MAX
    return this.#isFull ? UNKNOWN : this.#known.add(bytes, start, start + length)
  }
}

/** No code yet; also what a look-up gives that finds nothing. */
const UNKNOWN = -1

function indexCapacity(type: IntType): number {
  const bits = Math.min(type.signed ? type.bitWidth - 1 : type.bitWidth, 31)
  return 2 ** bits
}

function writeIndices(indices: Uint8Array, type: IntType, codes: readonly Int32Array[]): void {
  let row = 0
  for (const part of codes) {
    if (type.bitWidth === 8) indices.set(part, row)
    else if (type.bitWidth === 16) new Uint16Array(indices.buffer).set(part, row)
    else if (type.bitWidth === 32) new Int32Array(indices.buffer).set(part, row)
    else {
      const words = new Int32Array(indices.buffer)
      for (let index = 0; index < part.length; index++) words[(row + index) * 2] = part[index]!
    }
    row += part.length
  }
}
