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
