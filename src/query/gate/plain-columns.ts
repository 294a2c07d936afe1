import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import { foldName, locationOf, type Node, nodeOf, nodesOf, stringOf } from './tree.ts'

/** The name of a column as it is, or all of them. */
export type StoredItem = { readonly name: string } | 'all'

/** What stands in a list of columns: null for anything else. */
type Item = StoredItem | null

/** The columns of a statement that reads one table. */
export interface PlainColumns {
  /** Byte offset of the table's name in the text. */
  readonly location: number
  readonly items: readonly Item[]
}

/**
 * Finds what a statement takes as it is from the one table that it reads. Filters, orders and groups change no value;
 * several sets of groups do, since they put NULL in place of what they do not group by.
 *
 * @param query - the outermost query of a statement
 * @returns null for a statement of another form
 */
export function plainColumns(query: Node | undefined): PlainColumns | null {
  if (query?.['type'] !== 'SELECT_NODE' || countOf(query['group_sets']) > 1) return null
  const table = nodeOf(query, 'from_table')
  if (table?.['type'] !== 'BASE_TABLE' || countOf(table['column_name_alias']) > 0) return null
  const location = locationOf(table)
  if (location === undefined) return null
  const names = [stringOf(table, 'alias'), stringOf(table, 'table_name')].map(foldName)
  return { location, items: nodesOf(query, 'select_list').map((node) => itemOf(node, names)) }
}

/**
 * The result with the columns NOT NULL that are so in the table they come from; DuckDB does not say it.
 *
 * @param source - the schema of that table
 */
export function withNotNull(schema: Schema, { items }: PlainColumns, source: Schema): Schema {
  const sources = items.flatMap((item): (Field | undefined)[] => {
    if (item === 'all') return [...source.fields]
    const name = item === null ? null : foldName(item.name)
    return [source.fields.find((field) => foldName(field.name) === name)]
  })
  // Something was counted in another way than DuckDB does: nothing is said then.
  if (sources.length !== schema.fields.length) return schema
  const fields = schema.fields.map((field, index) =>
    sources[index]?.nullable === false ? { ...field, nullable: false } : field,
  )
  return { ...schema, fields }
}

/** The result as it may be in a table of its own. */
export function allNullable(schema: Schema): Schema {
  return { ...schema, fields: schema.fields.map((field) => ({ ...field, nullable: true })) }
}

function itemOf(node: Node, tableNames: readonly string[]): Item {
  const names = node['column_names']
  if (node['type'] === 'COLUMN_REF' && Array.isArray(names)) {
    const [first, second, ...others] = names.map(String)
    if (first === undefined || others.length > 0) return null
    if (second === undefined) return { name: first }
    // Otherwise a member of a struct.
    return tableNames.includes(foldName(first)) ? { name: second } : null
  }
  const changes = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list']
  const isAll =
    node['type'] === 'STAR' &&
    node['columns'] === false &&
    nodeOf(node, 'expr') === undefined &&
    changes.every((name) => countOf(node[name]) === 0)
  return isAll ? 'all' : null
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}
