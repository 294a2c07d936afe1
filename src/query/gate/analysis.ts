import { SternaError } from '../../errors.ts'
import { readAtClause, type AtClause } from './at-clause.ts'
import { type Condition, type Conditions, conditionsOf } from './conditions.ts'
import {
  AGGREGATE_FUNCTIONS,
  ROWS_FUNCTIONS,
  SCALAR_FUNCTIONS,
  TABLE_FUNCTIONS,
  VOLATILE_FUNCTIONS,
} from './functions.ts'
import { shown } from './message.ts'
import { plainColumns, type PlainColumns, type StoredItem } from './plain-columns.ts'
import { isRowByRow, isScan, isWhole } from './scan.ts'
import { assertSizes } from './sizes.ts'
import {
  foldName,
  locationOf,
  namesOf,
  nodeOf,
  nodesOf,
  Scope,
  stringOf,
  walk,
  type Node,
  type Visitor,
} from './tree.ts'

/** The table function that reads the batches a client holds open on the server. */
export const FRAMES_FUNCTION = 'sterna_frames'
const FILE_FUNCTIONS: readonly string[] = ['read_parquet', 'parquet_scan']
const FILE_OPTIONS: readonly string[] = [
  'binary_as_string',
  'file_row_number',
  'filename',
  'hive_partitioning',
  'union_by_name',
]

/** A name where a table stands that is no common table expression. */
export interface TableUse {
  /** Byte offset of the name in the text. */
  readonly location: number
  readonly catalog: string
  readonly schema: string
  readonly name: string
  readonly hasAlias: boolean
  /** The version that is meant; the current one when absent. */
  readonly at?: AtClause
  /** What the rows have to meet that the statement wants of it; and that they have to meet nothing else in its WHERE. */
  readonly conditions: readonly Condition[]
  readonly isAllSaid: boolean
}

/** A call of a function that reads Parquet or frames. */
export interface CallUse {
  /** Byte offset of the function's name in the text. */
  readonly location: number
  readonly functionName: string
  readonly inputs: readonly string[]
  readonly options: Readonly<Record<string, boolean | string>>
  readonly hasAlias: boolean
}

/** A column with the schema of its table in front: `schema.table.column`. */
export interface ColumnUse {
  /** Byte offset of the schema's name in the text. */
  readonly location: number
  readonly schema: string
  readonly table: string
}

/** A list of the lake's tables. */
export interface ListUse {
  /** Null for all schemas. */
  readonly schema: string | null
  /** With more than the name of each table. */
  readonly isFull: boolean
}

/** What a statement refers to, and what may be done with its result. */
export interface Analysis {
  readonly isDescription: boolean
  readonly isOrdered: boolean
  /** One query of one table that filters rows and computes from each by itself. */
  readonly isScan: boolean
  /** One that gives columns of its table as they are, of the rows that its conditions want; null for any other. */
  readonly stored: readonly StoredItem[] | null
  /** One that gives at most as many rows as its one table has, or one row where there are none. */
  readonly isRowByRow: boolean
  readonly isVolatile: boolean
  readonly tables: readonly TableUse[]
  readonly calls: readonly CallUse[]
  readonly columns: readonly ColumnUse[]
  readonly lists: readonly ListUse[]
  /** What it takes as it is from the one table it reads. */
  readonly plain: PlainColumns | null
}

/** Keywords that are functions where no column has their name. */
const CLOCK_WORDS = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
])

/**
 * Finds everything that one statement refers to.
 *
 * @throws {@link SternaError} SQL_FORBIDDEN for a function, a form or an argument that is not allowed;
 * LIMIT_EXCEEDED for a constant size that is too large.
 */
