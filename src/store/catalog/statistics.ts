import type { ColumnStats } from '../parts.ts'

/** What is known of all values of a column together. Null: not known. */
export interface ColumnSummary {
  readonly containsNull: boolean | null
  readonly containsNan: boolean | null
  readonly min: string | null
  readonly max: string | null
  /** False while every value is null: then min and max are those of the next part that has any. */
  readonly hasValues: boolean
}

/** The summary of no rows. */
export const EMPTY_SUMMARY: ColumnSummary = {
  containsNull: false,
  containsNan: null,
  min: null,
  max: null,
  hasValues: false,
}

/**
 * Adds what one part says of a column. Other engines answer `min(column)` from the result, so a bound that cannot
 * be told for certain becomes null, never a guess.
 *
 * @param stats - undefined where the part has no statistics of the column
 * @param rows - of the part; of a nested column, null: its values are not rows
 */
export function addToSummary(
  summary: ColumnSummary,
  stats: Pick<ColumnStats, 'nullCount' | 'min' | 'max' | 'containsNan'> | undefined,
  rows: number | null,
  type: string,
): ColumnSummary {
  if (rows === 0) return summary
  if (stats === undefined)
    return { containsNull: null, containsNan: null, min: null, max: null, hasValues: true }
  const containsNull = summary.containsNull === null ? null : summary.containsNull || stats.nullCount > 0
  const isFirst = !summary.hasValues
  if (stats.nullCount === rows) {
    return { ...summary, containsNull, containsNan: isFirst ? stats.containsNan : summary.containsNan }
  }
  return {
    containsNull,
    containsNan: isFirst ? stats.containsNan : bothKnown(summary.containsNan, stats.containsNan),
    min: isFirst ? stats.min : lesser(summary.min, stats.min, type),
    max: isFirst ? stats.max : greater(summary.max, stats.max, type),
    hasValues: true,
  }
}

function bothKnown(a: boolean | null, b: boolean | null): boolean | null {
  return a === null || b === null ? null : a || b
}

function lesser(a: string | null, b: string | null, type: string): string | null {
  const order = a === null || b === null ? null : compareBounds(a, b, type)
  if (order === null) return null
  return order <= 0 ? a : b
}

function greater(a: string | null, b: string | null, type: string): string | null {
  const order = a === null || b === null ? null : compareBounds(a, b, type)
  if (order === null) return null
  return order >= 0 ? a : b
}

/**
 * Bounds that hold for any value of a type; null for types that have no bounds.
 *
 * They stand where bounds are not known: DuckDB's extension takes a table without bounds for one without values,
 * and the next part's for those of all.
 */
export function widestBounds(type: string): { readonly min: string; readonly max: string } | null {
  const integer = /^(u?)int(\d+)$/.exec(type)
  if (integer !== null) {
    const range = 1n << BigInt(integer[2] ?? 0)
    if (integer[1] === 'u') return { min: '0', max: String(range - 1n) }
    return { min: String(-range / 2n), max: String(range / 2n - 1n) }
  }
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(type)
  if (decimal !== null) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])]
    const digits = '9'.repeat(precision - scale) + (scale > 0 ? `.${'9'.repeat(scale)}` : '')
    const max = digits.startsWith('.') ? `0${digits}` : digits
    return { min: `-${max}`, max }
  }
  if (type.startsWith('float')) return { min: '-inf', max: 'inf' }
  if (type === 'date' || type.startsWith('timestamp')) return { min: '-infinity', max: 'infinity' }
  if (type === 'time') return { min: '00:00:00', max: '24:00:00' }
  if (type === 'boolean') return { min: 'false', max: 'true' }
  // DuckDB compares eight bytes of texts here: twice the last code point.
  return type === 'varchar' ? { min: '', max: '\u{10ffff}\u{10ffff}' } : null
}

/** ISO texts of years 0000–9999 in UTC order like their instants; years before or after, and other zones, do not. */
const INSTANT = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?(?:\+00)?)?$/
const TIME_OF_DAY = /^\d\d:\d\d:\d\d(?:\.\d+)?$/
const INTEGER = /^-?\d+$/
const DECIMAL = /^-?\d+(?:\.\d+)?$/

/**
 * Orders two values as DuckDB prints them.
 *
 * @returns negative, 0 or positive; null where the texts do not tell
 */
export function compareBounds(a: string, b: string, type: string): number | null {
  if (type === 'varchar') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (type === 'boolean') return compare(a, b)
  if (/^u?int\d+$/.test(type))
    return INTEGER.test(a) && INTEGER.test(b) ? compare(BigInt(a), BigInt(b)) : null
  if (type.startsWith('decimal')) {
    // All values of a column have the same number of digits after the point.
    return DECIMAL.test(a) && DECIMAL.test(b)
      ? compare(BigInt(a.replace('.', '')), BigInt(b.replace('.', '')))
      : null
  }
  if (type.startsWith('float')) {
    const [x, y] = [toNumber(a), toNumber(b)]
    return Number.isNaN(x) || Number.isNaN(y) ? null : compare(x, y)
  }
  if (type === 'date' || type.startsWith('timestamp')) {
    const [x, y] = [toInstant(a), toInstant(b)]
    return x === null || y === null ? null : compare(x, y)
  }
  if (type === 'time') return TIME_OF_DAY.test(a) && TIME_OF_DAY.test(b) ? compare(a, b) : null
  return null
}

function toInstant(text: string): string | null {
  if (text === '-infinity') return ''
  if (text === 'infinity') return '~'
  return INSTANT.test(text) ? text : null
}

function toNumber(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
