import { isDeeplyNested } from '../../../flight/request.ts'
import { SternaError } from '../../errors.ts'

/** One expression, or a value inside of one, as DuckDB's serialiser writes it. */
export interface Node {
  readonly expression_class?: unknown
  /** Of an expression, which one of its class; of a value, its type. */
  readonly type?: unknown
  readonly name?: unknown
  readonly left?: unknown
  readonly right?: unknown
  readonly children?: unknown
  readonly child?: unknown
  readonly return_type?: unknown
  readonly try_cast?: unknown
  readonly input?: unknown
  readonly lower?: unknown
  readonly upper?: unknown
  readonly lower_inclusive?: unknown
  readonly upper_inclusive?: unknown
  readonly binding?: unknown
  readonly column_index?: unknown
  readonly value?: unknown
  readonly is_null?: unknown
  readonly id?: unknown
  readonly type_info?: unknown
  readonly width?: unknown
  readonly scale?: unknown
}

/** What DuckDB sends of a WHERE: expressions that all must hold, and what their columns are called. */
export interface FilterJson {
  readonly filters: readonly Node[]
  readonly names: readonly string[]
}

/** Texts, to pass them over; integers that a double cannot hold for sure; what JSON has no numbers for. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])|-?\b(?:Infinity|NaN|inf|nan)\b/g

/**
 * Reads the JSON of a pushed-down filter. Integers of 16 digits and more become texts of digits.
 *
 * @throws {@link SternaError} REQUEST_INVALID for what is not of that form
 */
export function parseFilterJson(json: string): FilterJson {
  const value = parse(json.replace(TOKENS, (token) => (token.startsWith('"') ? token : `"${token}"`)))
  const { filters = [], column_binding_names_by_index: names = [] } = rootOf(value)
  if (!Array.isArray(filters) || !filters.every(isNode)) {
    throw invalid('"filters" is no list of expressions')
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw invalid('"column_binding_names_by_index" is no list of names')
  }
  return { filters, names }
}

function rootOf(value: unknown): {
  readonly [Name in 'filters' | 'column_binding_names_by_index']?: unknown
} {
  if (isNode(value)) return value as object
  throw invalid('it is no object')
}

function parse(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('it is no JSON')
  }
  // Not an error: the client may ask what it likes, and applies its filter again.
  return isDeeplyNested(value) ? {} : value
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(reason: string): SternaError {
  return new SternaError('REQUEST_INVALID', `The filter cannot be read: ${reason}`)
}