export function analyseStatement(statement: Node): Analysis {
  const tables = new Map<number, TableUse>()
  const calls = new Map<number, CallUse>()
  const columns = new Map<number, ColumnUse>()
  const lists: ListUse[] = []
  const volatile = new Set<Node>()
  const query = nodeOf(statement, 'node')

  const tableCalls = new Set<Node>()
  let queryCount = 0
  let isManyToOne = false
  let rowsFunctionCount = 0
  const conditions = new Map<Node, Conditions>()

  const visit: Visitor = (family, member, node, scope) => {
    if (family === 'query') queryCount++
    if (member === 'WINDOW' || (member === 'FUNCTION' && isAggregate(node))) isManyToOne = true
    if (isVolatile(node, member)) volatile.add(node)
    const from = member === 'SELECT_NODE' ? nodeOf(node, 'from_table') : undefined
    if (from !== undefined) conditions.set(from, conditionsOf(node))
    if (family === 'table') return visitTable(member, node, scope)
    if (family !== 'expression') return true
    const column = member === 'COLUMN_REF' ? columnUse(node) : undefined
    if (column !== undefined) columns.set(column.location, column)
    const isCall = member === 'FUNCTION' || member === 'WINDOW'
    if (isCall && !tableCalls.has(node)) assertFunction(node)
    if (isCall && ROWS_FUNCTIONS.has(stringOf(node, 'function_name'))) rowsFunctionCount++
    return true
  }

  const visitTable = (member: string, node: Node, scope: Scope): boolean => {
    if (member === 'BASE_TABLE') {
      const use = tableUse(node, scope, conditions.get(node) ?? NO_CONDITIONS)
      if (use !== undefined) tables.set(use.location, use)
    } else if (member === 'TABLE_FUNCTION') {
      const call = assertTableFunction(node)
      tableCalls.add(call)
      const use = callUse(node, call)
      if (use !== undefined) calls.set(use.location, use)
      // A call that reads files is written anew: nothing in it counts but what was just read.
      return use === undefined
    } else if (member === 'SHOW_REF') {
      const list = listUse(node)
      if (list !== undefined) lists.push(list)
    } else if (member === 'PIVOT') assertNoEnum(node)
    return true
  }

  walk('statement', statement, new Scope(), visit)
  const isOneScan =
    query !== undefined &&
    isScan(query) &&
    queryCount === 1 &&
    tables.size + calls.size === 1 &&
    volatile.size === 0 &&
    !isManyToOne
  return {
    isDescription: query !== undefined && nodeOf(query, 'from_table')?.['type'] === 'SHOW_REF',
    isOrdered:
      query !== undefined && nodesOf(query, 'modifiers').some(({ type }) => type === 'ORDER_MODIFIER'),
    isScan: isOneScan,
    stored: isOneScan && [...tables.values()].every(({ isAllSaid }) => isAllSaid) ? storedItems(query) : null,
    isRowByRow:
      query !== undefined &&
      queryCount === 1 &&
      rowsFunctionCount === 0 &&
      isRowByRow(query, tables.size + calls.size),
    isVolatile: volatile.size + lists.length > 0,
    tables: [...tables.values()],
    calls: [...calls.values()],
    columns: [...columns.values()],
    lists,
    plain: plainColumns(query),
  }
}

/** What a scan gives as it is, if that is all it gives. */
function storedItems(query: Node): readonly StoredItem[] | null {
  if (isWhole(query)) return ['all']
  const items = plainColumns(query)?.items ?? [null]
  const stored = items.filter((item) => item !== null)
  return stored.length === items.length ? stored : null
}

/**
 * Checks that a tree, that of `SELECT …`, holds one expression for a WHERE clause and nothing else.
 *
 * @throws {@link SternaError} SQL_FORBIDDEN for anything else, for a subquery and for a parameter.
 */
export function assertExpression(statement: Node): void {
  const query = nodeOf(statement, 'node')
  const expressions = query === undefined ? [] : nodesOf(query, 'select_list')
  const parts = ['where_clause', 'having', 'qualify', 'sample']
  const isAlone =
    query !== undefined &&
    query['type'] === 'SELECT_NODE' &&
    expressions.length === 1 &&
    expressions.every((expression) => stringOf(expression, 'alias') === '') &&
    nodeOf(query, 'from_table')?.['type'] === 'EMPTY' &&
    nodesOf(query, 'modifiers').length + nodesOf(query, 'group_expressions').length === 0 &&
    parts.every((part) => nodeOf(query, part) === undefined)
  if (!isAlone) throw forbidden('A filter is one expression, as it stands after WHERE')
  walk('statement', statement, new Scope(), (_family, member, node) => {
    if (member === 'SUBQUERY') throw forbidden('A filter cannot hold a query')
    if (member === 'PARAMETER') throw forbidden('A filter cannot hold a parameter')
    if (member === 'WINDOW') throw forbidden('A filter cannot hold a window function')
    if (member === 'STAR' && node['columns'] !== true) throw forbidden('A filter cannot hold a star')
    if (member === 'FUNCTION') assertFunction(node)
    return true
  })
}

