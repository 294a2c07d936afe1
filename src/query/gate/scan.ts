import { nodeOf, nodesOf, type Node } from './tree.ts'

/** True for a SELECT of one table without a clause that joins, sorts, groups, cuts or samples. */
export function isScan(query: Node): boolean {
  const from = nodeOf(query, 'from_table')
  return (
    query['type'] === 'SELECT_NODE' &&
    query['aggregate_handling'] === 'STANDARD_HANDLING' &&
    (from?.['type'] === 'BASE_TABLE' || from?.['type'] === 'TABLE_FUNCTION') &&
    [query, from].every((node) => nodeOf(node, 'sample') === undefined) &&
    ['having', 'qualify'].every((part) => nodeOf(query, part) === undefined) &&
    nodesOf(query, 'modifiers').length + nodesOf(query, 'group_expressions').length === 0
  )
}

/** True for a scan that gives every column as it is. */
export function isWhole(query: Node): boolean {
  const from = nodeOf(query, 'from_table')
  const [item, ...others] = nodesOf(query, 'select_list')
  const changes = ['relation_name', 'exclude_list', 'replace_list', 'qualified_exclude_list', 'rename_list']
  return (
    from?.['type'] === 'BASE_TABLE' &&
    item?.['class'] === 'STAR' &&
    others.length === 0 &&
    item['columns'] !== true &&
    nodeOf(item, 'expr') === undefined &&
    changes.every((name) => isEmpty(item[name]))
  )
}

/**
 * True for a SELECT of nothing, or of one table and nothing else, whose clauses only leave rows out or put them together.
 *
 * @param tableCount - names and calls in the statement that stand for rows of the lake
 */
export function isRowByRow(query: Node, tableCount: number): boolean {
  const from = nodeOf(query, 'from_table')
  const sets = query['group_sets']
  return (
    query['type'] === 'SELECT_NODE' &&
    (from?.['type'] === 'EMPTY' || (from?.['type'] === 'BASE_TABLE' && tableCount === 1)) &&
    (!Array.isArray(sets) || sets.length <= 1)
  )
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
