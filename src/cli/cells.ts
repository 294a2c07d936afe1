import { type Data, DataType, IntervalUnit, Precision, TimeUnit, UnionMode, Vector } from 'apache-arrow'

/** Digits after the second, by Arrow's unit. */
const FRACTION_DIGITS: Readonly<Record<TimeUnit, number>> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
}

const UNIT_NAMES: Readonly<Record<TimeUnit, string>> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'ms',
  [TimeUnit.MICROSECOND]: 'us',
  [TimeUnit.NANOSECOND]: 'ns',
}

/** Floats narrower than JavaScript's. */
const FLOAT_LAYOUTS: Readonly<Partial<Record<Precision, { exponentMin: number; mantissaBits: number }>>> = {
  [Precision.HALF]: { exponentMin: -14, mantissaBits: 10 },
  [Precision.SINGLE]: { exponentMin: -126, mantissaBits: 23 },
}

const SECONDS_PER_DAY = 86_400
const MS_PER_DAY = 86_400_000

/** The instants that a `Date` can hold lie this close to 1970, in seconds. */
const DATE_SECONDS_MAX = 8_640_000_000_000n

/** Elements of a list that are shown; a cell has no room for more. */
const ELEMENTS_MAX = 20

/**
 * One value as people read it: ISO 8601 times with all digits that the type holds, exact decimals, `null`.
 *
 * Reads the buffers rather than `Vector.get`, which rounds times to milliseconds.
 */
export function formatCell(data: Data, index: number): string {
  const { type } = data
  if (DataType.isUnion(type)) return formatUnion(data, type.mode, index)
  if (DataType.isNull(type) || !data.getValid(index)) return 'null'
  if (DataType.isDictionary(type)) return formatDictionary(data, index)
  if (DataType.isTimestamp(type)) return formatTimestamp(bigAt(data, index), type.unit, type.timezone)
  if (DataType.isDate(type)) return formatDate(bigAt(data, index), data.values instanceof Int32Array)
  if (DataType.isTime(type)) return formatTime(bigAt(data, index), FRACTION_DIGITS[type.unit])
  if (DataType.isDuration(type)) return `${bigAt(data, index)}${UNIT_NAMES[type.unit]}`
  if (DataType.isInterval(type)) return formatInterval(data, type.unit, index)
  if (DataType.isDecimal(type)) return formatDecimal(decimalAt(data, type.bitWidth, index), type.scale)
  if (DataType.isList(type) || DataType.isLargeList(type)) return formatList(data, ...offsetsAt(data, index))
  if (DataType.isFixedSizeList(type))
    return formatList(data, index * type.listSize, (index + 1) * type.listSize)
  if (DataType.isMap(type)) return formatMap(data, ...offsetsAt(data, index))
  if (DataType.isStruct(type)) return formatStruct(data, index)
  const value: unknown = new Vector([data]).get(index)
  if (DataType.isFloat(type)) return formatFloat(value as number, type.precision)
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : String(value)
}

/** The fewest digits that mean this value among those of its width: a 32-bit 0.1 is not 0.10000000149011612. */
function formatFloat(value: number, precision: Precision): string {
  if (Object.is(value, -0)) return '-0'
  const layout = FLOAT_LAYOUTS[precision]
  if (layout === undefined || value === 0 || !Number.isFinite(value)) return String(value)
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), layout.exponentMin)
  const tolerance = 2 ** (exponent - layout.mantissaBits - 1)
  for (let digits = 1; digits < 10; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.abs(candidate - value) < tolerance) return String(candidate)
  }
  return String(value)
}

function formatDictionary(data: Data, index: number): string {
  const { dictionary } = data
  const position = Number(bigAt(data, index))
  let start = 0
  for (const chunk of (dictionary?.data ?? []) as readonly Data[]) {
    if (position < start + chunk.length) return formatCell(chunk, position - start)
    start += chunk.length
  }
  return 'null'
}

function formatTimestamp(value: bigint, unit: TimeUnit, zone: string | null | undefined): string {
  const digits = FRACTION_DIGITS[unit]
  const [seconds, fraction] = divide(value, 10n ** BigInt(digits))
  if (seconds > DATE_SECONDS_MAX || seconds < -DATE_SECONDS_MAX) return `${value}${UNIT_NAMES[unit]}`
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, -'.000Z'.length)
  // With a zone the value is an instant, and shown in UTC; without one it is a reading of some clock.
  return text + formatFraction(fraction, digits) + (typeof zone === 'string' && zone !== '' ? 'Z' : '')
}

