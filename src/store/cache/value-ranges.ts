import type { Field } from '../../../flight/ipc/schema.ts'
import { type FilterValue, type PartFilter, valueKey } from '../part-filter.ts'
import { type ValueRange, widthOf } from './frame-column.ts'

/** Where an instant or a number is among whole units: between two of them `low` is above `high`. */
interface Place {
  readonly low: bigint
  readonly high: bigint
}

/**
 * The values of a column of whole numbers or instants that meet a condition, in the units of the column: those in one
 * of the ranges, and no others.
 *
 * @param type - of the column, in the words of DuckLake
 * @returns null where that is not certain
 */
export function valueRanges(filter: PartFilter, type: string, field: Field): ValueRange[] | null {
  if (widthOf(field) === null) return null
  const { values, low, high, isOpen = false } = filter
  const places = (values ?? [low, high].filter((value) => value !== undefined)).map((value) =>
    placeOf(value, type, field),
  )
  const known = places.filter((place) => place !== null)
  if (known.length < places.length) return null
  if (values !== undefined) return known
  const [lower, upper] = [low && known[0], high && known.at(-1)]
  if (lower === undefined && upper === undefined) return null
  return [
    {
      low: lower === undefined ? null : isOpen ? lower.high + 1n : lower.low,
      high: upper === undefined ? null : isOpen ? upper.low - 1n : upper.high,
    },
  ]
}

function placeOf(value: FilterValue, type: string, field: Field): Place | null {
  const key = valueKey(value, type)
  if (typeof key === 'bigint') return field.type.kind === 'int' ? { low: key, high: key } : null
  const unit = nanosecondsOf(field)
  if (typeof key !== 'string' || unit === null) return null
  const instant = instantNs(key)
  const whole = instant / unit
  const rest = instant % unit
  return { low: rest > 0n ? whole + 1n : whole, high: rest < 0n ? whole - 1n : whole }
}

/** Nanoseconds of a unit of a column of instants; null for other columns. */
function nanosecondsOf({ type }: Field): bigint | null {
  if (type.kind === 'timestamp') return { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, ns: 1n }[type.unit]
  return type.kind === 'date' && type.unit === 'day' ? 86_400_000_000_000n : null
}

/** @param key - `2026-02-03 04:05:06.123456789`, in UTC */
function instantNs(key: string): bigint {
  const ms = Date.parse(`${key.slice(0, 10)}T${key.slice(11, 19)}Z`)
  return BigInt(ms) * 1_000_000n + BigInt(key.slice(20))
}
