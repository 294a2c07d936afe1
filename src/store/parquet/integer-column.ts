import type { ArrowType, TimeUnit } from '../../../flight/ipc/schema.ts'
import { type ColumnPlan, valueMismatch } from './column-plan.ts'
import { validityOf, addValidity } from './validity.ts'

const PER_SECOND: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1_000, us: 1_000_000, ns: 1_000_000_000 }
const SECONDS_PER_DAY = 86_400
const TWO_TO_32 = 2 ** 32

/** A type whose values are integers, as storage sees it. */
interface IntegerKind {
  readonly width: number
  readonly signed: boolean
  /** What a unit of it counts: plain numbers fit anything, times only times. */
  readonly sort: 'number' | 'instant' | 'time' | 'duration'
  /** Units in a day; 1 for plain numbers. */
  readonly unitsPerDay: number
}

/**
 * Integers, and what is counted in integers: dates, times, instants and durations in another unit or width than
 * they were stored in. Plain integers stand for any of them.
 *
 * | stored by DuckDB | given back |
 * | --- | --- |
 * | TIMESTAMP_MS | timestamp[s], date64 |
 * | TIMESTAMPTZ | timestamp[s or ms] with a zone |
 * | TIME | time32 |
 *
 * A value that is not whole in the unit wanted is refused, never rounded.
 */
export function planInteger(target: ArrowType, actual: ArrowType, path: string): ColumnPlan | undefined {
  const to = integerKind(target)
  const from = integerKind(actual)
  if (to === undefined || from === undefined) return undefined
  const isPlain = from.sort === 'number'
  if (!isPlain && from.sort !== to.sort) return undefined
  const multiply = isPlain ? 1 : Math.max(to.unitsPerDay / from.unitsPerDay, 1)
  const divide = isPlain ? 1 : Math.max(from.unitsPerDay / to.unitsPerDay, 1)
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    const address = (array.buffers[1] ?? 0) + (array.offset + start) * from.width
    if (multiply === 1 && divide === 1 && from.width === to.width && from.signed === to.signed) {
      out.addCopy(array.memory, address, count * to.width)
      return
    }
    const isValid = validityOf(array, start)
    const source = array.memory.bytes.subarray(address, address + count * from.width)
    out.addBuffer(count * to.width, (body) => {
      for (let row = 0; row < count; row++) {
        // What stands behind a null may be anything.
        const value = isValid(row) ? readInteger(source, row * from.width, from) : 0
        const scaled = (value * multiply) / divide
        const isExact = Number.isSafeInteger(value) && Number.isSafeInteger(scaled)
        const isWritten = isExact
          ? writeInteger(body, row * to.width, to, scaled)
          : to.width === 8 && writeLong(body, source, row * 8, from, to, BigInt(multiply), BigInt(divide))
        if (!isWritten) throw valueMismatch(path, target)
      }
    })
  }
}

function integerKind(type: ArrowType): IntegerKind | undefined {
  switch (type.kind) {
    case 'int':
      return { width: type.bitWidth / 8, signed: type.signed, sort: 'number', unitsPerDay: 1 }
    case 'timestamp':
      return { width: 8, signed: true, sort: 'instant', unitsPerDay: PER_SECOND[type.unit] * SECONDS_PER_DAY }
    case 'duration':
      return {
        width: 8,
        signed: true,
        sort: 'duration',
        unitsPerDay: PER_SECOND[type.unit] * SECONDS_PER_DAY,
      }
    case 'time':
      return {
        width: type.bitWidth / 8,
        signed: true,
        sort: 'time',
        unitsPerDay: PER_SECOND[type.unit] * SECONDS_PER_DAY,
      }
    case 'date':
      return type.unit === 'day'
        ? { width: 4, signed: true, sort: 'instant', unitsPerDay: 1 }
        : { width: 8, signed: true, sort: 'instant', unitsPerDay: PER_SECOND.ms * SECONDS_PER_DAY }
    default:
      return undefined
  }
}

/** A 64-bit value that is beyond 2^53 comes out rounded, and is no safe integer then. */
function readInteger(bytes: Buffer, at: number, kind: IntegerKind): number {
  if (kind.width < 8) return kind.signed ? bytes.readIntLE(at, kind.width) : bytes.readUIntLE(at, kind.width)
  const high = kind.signed ? bytes.readInt32LE(at + 4) : bytes.readUInt32LE(at + 4)
  return high * TWO_TO_32 + bytes.readUInt32LE(at)
}

/** @returns false where the value does not fit. */
function writeInteger(bytes: Buffer, at: number, kind: IntegerKind, value: number): boolean {
  if (kind.width === 8) {
    if (value < 0 && !kind.signed) return false
    const high = Math.floor(value / TWO_TO_32)
    bytes.writeUInt32LE(value - high * TWO_TO_32, at)
    bytes.writeUInt32LE(high >>> 0, at + 4)
    return true
  }
  const span = 2 ** (8 * kind.width)
  const min = kind.signed ? -span / 2 : 0
  if (value < min || value >= min + span) return false
  bytes.writeUIntLE(value < 0 ? value + span : value, at, kind.width)
  return true
}

/** The same for 64-bit values beyond what a double counts exactly. */
function writeLong(
  body: Buffer,
  source: Buffer,
  at: number,
  from: IntegerKind,
  to: IntegerKind,
  multiply: bigint,
  divide: bigint,
): boolean {
  if (from.width !== 8) return false
  const value = (from.signed ? source.readBigInt64LE(at) : source.readBigUInt64LE(at)) * multiply
  const scaled = value / divide
  if (
    scaled * divide !== value ||
    scaled !== (to.signed ? BigInt.asIntN(64, scaled) : BigInt.asUintN(64, scaled))
  ) {
    return false
  }
  body.writeBigUInt64LE(BigInt.asUintN(64, scaled), at)
  return true
}
