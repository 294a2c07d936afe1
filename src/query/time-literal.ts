import type { Field, TimeUnit } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'

const SECOND = 1_000_000_000n
const NANOSECONDS = { s: SECOND, ms: 1_000_000n, us: 1000n, ns: 1n, day: 86_400n * SECOND } as const
const INT64_END = 2n ** 63n
const FRACTION_DIGITS = { s: 3, ms: 3, us: 6, ns: 9 } as const

/** Of the years 1 to 9999, which DuckDB and ISO 8601 write with four digits; since 1970. */
const SECONDS_MIN = -62_135_596_800n
const SECONDS_END = 253_402_300_800n

/** Date, then, where there is one, time to the nanosecond at most, then UTC or an offset. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** True for a column that start and end can apply to. */
export function isTimeField({ dictionary, type }: Field): boolean {
  return dictionary === null && (type.kind === 'timestamp' || type.kind === 'date')
}

/**
 * A time as SQL literal of the type that the column is stored in, so that it is compared without a cast of the
 * column and Parquet's statistics apply. What is finer than the column's unit is rounded up: for the start as for
 * the end of a half-open range, the same rows are on the same side of it.
 *
 * @param name - of the request's field, for messages
 * @param value - ISO 8601 text, in UTC where it names no offset; or an integer, as number or as digits, in the
 * unit of the column
 * @throws {@link SternaError} REQUEST_INVALID for anything else, and for a time that the column cannot have
 */
export function timeLiteral(field: Field, name: string, value: string | number): string {
  const unit = unitOf(field)
  const nanoseconds = readTime(unit, value)
  if (nanoseconds === null) {
    throw new SternaError('REQUEST_INVALID', `Field '${name}' is neither an ISO 8601 time nor an integer`)
  }
  const rounded = -floorDivide(-nanoseconds, NANOSECONDS[unit]) * NANOSECONDS[unit]
  const seconds = floorDivide(rounded, SECOND)
  const isInRange = seconds >= SECONDS_MIN && seconds < SECONDS_END
  if (!isInRange || (unit === 'ns' && (rounded >= INT64_END || rounded < -INT64_END))) {
    throw new SternaError(
      'REQUEST_INVALID',
      `Field '${name}' is a time that column '${field.name}' cannot have`,
    )
  }
  const [date = '', time = ''] = new Date(Number(seconds) * 1000).toISOString().split(/[T.]/)
  if (unit === 'day') return `DATE '${date}'`
  // No more digits than the type has, and its zone: parts are left out by what a literal surely means.
  const fraction = String(rounded - seconds * SECOND).padStart(9, '0')
  const digits = fraction.slice(0, FRACTION_DIGITS[unit])
  const type = literalType(field, unit)
  return `${type} '${date} ${time}.${digits}${type === 'TIMESTAMPTZ' ? '+00' : ''}'`
}

function unitOf({ name, type }: Field): TimeUnit | 'day' {
  if (type.kind === 'timestamp' || type.kind === 'date') return type.unit
  throw new SternaError('BUG', `Column '${name}' is no time`)
}

/** As storageOf chooses; the zone of the session is UTC. */
function literalType({ type }: Field, unit: TimeUnit): string {
  if (unit === 'ns') return 'TIMESTAMP_NS'
  if (type.kind === 'timestamp' && type.timezone !== null) return 'TIMESTAMPTZ'
  return unit === 'us' ? 'TIMESTAMP' : 'TIMESTAMP_MS'
}

/** Nanoseconds since 1970; null for what is no time. */
function readTime(unit: TimeUnit | 'day', value: string | number): bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) * NANOSECONDS[unit] : null
  if (/^-?\d{1,25}$/.test(value)) return BigInt(value) * NANOSECONDS[unit]
  const match = ISO.exec(value)
  if (match === null) return null
  const [, date = '', minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match
  const milliseconds = Date.parse(`${date}T${minutes}:${seconds}${zoneOf(zone)}`)
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(milliseconds) || !new Date(date).toISOString().startsWith(date)) return null
  return BigInt(milliseconds) * NANOSECONDS.ms + BigInt(fraction.padEnd(9, '0'))
}

/** As Date.parse reads it: `+01` and `+0100` are `+01:00`. */
function zoneOf(zone: string): string {
  if (zone.toUpperCase() === 'Z') return 'Z'
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value % divisor < 0n ? quotient - 1n : quotient
}
