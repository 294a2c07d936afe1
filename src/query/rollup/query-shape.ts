import { SternaError } from '../../errors.ts'
import { shown } from '../gate/message.ts'
import { foldName, namesOf, type Node, nodeOf, nodesOf, Scope, stringOf, walk } from '../gate/tree.ts'

/** What the query of a rollup groups by, and what has to be changed in it. */
export interface QueryShape {
  /** Places in the select list. */
  readonly bucket: number
  readonly groups: readonly number[]
  /** The names before the column of `time_bucket`, if any, and the column. */
  readonly time: { readonly table: string | null; readonly column: string }
  /** The interval of `time_bucket`, as its node. */
  readonly width: Node
  /** `first(x)` and `last(x)` that name no order: they get that of time. */
  readonly unordered: readonly Node[]
}

/** Aggregates of which the first row, by time, is meant where they name no order. */
const BY_TIME = new Set(['first', 'last'])

/** Aggregates whose result depends on an order that the rows of a dataset do not have for them. */
const NEEDS_ORDER = new Set(
  'array_agg group_concat json_group_array json_group_object list listagg string_agg map'.split(' '),
)

/** Aggregates that take whichever value comes first, or a sample: two runs over the same rows differ. */
const UNCERTAIN = new Set('any_value arbitrary approx_quantile approx_top_k reservoir_quantile'.split(' '))

/**
 * Reads the tree of a rollup's query: one table, its plain columns and one `time_bucket` as groups, aggregates that
 * have one result whatever the order of the rows.
 *
 * @throws SQL_FORBIDDEN naming what else there is
 */
export function readShape(tree: Node): QueryShape {
  const query = nodeOf(tree, 'node')
  if (query?.['type'] !== 'SELECT_NODE') throw forbidden('is one SELECT')
  assertPlain(query)
  const items = nodesOf(query, 'select_list')
  const buckets = items.flatMap((item, index) => (isBucket(item) ? [index] : []))
  const [bucket, ...others] = buckets
  const call = bucket === undefined ? undefined : items[bucket]
  if (bucket === undefined || call === undefined || others.length > 0) {
    throw forbidden(`selects one time_bucket(INTERVAL, column), not ${buckets.length}`)
  }
  const groups = items.flatMap((item, index) => (item['class'] === 'COLUMN_REF' ? [index] : []))
  assertGroups(query, items, [bucket, ...groups])
  return { bucket, groups, ...readBucket(call), unordered: readAggregates(tree) }
}

function assertPlain(query: Node): void {
  const modifiers = nodesOf(query, 'modifiers').map(({ type }) => String(type).replace('_MODIFIER', ''))
  const [modifier] = modifiers
  if (modifier !== undefined) throw forbidden(`has no ${modifier}: its rows are ordered by bucket and groups`)
  const ctes = nodeOf(query, 'cte_map')
  if (ctes !== undefined && nodesOf(ctes, 'map').length > 0) throw forbidden('has no WITH')
  if (nodeOf(query, 'qualify') !== undefined) throw forbidden('has no QUALIFY')
  if (nodeOf(query, 'sample') !== undefined) throw forbidden('has no SAMPLE')
  const table = nodeOf(query, 'from_table')
  if (table?.['type'] !== 'BASE_TABLE') throw forbidden('reads one dataset, without joins')
  if (nodeOf(table, 'at_clause') !== undefined) throw forbidden('reads its dataset as it is, without AT')
  if (nodeOf(table, 'sample') !== undefined) throw forbidden('has no TABLESAMPLE')
  if (Array.isArray(table['column_name_alias']) && table['column_name_alias'].length > 0) {
    throw forbidden('gives the columns of its dataset no other names')
  }
}

function isBucket(item: Node): boolean {
  return item['class'] === 'FUNCTION' && stringOf(item, 'function_name') === 'time_bucket'
}

function readBucket(call: Node): Pick<QueryShape, 'time' | 'width'> {
  const [width, column, ...others] = nodesOf(call, 'children')
  const names = column?.['class'] === 'COLUMN_REF' ? namesOf(column) : []
  const [last, table = null, ...more] = [...names].reverse()
  if (width === undefined || last === undefined || others.length + more.length > 0) {
    throw forbidden('calls time_bucket(INTERVAL, column) with these two arguments')
  }
  return { width, time: { table, column: last } }
}

function assertGroups(query: Node, items: readonly Node[], wanted: readonly number[]): void {
  const sets = query['group_sets']
  const expressions = nodesOf(query, 'group_expressions')
  if (query['aggregate_handling'] === 'FORCE_AGGREGATES') return
  if (expressions.length === 0) throw forbidden('groups by its bucket: add GROUP BY ALL')
  const isOne = Array.isArray(sets) && sets.length === 1
  const grouped = new Set(expressions.map((expression) => placeOf(expression, items)))
  const isSame = grouped.size === wanted.length && wanted.every((place) => grouped.has(place))
  if (!isOne || !isSame) {
    throw forbidden('groups by its time_bucket and the plain columns that it selects, and nothing else')
  }
}

/** Which item of the select list a group means, by its number, its alias or its text; -1 for none. */
function placeOf(group: Node, items: readonly Node[]): number {
  const value = group['class'] === 'CONSTANT' ? nodeOf(group, 'value')?.['value'] : undefined
  if (typeof value === 'number') return value - 1
  const same = items.findIndex((item) => textOf(item) === textOf(group))
  const [name, ...others] = group['class'] === 'COLUMN_REF' ? namesOf(group) : []
  if (same !== -1 || name === undefined || others.length > 0) return same
  return items.findIndex((item) => foldName(stringOf(item, 'alias')) === foldName(name))
}

/** A tree without the places and labels of its nodes: equal for the same expression. */
function textOf(node: Node): string {
  return JSON.stringify(node, (key, value: unknown) =>
    key === 'query_location' || key === 'alias' ? undefined : value,
  )
}

function readAggregates(tree: Node): Node[] {
  const unordered: Node[] = []
  walk('statement', tree, new Scope(), (_family, member, node) => {
    if (member === 'SUBQUERY') throw forbidden('holds no other query')
    if (member === 'PARAMETER') throw forbidden('has no parameters')
    if (member === 'WINDOW') throw forbidden('has no window functions')
    if (member === 'STAR') throw forbidden('names its columns: it has no star')
    if (member !== 'FUNCTION') return true
    const name = stringOf(node, 'function_name')
    if (UNCERTAIN.has(name)) throw forbidden(`does not call ${shown(name)}(), which may differ each time`)
    const order = nodeOf(node, 'order_bys')
    const isOrdered = order !== undefined && nodesOf(order, 'orders').length > 0
    if (NEEDS_ORDER.has(name) && !isOrdered) {
      throw forbidden(`names the order of ${shown(name)}(): write ${shown(name)}(… ORDER BY …)`)
    }
    if (BY_TIME.has(name) && !isOrdered) {
      if (node['distinct'] === true) throw forbidden(`has no DISTINCT in ${shown(name)}()`)
      unordered.push(node)
    }
    return true
  })
  return unordered
}

/** @param what - how it has to be, after "The query of a rollup" */
export function forbidden(what: string): SternaError {
  return new SternaError('SQL_FORBIDDEN', `The query of a rollup ${what}`)
}
