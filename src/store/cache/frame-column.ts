import type { Frame } from '../../../flight/frame.ts'
import { openBatch } from '../../../flight/ipc/slice.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'

/** Whole numbers of one width: what stands in a column, or how many of its units an instant is from 1970. */
interface Width {
  readonly bytes: 1 | 2 | 4 | 8
  readonly isSigned: boolean
}

/** Null for columns whose values are no whole numbers. */
export function widthOf({ type, dictionary }: Field): Width | null {
  if (dictionary !== null) return null
  switch (type.kind) {
    case 'int':
      return { bytes: BYTES[type.bitWidth], isSigned: type.signed }
    case 'timestamp':
      return { bytes: 8, isSigned: true }
    case 'date':
      return type.unit === 'day' ? { bytes: 4, isSigned: true } : null
    default:
      return null
  }
}

const BYTES = { 8: 1, 16: 2, 32: 4, 64: 8 } as const

/** Whole numbers between two bounds, both included; null is no bound. */
export interface ValueRange {
  readonly low: bigint | null
  readonly high: bigint | null
}

/** Rows `[start, end)` of a frame. */
export interface RowSpan {
  readonly start: number
  readonly end: number
}

/** Rows of a frame that can be wanted, in order and apart from each other. */
export interface FoundRows {
  readonly spans: readonly RowSpan[]
  /** All of them are. */
  readonly isExact: boolean
}

/**
 * One column of a batch and its bounds. Rows without a value count by the bytes that stand there: they only make the
 * bounds wider.
 */
export class FrameColumn {
  readonly #min: bigint
  readonly #max: bigint
  readonly #values: DataView
  readonly #width: Width
  readonly #rows: number
  readonly #isSorted: boolean
  readonly #hasNulls: boolean

  /** @returns null for a batch that is compressed, and so tells nothing without more work */
  static read(frame: Frame, schema: Schema, index: number): FrameColumn | null {
    const field = schema.fields[index]
    const width = field === undefined ? null : widthOf(field)
    const batch = openBatch(frame.header, frame.body, schema)
    const column = batch?.columns[index]
    const range = column?.buffers[0]
    if (width === null || batch === null || range === undefined || batch.rows === 0) return null
    const { buffer, byteOffset, byteLength } = batch.body.slice(range)
    const values = new DataView(buffer, byteOffset, byteLength)
    return new FrameColumn(values, batch.rows, width, column?.node.nullCount !== 0)
  }

  private constructor(values: DataView, rows: number, width: Width, hasNulls: boolean) {
    this.#values = values
    this.#rows = rows
    this.#width = width
    this.#hasNulls = hasNulls
    const { min, max, isSorted } = width.bytes === 8 ? extremesOf64(values, rows, width) : this.#extremes()
    this.#min = this.#valueAt(min)
    this.#max = this.#valueAt(max)
    this.#isSorted = isSorted
  }

  /** False where no value can be in one of the ranges: asked of every frame, for each query. */
  mayMeet(ranges: readonly ValueRange[]): boolean {
    for (const { low, high } of ranges) {
      if ((low === null || low <= this.#max) && (high === null || high >= this.#min)) return true
    }
    return false
  }

  /** The rows whose value is in one of the ranges. */
  find(ranges: readonly ValueRange[]): FoundRows {
    const spans: RowSpan[] = []
    let isExact = !this.#hasNulls
    for (const { low, high } of ranges) {
      if ((low !== null && low > this.#max) || (high !== null && high < this.#min)) continue
      const isWhole = (low === null || low <= this.#min) && (high === null || high >= this.#max)
      if (isWhole || !this.#isSorted) {
        spans.push({ start: 0, end: this.#rows })
        isExact &&= isWhole
      } else {
        const start = low === null ? 0 : this.#firstRow((value) => value >= low)
        const end = high === null ? this.#rows : this.#firstRow((value) => value > high)
        if (start < end) spans.push({ start, end })
      }
    }
    return { spans: joined(spans), isExact }
  }

  /** The first row for which something holds that holds for all after it, too. */
  #firstRow(holds: (value: bigint) => boolean): number {
    let start = 0
    let end = this.#rows
    while (start < end) {
      const middle = (start + end) >> 1
      if (holds(this.#valueAt(middle))) end = middle
      else start = middle + 1
    }
    return start
  }

  #valueAt(row: number): bigint {
    if (this.#width.bytes < 8) return BigInt(this.#numberAt(row))
    const { isSigned } = this.#width
    return isSigned ? this.#values.getBigInt64(8 * row, true) : this.#values.getBigUint64(8 * row, true)
  }

  #numberAt(row: number): number {
    const { bytes, isSigned } = this.#width
    if (bytes === 1) return isSigned ? this.#values.getInt8(row) : this.#values.getUint8(row)
    if (bytes === 2) {
      return isSigned ? this.#values.getInt16(2 * row, true) : this.#values.getUint16(2 * row, true)
    }
    return isSigned ? this.#values.getInt32(4 * row, true) : this.#values.getUint32(4 * row, true)
  }

  #extremes(): Extremes {
    const found = { min: 0, max: 0, isSorted: true }
    let last = this.#numberAt(0)
    let least = last
    let most = last
    for (let row = 1; row < this.#rows; row++) {
      const value = this.#numberAt(row)
      if (value < last) found.isSorted = false
      last = value
      if (value > most) {
        found.max = row
        most = value
      } else if (value < least) {
        found.min = row
        least = value
      }
    }
    return found
  }
}

/** The same rows in order, each once. */
function joined(spans: readonly RowSpan[]): RowSpan[] {
  const ordered = spans.toSorted((a, b) => a.start - b.start)
  const found: RowSpan[] = []
  for (const span of ordered) {
    const last = found.at(-1)
    if (last === undefined || span.start > last.end) found.push(span)
    else found[found.length - 1] = { start: last.start, end: Math.max(last.end, span.end) }
  }
  return found
}

/** The rows that both have. */
export function intersection(a: FoundRows, b: FoundRows): FoundRows {
  const spans = a.spans.flatMap((one) =>
    b.spans.flatMap((other) => {
      const start = Math.max(one.start, other.start)
      const end = Math.min(one.end, other.end)
      return start < end ? [{ start, end }] : []
    }),
  )
  return { spans, isExact: a.isExact && b.isExact }
}

/** Which rows have the smallest and the largest value, and whether none is below the one before it. */
interface Extremes {
  min: number
  max: number
  isSorted: boolean
}

/** In two halves: 5 ns a row, where bigints of a DataView take 15. */
function extremesOf64(values: DataView, rows: number, { isSigned }: Width): Extremes {
  const found = { min: 0, max: 0, isSorted: true }
  // With the highest bit turned, unsigned halves are in the order of signed ones.
  const turn = isSigned ? 0 : 0x8000_0000
  let upper = values.getInt32(4, true) ^ turn
  let lower = values.getUint32(0, true)
  let [minUpper, minLower, maxUpper, maxLower] = [upper, lower, upper, lower]
  for (let row = 1; row < rows; row++) {
    const nextUpper = values.getInt32(8 * row + 4, true) ^ turn
    const nextLower = values.getUint32(8 * row, true)
    if (nextUpper < upper || (nextUpper === upper && nextLower < lower)) found.isSorted = false
    upper = nextUpper
    lower = nextLower
    if (upper > maxUpper || (upper === maxUpper && lower > maxLower)) {
      found.max = row
      maxUpper = upper
      maxLower = lower
    } else if (upper < minUpper || (upper === minUpper && lower < minLower)) {
      found.min = row
      minUpper = upper
      minLower = lower
    }
  }
  return found
}
