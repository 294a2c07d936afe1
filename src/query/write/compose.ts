import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { arraySql } from '../dataset-query.ts'
import { quoteName } from '../duckdb.ts'
import { textOf, tokenize } from '../gate/lexer.ts'
import { shown } from '../gate/message.ts'
import { foldName } from '../gate/tree.ts'
import { storageOf } from '../storage-types.ts'
import { CHANGES, PARAMETERS, PART, TARGET } from './write-lake.ts'
import type { Assignment, MergeBranch, WriteStatement } from './write-statement.ts'

/**
 * The queries that carry out a statement. Each is a whole SELECT, which the gate checks with all that the client wrote
 * in it: whatever its expressions try, they can only read.
 */

/** Where a row of the target is: its part, by its place among them, and its place in that. -1: a new row. */
export const FILE = 'sterna_file'
export const ROW = 'sterna_row'
/** What becomes of a row: 1 other values, 2 nothing, 3 it is new. */
export const ACTION = 'sterna_action'
export const ACTIONS = { update: 1, delete: 2, insert: 3 } as const

/** The column of the changes with the new value of the target's column of that index. */
export function valueName(index: number): string {
  return `sterna_${index}`
}

/** A table that is written, as a query needs it. */
export interface Target {
  readonly name: string
  readonly schema: Schema
  /** Without rows there is no file to say where they are. */
  readonly hasParts: boolean
}

/** The index of a column, by its name as SQL compares names. @throws SternaError SQL_INVALID */
export function columnIndex({ name, schema }: Target, column: string): number {
  const exact = schema.fields.findIndex((field) => field.name === column)
  if (exact >= 0) return exact
  const index = schema.fields.findIndex((field) => foldName(field.name) === foldName(column))
  if (index >= 0) return index
  throw new SternaError('SQL_INVALID', `Table "${shown(name)}" has no column "${shown(column)}"`)
}

/** The type of each column, as SQL. */
export function columnTypes(schema: Schema): string[] {
  return storageOf(schema).map(arraySql)
}

/** Rows of a query as rows of a table. @param places - for each column of the table the query's that fills it */
export function insertQuery(
  { schema }: Target,
  query: string,
  queryColumns: number,
  places: readonly (number | null)[],
): string {
  const types = columnTypes(schema)
  const items = schema.fields.map((field, index) => {
    const name = quoteName(field.name)
    const value = (places[index] ?? null) === null ? 'NULL' : name
    return `CAST(${value} AS ${types[index]}) AS ${name}`
  })
  // Named after what they fill, so that an error names it.
  const names = Array.from({ length: queryColumns }, (_, place) =>
    quoteName(schema.fields[places.indexOf(place)]?.name ?? `sterna_${place}`),
  )
  return `SELECT ${items.join(', ')} FROM (${query}\n) AS sterna_rows(${names.join(', ')})`
}

/** The rows that an UPDATE changes, each with its new values. */
export function updateQuery(
  target: Target,
  { alias, set, from, where, table }: Extract<WriteStatement, { kind: 'update' }>,
): string {
  const values = [...assignedValues(target, set)].map(([index, value]) => `${value} AS ${valueName(index)}`)
  const query = [
    `SELECT ${FILE}, ${ROW}, ${ACTIONS.update} AS ${ACTION}, ${values.join(', ')}`,
    `FROM ${placedTarget(target, alias ?? table.name)}${from === null ? '' : `, ${from}`}`,
    where === null ? '' : `WHERE (${where}\n)`,
  ].join(' ')
  return from === null ? query : `SELECT DISTINCT ON (${FILE}, ${ROW}) * FROM (${query})`
}

/** The rows that a DELETE takes. */
export function deleteQuery(
  target: Target,
  { alias, using, where, table }: Extract<WriteStatement, { kind: 'delete' }>,
): string {
  return [
    `SELECT ${using === null ? '' : 'DISTINCT '}${FILE}, ${ROW}, ${ACTIONS.delete} AS ${ACTION}`,
    `FROM ${placedTarget(target, alias ?? table.name)}${using === null ? '' : `, ${using}`}`,
    where === null ? '' : `WHERE (${where}\n)`,
  ].join(' ')
}