/** Of a table that stands in a join, say: nothing is known of its WHERE. */
const NO_CONDITIONS: Conditions = { conditions: [], isAll: false }

function tableUse(node: Node, scope: Scope, { conditions, isAll }: Conditions): TableUse | undefined {
  const catalog = stringOf(node, 'catalog_name')
  const schema = stringOf(node, 'schema_name')
  const name = stringOf(node, 'table_name')
  const at = readAtClause(node, name)
  if (catalog === '' && scope.has(schema, name)) {
    if (at !== undefined)
      throw forbidden(`AT of "${shown(name)}", which is no table of the lake, is not allowed`)
    return undefined
  }
  const location = locationOf(node)
  if (location === undefined) throw forbidden(`Table "${shown(name)}" stands where it cannot be read`)
  const hasAlias = stringOf(node, 'alias') !== ''
  return {
    location,
    catalog,
    schema,
    name,
    hasAlias,
    conditions,
    isAllSaid: isAll,
    ...(at !== undefined && { at }),
  }
}

function columnUse(node: Node): ColumnUse | undefined {
  const location = locationOf(node)
  const [schema, table, column] = namesOf(node)
  if (location === undefined || schema === undefined || table === undefined || column === undefined)
    return undefined
  return { location, schema, table }
}

/** A function is allowed by its name alone, in whatever schema it is said to be. */
function assertFunction(node: Node): void {
  const name = stringOf(node, 'function_name')
  if (!SCALAR_FUNCTIONS.has(name)) throw forbidden(`Function ${shown(name)}() is not allowed`)
  if (node['export_state'] === true) throw forbidden('EXPORT_STATE is not allowed')
  assertSizes(name, nodesOf(node, 'children'))
}

function assertTableFunction(node: Node): Node {
  const call = nodeOf(node, 'function')
  if (call?.['class'] !== 'FUNCTION') throw forbidden('Only a function can stand where a table does')
  const name = stringOf(call, 'function_name')
  if (name !== FRAMES_FUNCTION && !TABLE_FUNCTIONS.has(name)) {
    const isCatalog = /^(duckdb|pragma|pg)_|^query/.test(name)
    const hint = isCatalog ? '; SHOW TABLES and DESCRIBE tell what there is' : ''
    throw forbidden(`Table function ${shown(name)}() is not allowed${hint}`)
  }
  return call
}

function callUse(node: Node, call: Node): CallUse | undefined {
  const functionName = stringOf(call, 'function_name')
  if (functionName !== FRAMES_FUNCTION && !FILE_FUNCTIONS.includes(functionName)) return undefined
  const location = locationOf(node)
  if (location === undefined) throw forbidden(`${functionName}() stands where it cannot be read`)
  const hasAlias = stringOf(node, 'alias') !== ''
  return { location, functionName, hasAlias, ...readArguments(functionName, nodesOf(call, 'children')) }
}

function readArguments(functionName: string, nodes: readonly Node[]): Pick<CallUse, 'inputs' | 'options'> {
  const options: Record<string, boolean | string> = {}
  let inputs: readonly string[] | undefined
  for (const node of nodes) {
    const named = namedArgument(node)
    if (named === undefined) {
      if (inputs !== undefined) throw forbidden(`${functionName}() takes one name or one list of names`)
      inputs = literalTexts(functionName, node)
    } else {
      const name = foldName(named.name)
      const value = literalOption(named.value)
      if (!FILE_OPTIONS.includes(name))
        throw forbidden(`Option ${shown(named.name)} of ${functionName}() is not allowed`)
      if (value === undefined || (typeof value === 'string' && name !== 'filename')) {
        throw forbidden(`Option ${name} of ${functionName}() must be a literal: true or false`)
      }
      options[name] = value
    }
  }
  if (inputs === undefined || inputs.length === 0) throw forbidden(`${functionName}() needs a name`)
  return { inputs, options }
}

