import type { ArrowType, Field } from '../../../flight/ipc/schema.ts'
import { timeLiteral } from '../time-literal.ts'
import { isNode, type Node } from './json.ts'

/** Types that are compared with each other as the client compares them. */
export type Family = 'boolean' | 'integer' | 'decimal' | 'float' | 'text' | 'time'

/** SQL of which the family is known. */
export interface Typed {
  readonly sql: string
  readonly family: Family
}

/** DuckDB's names of integer types. */
export const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
])

const TIMES: ReadonlyMap<unknown, ArrowType> = new Map<unknown, ArrowType>([
  ['DATE', { kind: 'date', unit: 'day' }],
  ['TIMESTAMP', { kind: 'timestamp', unit: 'us', timezone: null }],
  ['TIMESTAMP_S', { kind: 'timestamp', unit: 's', timezone: null }],
  ['TIMESTAMP_MS', { kind: 'timestamp', unit: 'ms', timezone: null }],
  ['TIMESTAMP_NS', { kind: 'timestamp', unit: 'ns', timezone: null }],
  ['TIMESTAMP WITH TIME ZONE', { kind: 'timestamp', unit: 'us', timezone: 'UTC' }],
])

/**
 * A constant as SQL: a value in DuckDB's own representation, such as the microseconds of a timestamp, with its type.
 *
 * @returns null for what has no literal here that surely means the same
 */
export function literal(value: unknown): Typed | null {
  if (!isNode(value) || value.is_null !== false || !isNode(value.type)) return null
  const { id } = value.type
  const content = value.value
  if (id === 'BOOLEAN') {
    return typeof content === 'boolean' ? { sql: content ? 'TRUE' : 'FALSE', family: 'boolean' } : null
  }
  if (id === 'VARCHAR') return textLiteral(value.type, content)
  if (id === 'FLOAT' || id === 'DOUBLE') {
    const isNumber = typeof content === 'number' && Number.isFinite(content)
    return isNumber ? { sql: `CAST('${content}' AS ${id})`, family: 'float' } : null
  }
  const digits = integerDigits(content)
  if (digits === null) return null
  if (typeof id === 'string' && INTEGERS.has(id)) {
    return { sql: `CAST('${digits}' AS ${id})`, family: 'integer' }
  }
  if (id === 'DECIMAL') return decimalLiteral(value.type, digits)
  return momentLiteral(TIMES.get(id), digits)
}

/** Texts of a collation are compared as only the client knows. */
function textLiteral(type: Node, content: unknown): Typed | null {
  // DuckDB takes no NUL in a statement, and half of a surrogate pair is no text.
  const isText = typeof content === 'string' && !content.includes('\0') && content.isWellFormed()
  if (!isText || (type.type_info ?? null) !== null) return null
  return { sql: `'${content.replaceAll("'", "''")}'`, family: 'text' }
}

function integerDigits(content: unknown): string | null {
  if (typeof content === 'number' && Number.isSafeInteger(content)) return String(content)
  return typeof content === 'string' && /^-?\d{1,39}$/.test(content) ? content : null
}

/** The value is that of all digits, without the point. */
function decimalLiteral({ type_info: info }: Node, digits: string): Typed | null {
  if (!isNode(info)) return null
  const { width, scale } = info
  if (!isCount(width) || !isCount(scale) || width < 1 || width > 38 || scale > width) return null
  const sign = digits.startsWith('-') ? '-' : ''
  const padded = digits.slice(sign.length).padStart(scale + 1, '0')
  const point = padded.length - scale
  const text = `${sign}${padded.slice(0, point)}.${padded.slice(point)}`
  return { sql: `CAST('${text}' AS DECIMAL(${width}, ${scale}))`, family: 'decimal' }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function momentLiteral(type: ArrowType | undefined, digits: string): Typed | null {
  if (type === undefined || digits.length > 20) return null
  const field: Field = {
    name: 'filter',
    nullable: true,
    type,
    dictionary: null,
    children: [],
    metadata: new Map(),
  }
  try {
    return { sql: timeLiteral(field, 'filter', digits), family: 'time' }
  } catch {
    // Infinity, or a time outside of the years that a literal can say.
    return null
  }
}
