import type { FilterValue, PartFilter } from '../../store/part-filter.ts'
import { foldName, isNode, namesOf, nodeOf, nodesOf, stringOf, type Node } from './tree.ts'

/** A parameter of the statement, which is called by its position, from 1. */
interface ParameterUse {
  readonly kind: 'parameter'
  readonly position: number
}

type Operand = FilterValue | ParameterUse

/** A {@link PartFilter} some of whose values are bound only when the statement runs. */
export interface Condition {
  readonly column: string
  readonly values?: readonly Operand[]
  readonly low?: Operand
  readonly high?: Operand
  /** The one bound is not included. */
  readonly isOpen?: boolean
}

/** What a WHERE says of the rows of its one table. */
export interface Conditions {
  /** Every wanted row meets all of them. */
  readonly conditions: readonly Condition[]
  /** It says no more. */
  readonly isAll: boolean
}

/** What a parameter is bound to, by its position; undefined where that is not known. */
export type BoundValues = (position: number) => FilterValue | undefined

/** The conditions with values in place of parameters, as far as these are known. */
export function filtersOf(conditions: readonly Condition[], bound: BoundValues): readonly PartFilter[] {
  const known = (operand: Operand | undefined): FilterValue | undefined =>
    operand?.kind === 'parameter' ? bound(operand.position) : operand
  return conditions.map(({ column, ...condition }) => {
    const values = condition.values?.flatMap((operand) => known(operand) ?? [])
    const [low, high] = [known(condition.low), known(condition.high)]
    const isComplete = values !== undefined && values.length === condition.values?.length
    const isOpen = condition.isOpen === true
    return { column, isOpen, ...(isComplete && { values }), ...(low && { low }), ...(high && { high }) }
  })
}

/** True where all values are known. */
export function isBound(conditions: readonly Condition[], bound: BoundValues): boolean {
  const isKnown = (operand: Operand | undefined): boolean =>
    operand?.kind !== 'parameter' || bound(operand.position) !== undefined
  return conditions.every(({ values = [], low, high }) => [...values, low, high].every(isKnown))
}

/** True where values that are bound decide what is read. */
export function hasParameter({ values = [], low, high }: Condition): boolean {
  return [...values, low, high].some((operand) => operand?.kind === 'parameter')
}

/**
 * What every row of the one table of a SELECT has to meet, as far as it can be told from its WHERE: comparisons of
 * plain columns with constants and parameters, joined by AND. Whatever else stands there only leaves fewer rows.
 */
export function conditionsOf(select: Node): Conditions {
  const table = nodeOf(select, 'from_table')
  const where = nodeOf(select, 'where_clause')
  // A sample is taken of all rows of the table, before the condition.
  if (table?.['type'] !== 'BASE_TABLE' || where === undefined || isNode(table['sample'])) {
    return { conditions: [], isAll: where === undefined }
  }
  const alias = stringOf(table, 'alias') || stringOf(table, 'table_name')
  const parts = conjuncts(where)
  const conditions = parts.flatMap((expression) => filterOf(expression, alias) ?? [])
  const isHalf = ({ type }: Node, index: number): boolean =>
    type === 'COMPARE_BETWEEN' && (!conditions[index]?.low || !conditions[index].high)
  return { conditions, isAll: conditions.length === parts.length && !parts.some(isHalf) }
}

function conjuncts(expression: Node): Node[] {
  if (expression['type'] !== 'CONJUNCTION_AND') return [expression]
  return nodesOf(expression, 'children').flatMap(conjuncts)
}

/** Comparisons that leave equal values out. */
const OPEN = ['COMPARE_GREATERTHAN', 'COMPARE_LESSTHAN']

/** By the type of a comparison: what it says of its left side, and the same of its right side. */
const SIDES: Readonly<Record<string, readonly ['values' | 'low' | 'high', 'values' | 'low' | 'high']>> = {
  COMPARE_EQUAL: ['values', 'values'],
  COMPARE_GREATERTHAN: ['low', 'high'],
  COMPARE_GREATERTHANOREQUALTO: ['low', 'high'],
  COMPARE_LESSTHAN: ['high', 'low'],
  COMPARE_LESSTHANOREQUALTO: ['high', 'low'],
}