function formatDate(value: bigint, isDays: boolean): string {
  const ms = isDays ? Number(value) * MS_PER_DAY : Number(value)
  const date = new Date(ms)
  return Number.isNaN(date.getTime())
    ? `${value}${isDays ? 'd' : 'ms'}`
    : (date.toISOString().split('T')[0] ?? '')
}

function formatTime(value: bigint, digits: number): string {
  const [seconds, fraction] = divide(value, 10n ** BigInt(digits))
  const total = Number(seconds) % SECONDS_PER_DAY
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':') + formatFraction(fraction, digits)
}

function formatFraction(fraction: bigint, digits: number): string {
  return fraction === 0n ? '' : `.${String(fraction).padStart(digits, '0')}`
}

function formatInterval(data: Data, unit: IntervalUnit, index: number): string {
  const values = data.values as Int32Array
  const at = (position: number): number => values[position] ?? 0
  if (unit === IntervalUnit.YEAR_MONTH) return `${at(index)}mo`
  if (unit === IntervalUnit.DAY_TIME) return `${at(2 * index)}d ${at(2 * index + 1)}ms`
  const ns = BigInt.asUintN(32, BigInt(at(4 * index + 2))) | (BigInt(at(4 * index + 3)) << 32n)
  return `${at(4 * index)}mo ${at(4 * index + 1)}d ${ns}ns`
}

function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale))
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function formatList({ children }: Data, start: number, end: number): string {
  const [child] = children
  return `[${elements(start, end, (index) => (child === undefined ? '' : formatCell(child, index)))}]`
}

function formatMap({ children }: Data, start: number, end: number): string {
  const [key, value] = children[0]?.children ?? []
  if (key === undefined || value === undefined) return '{}'
  return `{${elements(start, end, (index) => `${formatCell(key, index)}: ${formatCell(value, index)}`)}}`
}

function formatStruct({ type, children }: Data, index: number): string {
  const names = (type.children as readonly { readonly name: string }[]).map(({ name }) => name)
  return `{${children.map((child, position) => `${names[position] ?? ''}: ${formatCell(child, index)}`).join(', ')}}`
}

function formatUnion(data: Data, mode: UnionMode, index: number): string {
  const { typeIds } = data.type as unknown as { readonly typeIds: ArrayLike<number> }
  const typeId = (data.typeIds as Int8Array)[index]
  const child = data.children[Array.from(typeIds).indexOf(typeId ?? -1)]
  if (child === undefined) return 'null'
  return formatCell(child, mode === UnionMode.Dense ? ((data.valueOffsets as Int32Array)[index] ?? 0) : index)
}

function elements(start: number, end: number, format: (index: number) => string): string {
  const shown = Array.from({ length: Math.min(end - start, ELEMENTS_MAX) }, (_, index) =>
    format(start + index),
  )
  return (end - start > ELEMENTS_MAX ? [...shown, '…'] : shown).join(', ')
}

function offsetsAt(data: Data, index: number): [number, number] {
  const offsets = data.valueOffsets as ArrayLike<number | bigint>
  return [Number(offsets[index] ?? 0), Number(offsets[index + 1] ?? 0)]
}

function bigAt(data: Data, index: number): bigint {
  return BigInt((data.values as ArrayLike<number | bigint>)[index] ?? 0)
}

/** Little-endian two's complement of 32 to 256 bits. */
function decimalAt(data: Data, bitWidth: number, index: number): bigint {
  const words = data.values as Uint32Array
  const count = bitWidth / 32
  let value = 0n
  for (let word = count - 1; word >= 0; word--)
    value = (value << 32n) | BigInt(words[index * count + word] ?? 0)
  return BigInt.asIntN(bitWidth, value)
}

/** Quotient towards minus infinity, and what is left: times before 1970 have a fraction too. */
function divide(value: bigint, divisor: bigint): [bigint, bigint] {
  const rest = ((value % divisor) + divisor) % divisor
  return [(value - rest) / divisor, rest]
}