/** `name = value` or `name := value`, as DuckDB tells them from other arguments. */
function namedArgument(node: Node): { name: string; value: Node } | undefined {
  const left = nodeOf(node, 'left')
  const right = nodeOf(node, 'right')
  if (node['type'] === 'COMPARE_EQUAL' && left?.['class'] === 'COLUMN_REF' && right !== undefined) {
    const [name, ...others] = namesOf(left)
    if (name !== undefined && others.length === 0) return { name, value: right }
  }
  const alias = stringOf(node, 'alias')
  return alias === '' ? undefined : { name: alias, value: node }
}

function literalTexts(functionName: string, node: Node): readonly string[] {
  const isList =
    (node['class'] === 'FUNCTION' && node['function_name'] === 'list_value') ||
    node['type'] === 'ARRAY_CONSTRUCTOR'
  const texts = (isList ? nodesOf(node, 'children') : [node]).map(literalOf)
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (!texts.every(isText)) throw forbidden(`${functionName}() takes names as text literals only`)
  return texts
}

function literalOption(node: Node): boolean | string | undefined {
  const child = nodeOf(node, 'child')
  // TRUE and FALSE arrive as casts of 't' and 'f'.
  if (node['class'] === 'CAST' && child !== undefined && nodeOf(node, 'cast_type')?.['id'] === 'BOOLEAN') {
    const text = literalOf(child)
    return text === 't' || text === 'f' ? text === 't' : undefined
  }
  const value = literalOf(node)
  if (value === 0 || value === 1) return value === 1
  return typeof value === 'string' ? value : undefined
}

function literalOf(node: Node): unknown {
  const value = node['class'] === 'CONSTANT' ? nodeOf(node, 'value') : undefined
  return value === undefined || value['is_null'] === true ? undefined : value['value']
}

function listUse(node: Node): ListUse | undefined {
  if (nodeOf(node, 'query') !== undefined) return undefined
  const name = stringOf(node, 'table_name')
  if (stringOf(node, 'show_type') === 'SHOW_FROM' && stringOf(node, 'catalog_name') === '') {
    return { schema: stringOf(node, 'schema_name'), isFull: false }
  }
  if (name === '"tables"') return { schema: null, isFull: false }
  if (name === '__show_tables_expanded') return { schema: null, isFull: true }
  const what = name === '' ? 'TABLES FROM a catalog' : name.replaceAll('"', '').toUpperCase()
  throw forbidden(`SHOW ${shown(what)} is not allowed; there is SHOW TABLES`)
}

function assertNoEnum(node: Node): void {
  const isEnum = nodesOf(node, 'pivots').some((pivot) => stringOf(pivot, 'pivot_enum') !== '')
  if (isEnum) throw forbidden('PIVOT over an ENUM type is not allowed; list the values: ON column IN (…)')
}

function isVolatile(node: Node, member: string): boolean {
  const sample = nodeOf(node, 'sample')
  if (sample !== undefined && isRandom(sample)) return true
  if (member === 'FUNCTION') return VOLATILE_FUNCTIONS.has(stringOf(node, 'function_name'))
  return member === 'COLUMN_REF' && isClockWord(node)
}

function isAggregate(call: Node): boolean {
  return AGGREGATE_FUNCTIONS.has(stringOf(call, 'function_name'))
}

function isClockWord(node: Node): boolean {
  const [name, ...others] = namesOf(node)
  return name !== undefined && others.length === 0 && CLOCK_WORDS.has(foldName(name))
}

/** A sample without REPEATABLE, whose seed is then -1, is another one each time. */
function isRandom(sample: Node): boolean {
  const seed = sample['seed']
  return typeof seed !== 'number' || seed < 0 || !Number.isSafeInteger(seed)
}

function forbidden(message: string): SternaError {
  return new SternaError('SQL_FORBIDDEN', message)
}