/** What becomes of the rows that a MERGE finds, and those that it adds. */
export function mergeQuery(
  target: Target,
  statement: Extract<WriteStatement, { kind: 'merge' }>,
  sourceColumns: readonly string[],
): string {
  const { alias, source, sourceAlias, on, branches, table } = statement
  const has = (match: MergeBranch['match']): boolean => branches.some((branch) => branch.match === match)
  const join = has('target') ? 'FULL JOIN' : has('source') ? 'LEFT JOIN' : 'JOIN'
  const s = quoteName(sourceAlias)
  const t = quoteName(alias ?? table.name)
  const condition =
    typeof on === 'string'
      ? `(${on}\n)`
      : on.map((column) => `${s}.${quoteName(column)} = ${t}.${quoteName(column)}`).join(' AND ')
  const guards = {
    matched: `(${t}.${ROW} IS NOT NULL AND sterna_is_source IS NOT NULL)`,
    source: `${t}.${ROW} IS NULL`,
    target: 'sterna_is_source IS NULL',
  }
  const cases = branches.map(({ match, condition: also }, index) => {
    const guard = also === null ? guards[match] : `${guards[match]} AND (${also}\n)`
    return `WHEN ${guard} THEN ${index}`
  })
  const valuesOf = branches.map(({ action }) => branchValues(target, action, s, sourceColumns))
  const columns = target.schema.fields.map((_, column) => {
    const whens = valuesOf.flatMap((values, branch) => {
      const value = values.get(column)
      return value === undefined ? [] : [`WHEN ${branch} THEN ${value}`]
    })
    const type = columnTypes(target.schema)[column]
    const kept = `CAST(${t}.${quoteName(target.schema.fields[column]?.name ?? '')} AS ${type})`
    const value = whens.length === 0 ? kept : `CASE sterna_branch ${whens.join(' ')} ELSE ${kept} END`
    return `${value} AS ${valueName(column)}`
  })
  const kinds = branches.map(({ action }, index) => {
    return `WHEN ${index} THEN ${action.kind === 'nothing' ? 0 : ACTIONS[action.kind]}`
  })
  const query = [
    `SELECT CASE ${cases.join(' ')} ELSE -1 END AS sterna_branch,`,
    `coalesce(${t}.${FILE}, -1) AS ${FILE}, coalesce(${t}.${ROW}, -1) AS ${ROW},`,
    `CASE sterna_branch ${kinds.join(' ')} ELSE 0 END AS ${ACTION}, ${columns.join(', ')}`,
    `FROM (SELECT *, true AS sterna_is_source FROM ${source}) AS ${s}`,
    `${join} ${placedTarget(target, alias ?? table.name)} ON ${condition}`,
  ].join(' ')
  return `SELECT * EXCLUDE (sterna_branch) FROM (${query}) WHERE ${ACTION} > 0`
}

/** A part with its changes. @param file - its place among the parts of the target */
export function rewriteQuery(schema: Schema, file: number, changed: ReadonlySet<number>): string {
  const types = columnTypes(schema)
  const items = schema.fields.map(({ name }, index) => {
    const column = quoteName(name)
    const value = changed.has(index)
      ? `CASE WHEN d.${ROW} IS NULL THEN p.${column} ELSE d.${valueName(index)} END`
      : `p.${column}`
    return `CAST(${value} AS ${types[index]}) AS ${column}`
  })
  return [
    `SELECT ${items.join(', ')}`,
    `FROM (SELECT *, file_row_number AS ${ROW} FROM ${PART}) AS p`,
    `LEFT JOIN (SELECT * FROM ${CHANGES} WHERE ${FILE} = ${file}) AS d ON p.${ROW} = d.${ROW}`,
    `WHERE d.${ACTION} IS DISTINCT FROM ${ACTIONS.delete}`,
    `ORDER BY p.${ROW}`,
  ].join(' ')
}

/** The rows that a MERGE adds. */
export function addedQuery(schema: Schema): string {
  const types = columnTypes(schema)
  const items = schema.fields.map(
    ({ name }, index) => `CAST(${valueName(index)} AS ${types[index]}) AS ${quoteName(name)}`,
  )
  return `SELECT ${items.join(', ')} FROM ${CHANGES} WHERE ${ACTION} = ${ACTIONS.insert}`
}

/** Rows of the target that are changed more than once. */
export const TWICE_QUERY = `SELECT 1::BIGINT AS n FROM ${CHANGES} WHERE ${FILE} >= 0
  GROUP BY ${FILE}, ${ROW} HAVING count(*) > 1 LIMIT 1`

/** The target with the place of each of its rows, under the name that the statement has for it. */
function placedTarget({ hasParts }: Target, alias: string): string {
  const place = hasParts
    ? `CAST(file_index AS BIGINT) AS ${FILE}, CAST(file_row_number AS BIGINT) AS ${ROW}`
    : `0::BIGINT AS ${FILE}, 0::BIGINT AS ${ROW}`
  return `(SELECT *, ${place} FROM ${TARGET}) AS ${quoteName(alias)}`
}

