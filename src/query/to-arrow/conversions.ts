import { SternaError } from '../../errors.ts'
import type { Conversion } from './fixed.ts'

// Vectors and arrays are little endian, as is every machine that DuckDB is built for; typed arrays follow the machine.

const WORD = 2 ** 32
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
const DECIMAL_38_END = 10n ** 38n
/** The topmost 32 bits of 10^38: a value whose top word is below it, either way, has at most 38 digits. */
const DECIMAL_38_TOP = Number(DECIMAL_38_END >> 96n)
const DAY_MS = 86_400_000

/** DECIMAL of 2 to 16 bytes to a decimal of 4 to 32, by its sign. */
export function widenDecimal(vectorWidth: 2 | 4 | 8 | 16, arrayWidth: number): Conversion {
  const wordsIn = Math.max(1, vectorWidth / 4)
  const wordsOut = arrayWidth / 4
  return (data, rows) => {
    const from =
      vectorWidth === 2
        ? new Int16Array(data.buffer, data.byteOffset, rows)
        : new Int32Array(data.buffer, data.byteOffset, rows * wordsIn)
    const to = new Int32Array(rows * wordsOut)
    for (let row = 0; row < rows; row++) {
      const out = row * wordsOut
      for (let word = 0; word < wordsIn; word++) to[out + word] = from[row * wordsIn + word]!
      const sign = to[out + wordsIn - 1]! >> 31
      for (let word = wordsIn; word < wordsOut; word++) to[out + word] = sign
    }
    return bytesOf(to)
  }
}

/**
 * HUGEINT and UHUGEINT are the bytes of decimal128 already, but reach further than its 38 digits.
 *
 * @throws {@link SternaError} SQL_FAILED, naming the column, for a value that is larger
 */
export function checkHugeint(isSigned: boolean, column: string): Conversion {
  return (data, rows) => {
    const words = new Int32Array(data.buffer, data.byteOffset, rows * 4)
    for (let row = 0; row < rows; row++) {
      const top = words[row * 4 + 3]!
      if (top >= DECIMAL_38_TOP || top < -DECIMAL_38_TOP || (top < 0 && !isSigned)) checkValue(data, row)
    }
    return data
  }

  function checkValue(data: Uint8Array, row: number): void {
    const view = new DataView(data.buffer, data.byteOffset + row * 16, 16)
    const high = isSigned ? view.getBigInt64(8, true) : view.getBigUint64(8, true)
    const value = (high << 64n) | view.getBigUint64(0, true)
    if (value < DECIMAL_38_END && value > -DECIMAL_38_END) return
    throw new SternaError(
      'SQL_FAILED',
      `Column '${column}' holds an integer of more than 38 digits, the most that decimal128 takes: cast it to DOUBLE or VARCHAR`,
    )
  }
}

/**
 * 64-bit integers of one unit as those of another: timestamps and dates. Rounds down.
 *
 * @throws {@link SternaError} SQL_FAILED, naming the column, where the new value has more than 64 bits
 */
export function rescaleInt64(multiply: number, divide: number, column: string): Conversion {
  return (data, rows) => {
    const words = new Int32Array(data.buffer, data.byteOffset, rows * 2)
    for (let row = 0; row < rows; row++) rescale(words, row * 2, multiply, divide, column)
    return data
  }
}

/**
 * INTERVAL (int32 months, int32 days, int64 microseconds) to month-day-nano, which differs in the last unit.
 *
 * @throws {@link SternaError} SQL_FAILED, naming the column, for more than 292 years of microseconds
 */
export function intervalToNanoseconds(column: string): Conversion {
  return (data, rows) => {
    const words = new Int32Array(data.buffer, data.byteOffset, rows * 4)
    for (let row = 0; row < rows; row++) rescale(words, row * 4 + 2, 1000, 1, column)
    return data
  }
}

/** Microseconds of the day to time32 of seconds or milliseconds. */
export function timeToInt32(divide: number): Conversion {
  return (data, rows) => {
    const words = new Int32Array(data.buffer, data.byteOffset, rows * 2)
    const to = new Int32Array(rows)
    for (let row = 0; row < rows; row++) {
      to[row] = Math.floor((words[row * 2 + 1]! * WORD + (words[row * 2]! >>> 0)) / divide)
    }
    return bytesOf(to)
  }
}

/** Days to date64. */
export function daysToMilliseconds(data: Uint8Array, rows: number): Uint8Array {
  const days = new Int32Array(data.buffer, data.byteOffset, rows)
  const to = new Int32Array(rows * 2)
  for (let row = 0; row < rows; row++) writeInt64(to, row * 2, days[row]! * DAY_MS)
  return bytesOf(to)
}

/** Single floats that were half floats once, so that nothing is rounded. */
export function floatToHalf(data: Uint8Array, rows: number): Uint8Array {
  const from = new Int32Array(data.buffer, data.byteOffset, rows)
  const to = new Uint16Array(rows)
  for (let row = 0; row < rows; row++) to[row] = halfOf(from[row]!)
  return bytesOf(to)
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** Bits of a single float (1 sign, 8 exponent, 23 fraction) to those of a half (1, 5, 10). */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const exponent = (bits >>> 23) & 0xff
  const fraction = bits & 0x7f_ff_ff
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : Math.max(1, fraction >>> 13))
  const halfExponent = exponent - 127 + 15
  if (halfExponent >= 31) return sign | 0x7c00
  if (halfExponent > 0) return sign | (halfExponent << 10) | (fraction >>> 13)
  // Below the smallest normal half the leading 1 is written out, shifted down.
  return halfExponent < -10 ? sign : sign | ((fraction | 0x80_00_00) >>> (14 - halfExponent))
}

/** In doubles as long as they are exact: BigInt is ten times slower. */
function rescale(words: Int32Array, at: number, multiply: number, divide: number, column: string): void {
  const value = words[at + 1]! * WORD + (words[at]! >>> 0)
  const scaled = Math.floor((value * multiply) / divide)
  if (Number.isSafeInteger(value) && Number.isSafeInteger(value * multiply)) {
    writeInt64(words, at, scaled)
    return
  }
  const exact = (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0)
  const product = exact * BigInt(multiply)
  const divisor = BigInt(divide)
  const quotient = product / divisor - (product % divisor < 0n ? 1n : 0n)
  if (quotient > INT64_MAX || quotient < INT64_MIN) {
    throw new SternaError(
      'SQL_FAILED',
      `Column '${column}' holds a time that is out of range for its Arrow type`,
    )
  }
  words[at] = Number(BigInt.asIntN(32, quotient))
  words[at + 1] = Number(BigInt.asIntN(32, quotient >> 32n))
}

/** A safe integer, in two's complement. */
function writeInt64(words: Int32Array, at: number, value: number): void {
  words[at] = value >>> 0
  words[at + 1] = Math.floor(value / WORD)
}
