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

/** True for a scan that gives every row and every column as they are. */
export function isWhole(query: Node): boolean {
  const from = nodeOf(query, 'from_table')
  const [item, ...others] = nodesOf(query, 'select_list')
  const changes = ['relation_name', 'exclude_list', 'replace_list', 'qualified_exclude_list', 'rename_list']
  return (
    from?.['type'] === 'BASE_TABLE' &&
    nodeOf(query, 'where_clause') === undefined &&
    item?.['class'] === 'STAR' &&
    others.length === 0 &&
    item['columns'] !== true &&
    nodeOf(item, 'expr') === undefined &&
    changes.every((name) => isEmpty(item[name]))
  )
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}
