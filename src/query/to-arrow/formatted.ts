import { bindings } from '../duckdb.ts'
import type { BatchBody } from './batch-body.ts'
import { noDictionaries, type ColumnBuilder } from './column.ts'
import { GrowingBytes } from './memory.ts'
import { OffsetsBuilder } from './offsets.ts'
import { isValid, readMask, ValidityBuilder, type Mask } from './validity.ts'

/** The texts (ASCII) of the values of a vector, by row; may write into `data`. What it gives for null rows is not used. */
export type Format = (data: Uint8Array, rows: number) => (row: number) => string

/** Values that have no Arrow type, as utf8. */
export class FormattedColumn implements ColumnBuilder {
  readonly dictionaries = noDictionaries
  readonly rowBytes = 4
  readonly #vectorWidth: number
  readonly #format: Format
  readonly #validity = new ValidityBuilder()
  readonly #offsets = new OffsetsBuilder()
  #data: GrowingBytes | null = null
  #capacityNext = 0
  #texts: Uint8Array = new Uint8Array(0)
  #ends = new Int32Array(1)
  #mask: Mask = null

  constructor(vectorWidth: number, format: Format) {
    this.#vectorWidth = vectorWidth
    this.#format = format
  }

  load(vector: bindings.Vector, rows: number, parent: Mask): void {
    const format = this.#format(bindings.vector_get_data(vector, rows * this.#vectorWidth), rows)
    this.#mask = readMask(vector, rows, parent)
    this.#ends = new Int32Array(rows + 1)
    let text = ''
    for (let row = 0; row < rows; row++) {
      if (isValid(this.#mask, row)) text += format(row)
      this.#ends[row + 1] = text.length
    }
    this.#texts = Buffer.from(text, 'latin1')
  }

  measure(start: number, end: number): number {
    return this.#ends[end]! - this.#ends[start]!
  }

  append(start: number, end: number): void {
    const rows = this.#validity.rows
    const offsets = this.#offsets.reserve(rows + end - start, rows)
    const position = offsets[rows]!
    const from = this.#ends[start]!
    for (let row = start, index = rows + 1; row < end; row++, index++) {
      offsets[index] = position + this.#ends[row + 1]! - from
    }
    const byteLength = position + this.#ends[end]! - from
    this.#data ??= new GrowingBytes(Math.max(byteLength, this.#capacityNext))
    this.#data.reserve(byteLength, position)
    this.#data.bytes.set(this.#texts.subarray(from, this.#ends[end]), position)
    this.#validity.append(this.#mask, start, end)
  }

  finish(body: BatchBody): void {
    const rows = this.#validity.rows
    const byteLength = this.#offsets.position(rows)
    this.#validity.finish(body)
    this.#offsets.finish(body, rows, 4)
    body.addBuffer(this.#data?.bytes ?? new Uint8Array(0), byteLength)
    this.#data = null
    this.#capacityNext = byteLength
  }
}

/** UUID: a 128-bit integer, little endian, whose sign bit is flipped so that it sorts as its text does. */
export const formatUuid: Format = (data, rows) => {
  // Reversed as a whole, each value is big endian and the last row comes first.
  data.reverse()
  for (let index = 0; index < data.length; index += 16) data[index]! ^= 0x80
  const hex = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')
  return (row) => {
    const at = (rows - 1 - row) * 32
    const part = (start: number, end: number): string => hex.slice(at + start, at + end)
    return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`
  }
}

const MICROSECONDS_PER_SECOND = 1_000_000
/** The offset in TIMETZ is stored as what is missing to 15:59:59, in seconds. */
const OFFSET_SECONDS_MAX = 57_599

/** TIMETZ: 40 bits of microseconds above 24 bits of offset; as DuckDB prints it, such as `12:30:00.5+02`. */
export const formatTimeTz: Format = (data, rows) => {
  const words = new Uint32Array(data.buffer, data.byteOffset, rows * 2)
  return (row) => {
    const low = words[row * 2]!
    const micros = words[row * 2 + 1]! * 2 ** 8 + (low >>> 24)
    const offset = OFFSET_SECONDS_MAX - (low & 0xff_ff_ff)
    const fraction = String(micros % MICROSECONDS_PER_SECOND)
      .padStart(6, '0')
      .replace(/0+$/, '')
    const time = clock(Math.floor(micros / MICROSECONDS_PER_SECOND), 3)
    const zone = clock(Math.abs(offset), 1)
    return `${time}${fraction === '' ? '' : `.${fraction}`}${offset < 0 ? '-' : '+'}${zone}`
  }
}

/** `HH:MM:SS`, without trailing parts that are zero beyond the first `partsMin`. */
function clock(seconds: number, partsMin: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  while (parts.length > partsMin && parts.at(-1) === 0) parts.pop()
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
