/** What a column is compared with: a constant as far as the text of a statement tells it, or a bound value. */
export type FilterValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** A literal of a type: DuckDB's name of it, and the text. */
  | { readonly kind: 'time'; readonly type: string; readonly value: string }
  /** Of a type in the words of DuckLake, as the catalog writes it. It says nothing of columns of other types. */
  | { readonly kind: 'bound'; readonly type: string; readonly value: string }

/** What every wanted row meets: its column is one of the values, or between the bounds. */
export interface PartFilter {
  readonly column: string
  readonly values?: readonly FilterValue[]
  readonly low?: FilterValue
  readonly high?: FilterValue
  /** A bound that is not included, where only one is given. */
  readonly isOpen?: boolean
}

/** What the catalog says of a column in one part, as texts. */
export interface BoundTexts {
  readonly min: string | null
  readonly max: string | null
  readonly containsNan: boolean | null
}

/** A value in a form that compares with others of the same column; instants as texts. */
type Key = bigint | number | string | Buffer

/** What is known of a column in one part, in a form that compares. */
export interface PartBounds {
  /** No value is smaller, or larger; null where nobody knows. */
  readonly min: Key | null
  readonly max: Key | null
  /** All values but null as DuckDB prints them, where they are known. */
  readonly values: ReadonlySet<string> | null
}

/** @param type - of the column, in the words of DuckLake */
export function partBounds(
  { min, max, containsNan }: BoundTexts,
  values: ReadonlySet<string> | null,
  type: string,
): PartBounds {
  // NaN is larger than all other numbers and in no bound.
  const hasNan = type.startsWith('float') && containsNan !== false
  return {
    min: min === null ? null : boundKey(min, type),
    max: max === null || hasNan ? null : boundKey(max, type),
    values,
  }
}

/**
 * Tells whether rows of a part can meet a condition; true wherever that is not certain.
 *
 * @param type - of the column, in the words of DuckLake
 */
export function partTest(
  { values, low, high, isOpen = false }: PartFilter,
  type: string,
): (bounds: PartBounds) => boolean {
  const keyOf = (value: FilterValue | undefined): Key | null =>
    value === undefined ? null : valueKey(value, type)
  const [lowKey, highKey] = [keyOf(low), keyOf(high)]
  const wanted = values?.map((value) => ({ key: keyOf(value), text: printed(value, type) }))
  return (bounds) => {
    if (isAbove(lowKey, bounds, isOpen) || isBelow(highKey, bounds, isOpen)) return false
    if (wanted === undefined) return true
    return wanted.some(({ key, text }) => {
      const isThere = bounds.values === null || text === null || bounds.values.has(text)
      return isThere && !isAbove(key, bounds) && !isBelow(key, bounds)
    })
  }
}

/** @param isOpen - a value that is the largest of the part is above as well */
function isAbove(key: Key | null, { max }: PartBounds, isOpen = false): boolean {
  return key !== null && max !== null && compareKeys(key, max) > (isOpen ? -1 : 0)
}

function isBelow(key: Key | null, { min }: PartBounds, isOpen = false): boolean {
  return key !== null && min !== null && compareKeys(key, min) < (isOpen ? 1 : 0)
}

/** The values that a condition asks for, as DuckDB prints them in a column; null where that is not all it asks. */
export function printedValues({ values }: PartFilter, type: string): readonly string[] | null {
  const texts = values?.flatMap((value) => printed(value, type) ?? []) ?? []
  return values === undefined || texts.length < values.length ? null : texts
}

/** As DuckDB prints the value of a column that is equal; null where nobody knows of such columns. */
function printed(value: FilterValue, type: string): string | null {
  const key = valueKey(value, type)
  if (type === 'varchar') return key === null || value.kind === 'number' ? null : value.value
  return typeof key === 'bigint' ? String(key) : null
}

/** A bound as the catalog has it, in a form that compares; null where its text does not tell. */
function boundKey(text: string, type: string): Key | null {
  if (/^u?int\d+$/.test(type)) return /^-?\d+$/.test(text) ? BigInt(text) : null
  if (type === 'float64') return Number.isNaN(Number(text)) ? null : Number(text)
  if (type === 'varchar') return Buffer.from(text)
  return isTime(type) ? instantKey(text) : null
}

/** A constant as the column's values are compared; null where a cast of DuckDB's stands between that is not ours to do. */
export function valueKey(value: FilterValue, type: string): Key | null {
  if (value.kind === 'bound') return value.type === type ? boundKey(value.value, type) : null
  if (/^u?int\d+$/.test(type)) {
    return value.kind === 'number' && Number.isSafeInteger(value.value) ? BigInt(value.value) : null
  }
  if (type === 'float64') return value.kind === 'number' ? value.value : null
  if (type === 'varchar') return value.kind === 'text' ? Buffer.from(value.value) : null
  if (!isTime(type) || value.kind === 'number') return null
  const hasZone = /(?:Z|\+00(?::?00)?)$/.test(value.value)
  // Without an offset an instant depends on the zone of the session.
  if (hasZone !== (type === 'timestamptz')) return null
  const isDate = /^\d{4}-\d\d-\d\d$/.test(value.value)
  const isRounded = /\.\d{4,}/.test(value.value)
  if (value.kind === 'text') {
    // It is cast to the type of the column.
    const isExact = type === 'date' ? isDate : type !== 'timestamp_ms' || !isRounded
    return isExact ? fineKey(value.value) : null
  }
  if (value.type === 'DATE') return isDate ? instantKey(value.value) : null
  if (value.type === 'TIMESTAMP_NS') return instantKey(value.value)
  if (value.type === 'TIMESTAMP_MS') return isRounded ? null : instantKey(value.value)
  const isPlain = value.type === (hasZone ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP')
  return isPlain ? fineKey(value.value) : null
}

function isTime(type: string): boolean {
  return type === 'date' || type.startsWith('timestamp')
}

const ZONE = '(?:Z|\\+00(?::?00)?)?'

/** As DuckDB reads them: without seconds there is no zone. */
const INSTANT = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\d)(?:[ T](\\d\\d:\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?${ZONE})?)?$`,
)

/** Instants of years 0000–9999 in UTC, as texts that are in order. */
export function instantKey(text: string): string | null {
  const [, date, time = '00:00', seconds = '00', fraction = ''] = INSTANT.exec(text) ?? []
  return date === undefined ? null : `${date} ${time}:${seconds}.${fraction.padEnd(9, '0')}`
}

/** Of what is cast to microseconds: null where that would round. */
function fineKey(text: string): string | null {
  return /\.\d{7,}/.test(text) ? null : instantKey(text)
}

function compareKeys(a: Key, b: Key): number {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return Buffer.compare(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}
