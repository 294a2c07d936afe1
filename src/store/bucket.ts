import type { BucketWidth } from './parts.ts'

/** Where DuckDB's `time_bucket` counts from: 2000-01-03, a Monday, in µs since 1970; months from 2000-01. */
const ORIGIN_US = 946_857_600_000_000
const ORIGIN_MONTH = 2000 * 12

/**
 * The start of the bucket that an instant is in, as DuckDB's `time_bucket(width, …)` gives it in UTC.
 *
 * @param us - µs since 1970
 * @returns null where no number tells it exactly
 */
export function bucketStart({ months, us: width }: BucketWidth, us: number): number | null {
  // Not modulo(us - ORIGIN_US, width): far from the origin the difference would be no exact number.
  const rest = modulo((us % width) - (ORIGIN_US % width), width)
  const start = months > 0 ? monthStart(months, us) : us - rest
  return Number.isSafeInteger(start) ? start : null
}

function monthStart(months: number, us: number): number {
  const date = new Date(Math.floor(us / 1000))
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth()
  const first = month - modulo(month - ORIGIN_MONTH, months)
  const start = new Date(0)
  start.setUTCFullYear(Math.floor(first / 12), modulo(first, 12), 1)
  return start.getTime() * 1000
}

function modulo(value: number, divisor: number): number {
  const rest = value % divisor
  return rest < 0 ? rest + divisor : rest
}
