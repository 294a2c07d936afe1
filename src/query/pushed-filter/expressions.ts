import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import { LIMITS } from '../../limits.ts'
import { quoteName } from '../duckdb.ts'
import { isNode, type Node, parseFilterJson } from './json.ts'
import { type Family, INTEGERS, literal, type Typed } from './literals.ts'

/** Comparisons by the names that DuckDB gives its expressions. */
const COMPARISONS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['COMPARE_EQUAL', '='],
  ['COMPARE_NOTEQUAL', '<>'],
  ['COMPARE_LESSTHAN', '<'],
  ['COMPARE_GREATERTHAN', '>'],
  ['COMPARE_LESSTHANOREQUALTO', '<='],
  ['COMPARE_GREATERTHANOREQUALTO', '>='],
  ['COMPARE_DISTINCT_FROM', 'IS DISTINCT FROM'],
  ['COMPARE_NOT_DISTINCT_FROM', 'IS NOT DISTINCT FROM'],
])

const CONJUNCTIONS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['CONJUNCTION_AND', ' AND '],
  ['CONJUNCTION_OR', ' OR '],
])

/** Predicates of two texts, as operators or as calls. */
const TEXT_OPERATORS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['~~', 'LIKE'],
  ['!~~', 'NOT LIKE'],
])
const TEXT_FUNCTIONS = new Set<unknown>(['prefix', 'starts_with', 'suffix', 'ends_with', 'contains'])

/**
 * The SQL of a filter that DuckDB pushes down, over the stored columns of a dataset.
 *
 * The client applies its filter again, so that what is not understood for certain is left out: the rows may be too
 * many, never too few. Of its JSON nothing gets into the SQL but names of columns that there are, and literals.
 *
 * @param json - `{"filters": […], "column_binding_names_by_index": […]}`, as DuckDB 1.5 serialises bound expressions
 * @returns undefined where nothing of it can be used
 * @throws {@link SternaError} REQUEST_INVALID for what is no such JSON
 */
export function pushedFilter(json: string, schema: Schema): string | undefined {
  const { filters, names } = parseFilterJson(json)
  const columns = names.map((name) => schema.fields.find((field) => field.name === name))
  const understood = filters.map((filter) => condition(filter, columns)).filter((sql) => sql !== null)
  const sql = understood.join(' AND ')
  return sql === '' || sql.length > LIMITS.pushedFilterCharsMax ? undefined : sql
}

type Columns = readonly (Field | undefined)[]

/** A condition in brackets, or null. Only whole ones: half of a NOT would let too few rows through. */
function condition(node: Node, columns: Columns): string | null {
  switch (node.expression_class) {
    case 'BOUND_COMPARISON':
      return comparison(node, columns)
    case 'BOUND_CONJUNCTION':
      return conjunction(node, columns)
    case 'BOUND_OPERATOR':
      return operator(node, columns)
    case 'BOUND_BETWEEN':
      return between(node, columns)
    case 'BOUND_FUNCTION':
      return textPredicate(node, columns)
    default: {
      const value = operand(node, columns)
      return value?.family === 'boolean' ? `(${value.sql})` : null
    }
  }
}

function comparison(node: Node, columns: Columns): string | null {
  const sign = COMPARISONS.get(node.type)
  const pair = alike([node.left, node.right], columns)
  return sign === undefined || pair === null ? null : `(${pair.join(` ${sign} `)})`
}

function conjunction(node: Node, columns: Columns): string | null {
  const word = CONJUNCTIONS.get(node.type)
  const children = nodesOf(node.children).map((child) => condition(child, columns))
  if (word === undefined || children.length === 0 || children.includes(null)) return null
  return `(${children.join(word)})`
}

function operator(node: Node, columns: Columns): string | null {
  const children = nodesOf(node.children)
  const [first] = children
  if (first === undefined) return null
  switch (node.type) {
    case 'OPERATOR_NOT': {
      const inner = children.length === 1 ? condition(first, columns) : null
      return inner === null ? null : `(NOT ${inner})`
    }
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const value = children.length === 1 ? operand(first, columns) : null
      const word = node.type === 'OPERATOR_IS_NULL' ? 'IS NULL' : 'IS NOT NULL'
      return value === null ? null : `(${value.sql} ${word})`
    }
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN': {
      const [value, ...list] = alike(children, columns) ?? []
      const word = node.type === 'COMPARE_IN' ? 'IN' : 'NOT IN'
      return value === undefined || list.length === 0 ? null : `(${value} ${word} (${list.join(', ')}))`
    }
    default:
      return null
  }
}

function between(node: Node, columns: Columns): string | null {
  const parts = alike([node.input, node.lower, node.upper], columns)
  if (parts === null) return null
  const [input, lower, upper] = parts
  const [above, below] = [
    node.lower_inclusive === true ? '>=' : '>',
    node.upper_inclusive === true ? '<=' : '<',
  ]
  return `(${input} ${above} ${lower} AND ${input} ${below} ${upper})`
}

function textPredicate(node: Node, columns: Columns): string | null {
  const pair = alike(nodesOf(node.children), columns, 'text')
  if (pair?.length !== 2) return null
  const word = TEXT_OPERATORS.get(node.name)
  if (word !== undefined) return `(${pair.join(` ${word} `)})`
  return TEXT_FUNCTIONS.has(node.name) ? `${String(node.name)}(${pair.join(', ')})` : null
}

/** Operands of one family; numbers of different kinds are compared by one rule everywhere. */
function alike(values: readonly unknown[], columns: Columns, family?: Family): string[] | null {
  const operands = values.map((value) => (isNode(value) ? operand(value, columns) : null))
  const known = operands.filter((value) => value !== null)
  const wanted = family ?? known[0]?.family
  if (known.length < operands.length) return null
  return known.every((value) => value.family === wanted) ? known.map(({ sql }) => sql) : null
}

function operand(node: Node, columns: Columns): Typed | null {
  switch (node.expression_class) {
    case 'BOUND_COLUMN_REF':
      return column(node, columns)
    case 'BOUND_CONSTANT':
      return literal(node.value)
    case 'BOUND_CAST':
      return cast(node, columns)
    default:
      return null
  }
}

function column({ binding }: Node, columns: Columns): Typed | null {
  const index = isNode(binding) ? binding.column_index : undefined
  const field = typeof index === 'number' ? columns[index] : undefined
  const family = field === undefined ? null : familyOf(field)
  return field === undefined || family === null ? null : { sql: quoteName(field.name), family }
}

/** Of what is stored as the client sees it. */
function familyOf({ type }: Field): Family | null {
  switch (type.kind) {
    case 'bool':
      return 'boolean'
    case 'int':
      return 'integer'
    case 'decimal':
      return 'decimal'
    case 'float':
      return type.bitWidth === 16 ? null : 'float'
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
      return 'text'
    case 'date':
      return type.unit === 'day' ? 'time' : null
    case 'timestamp':
      // DuckDB's clients have microseconds where there is a zone, and nanoseconds are stored.
      return type.unit === 'ns' && type.timezone !== null ? null : 'time'
    default:
      return null
  }
}

/** Between integers a cast changes no value, and comparisons know all their widths. */
function cast({ child, return_type: type, try_cast: isTry }: Node, columns: Columns): Typed | null {
  const inner = isNode(child) ? operand(child, columns) : null
  const isInteger = isNode(type) && typeof type.id === 'string' && INTEGERS.has(type.id)
  return isInteger && isTry === false && inner?.family === 'integer' ? inner : null
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) && value.every(isNode) ? value : []
}