/** The new value of each column that is assigned, by its index. @throws SternaError SQL_INVALID for one assigned twice */
function assignedValues(target: Target, set: readonly Assignment[]): Map<number, string> {
  const types = columnTypes(target.schema)
  const values = new Map<number, string>()
  for (const { column, expression } of set) {
    const index = columnIndex(target, column)
    if (values.has(index)) throw new SternaError('SQL_INVALID', `Column "${shown(column)}" is assigned twice`)
    values.set(index, `CAST((${expression ?? 'NULL'}\n) AS ${types[index]})`)
  }
  return values
}

function branchValues(
  target: Target,
  action: MergeBranch['action'],
  source: string,
  sourceColumns: readonly string[],
): Map<number, string> {
  const fromSource = (names: readonly string[]): Assignment[] =>
    names.map((name) => ({ column: name, expression: `${source}.${quoteName(name)}` }))
  switch (action.kind) {
    case 'update':
      return assignedValues(target, action.set === 'all' ? fromSource(sourceColumns) : action.set)
    case 'insert': {
      const { columns, values } = action
      const nulls = target.schema.fields.map(({ name }) => ({ column: name, expression: null }))
      if (values === 'all') {
        return new Map([
          ...assignedValues(target, nulls),
          ...assignedValues(target, fromSource(sourceColumns)),
        ])
      }
      const names = columns ?? target.schema.fields.map(({ name }) => name)
      if (names.length !== values.length) {
        throw new SternaError(
          'SQL_INVALID',
          `The INSERT of the MERGE names ${names.length} columns and gives ${values.length} values`,
        )
      }
      const set = names.map((column, index) => ({ column, expression: values[index] ?? null }))
      return new Map([...assignedValues(target, nulls), ...assignedValues(target, set)])
    }
    default:
      return new Map()
  }
}

/** `VALUES (…)` cut into its rows and their items; null for any other query. */
export function valuesOf(query: string): string[][] | null {
  const tokens = tokenize(query)
  const texts = tokens.map((token) => (token.kind === 'text' ? `'` : textOf(query, token)))
  if (texts[0]?.toUpperCase() !== 'VALUES') return null
  const rows: string[][] = []
  let depth = 0
  let start = 0
  for (const [index, text] of texts.entries()) {
    if (index === 0) continue
    const isOpening = text === '(' || text === '[' || text === '{'
    const isClosing = text === ')' || text === ']' || text === '}'
    // ORDER BY, LIMIT or UNION after the rows make another query of it.
    if (depth === 0 && text !== '(' && text !== ',') return null
    if (depth === 0 && isOpening) rows.push([])
    if (isOpening && ++depth === 1) start = index + 1
    if ((isClosing && --depth === 0) || (depth === 1 && text === ',')) {
      const [first, last] = [tokens[start], tokens[index - 1]]
      if (first === undefined || last === undefined || start > index - 1) return null
      rows.at(-1)?.push(query.slice(first.start, last.end))
      start = index + 1
    }
  }
  return rows
}

/** `VALUES` whose items are cast one by one, as to the types of their columns: parameters get their types so. */
export function typedValues(rows: readonly (readonly string[])[], types: readonly string[]): string {
  const texts = rows.map((row) => `(${row.map((item, index) => typedItem(item, types[index])).join(', ')})`)
  return `VALUES ${texts.join(', ')}`
}

function typedItem(item: string, type: string | undefined): string {
  const value = /^default$/i.test(item) ? 'NULL' : item
  return type === undefined ? `${value}\n` : `CAST((${value}\n) AS ${type})`
}

/** One row of values as a query of the rows bound to its parameters; null where that could mean something else. */
export function boundRows(row: readonly string[], types: readonly string[]): string | null {
  const items = row.map((item, index) => {
    const tokens = tokenize(item)
    if (tokens.some((token) => /^(select|from|over)$/i.test(textOf(item, token)))) return null
    let text = ''
    let at = 0
    for (const token of tokens) {
      const written = textOf(item, token)
      const place = /^\$(\d+)$/.exec(written)?.[1]
      if (token.kind !== 'mark' || !written.startsWith('$')) continue
      if (place === undefined) return null
      text += `${item.slice(at, token.start)}sterna_bound.${quoteName(parameterName(Number(place) - 1))}`
      at = token.end
    }
    const value = /^default$/i.test(item) ? 'NULL' : text + item.slice(at)
    return `CAST((${value}\n) AS ${types[index] ?? 'VARCHAR'})`
  })
  if (items.includes(null)) return null
  return `SELECT ${items.join(', ')} FROM ${PARAMETERS} AS sterna_bound`
}

/** What the column of a parameter is called, by its place from 0. */
export function parameterName(place: number): string {
  return `p${place + 1}`
}