function filterOf(expression: Node, alias: string): Condition | undefined {
  const type = stringOf(expression, 'type')
  const [left, right] = [nodeOf(expression, 'left'), nodeOf(expression, 'right')]
  const sides = Object.hasOwn(SIDES, type) ? SIDES[type] : undefined
  if (sides !== undefined && left !== undefined && right !== undefined) {
    const isOpen = OPEN.includes(type)
    return (
      comparison(columnOf(left, alias), sides[0], operandOf(right), isOpen) ??
      comparison(columnOf(right, alias), sides[1], operandOf(left), isOpen)
    )
  }
  if (type === 'COMPARE_BETWEEN') {
    const column = columnOf(nodeOf(expression, 'input'), alias)
    const low = operandOf(nodeOf(expression, 'lower'))
    const high = operandOf(nodeOf(expression, 'upper'))
    return column === undefined ? undefined : { column, ...(low && { low }), ...(high && { high }) }
  }
  if (type === 'COMPARE_IN') {
    const [input, ...items] = nodesOf(expression, 'children')
    const column = columnOf(input, alias)
    const values = items.flatMap((item) => operandOf(item) ?? [])
    if (column !== undefined && values.length === items.length) return { column, values }
  }
  return undefined
}

function comparison(
  column: string | undefined,
  side: 'values' | 'low' | 'high',
  value: Operand | undefined,
  isOpen: boolean,
): Condition | undefined {
  if (column === undefined || value === undefined) return undefined
  return side === 'values' ? { column, values: [value] } : { column, [side]: value, isOpen }
}

/** The name of a column, which a table may stand before. */
function columnOf(node: Node | undefined, alias: string): string | undefined {
  const names = node?.['class'] === 'COLUMN_REF' ? namesOf(node) : []
  if (names.length === 2 && foldName(names[0] ?? '') === foldName(alias)) return names[1]
  return names.length === 1 ? names[0] : undefined
}

function operandOf(node: Node | undefined): Operand | undefined {
  if (node?.['class'] !== 'PARAMETER') return valueOf(node)
  // Those with names are bound by names or by places: which, only the whole statement tells.
  const name = stringOf(node, 'identifier')
  return /^\d+$/.test(name) ? { kind: 'parameter', position: Number(name) } : undefined
}

function valueOf(node: Node | undefined): FilterValue | undefined {
  if (node === undefined) return undefined
  const child = nodeOf(node, 'child')
  if (node['class'] === 'CAST' && child !== undefined && node['try_cast'] !== true) {
    const text = valueOf(child)
    const type = stringOf(nodeOf(node, 'cast_type') ?? {}, 'id')
    return text?.kind === 'text' && /^(?:DATE|TIMESTAMP.*)$/.test(type)
      ? { kind: 'time', type, value: text.value }
      : undefined
  }
  const constant = node['class'] === 'CONSTANT' ? nodeOf(node, 'value') : undefined
  if (constant === undefined || constant['is_null'] === true) return undefined
  const type = nodeOf(constant, 'type')
  const { value } = constant
  if (type?.['id'] === 'VARCHAR' && typeof value === 'string') return { kind: 'text', value }
  if (typeof value !== 'number' || type === undefined) return undefined
  if (/^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE)$/.test(stringOf(type, 'id'))) {
    return { kind: 'number', value }
  }
  const scale = nodeOf(type, 'type_info')?.['scale']
  if (type['id'] !== 'DECIMAL' || typeof scale !== 'number' || !Number.isSafeInteger(value)) return undefined
  // One correctly rounded division, as a text of these digits would be read.
  return scale <= 22 ? { kind: 'number', value: value / 10 ** scale } : undefined
}
