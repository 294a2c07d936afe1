import type { Field, Schema } from '../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../flight/request.ts'
import { SternaError } from '../errors.ts'
import type { PastMoment } from '../store/parts.ts'
import { quoteName, quoteText } from './duckdb.ts'
import { storageOf, type Storage } from './storage-types.ts'
import { isTimeField, timeLiteral } from './time-literal.ts'

/** What a range ticket asks of one dataset. */
export interface DatasetRange {
  /** In this order; all when absent. */
  readonly columns?: readonly string[] | undefined
  /** A SQL condition, checked by the gate before it comes here. */
  readonly where?: string | undefined
  /**
   * Of the first timestamp or date column: the first instant that is in the range, and the first that no longer
   * is. ISO 8601 text, in UTC where it names no offset, or an integer in the unit of the column.
   */
  readonly start?: string | number | undefined
  readonly end?: string | number | undefined
  /** Rows at most, in the order in which the dataset has them. */
  readonly limit?: number | undefined
  /**
   * Adds a last column {@link ROW_ID}: the places of rows in the dataset, counted from this number. `where` cannot
   * name it.
   */
  readonly rowIdsFrom?: bigint | undefined
  /** A state of the past; now when absent. */
  readonly moment?: PastMoment | undefined
}

/** A place of a row in its dataset. */
export const ROW_ID: Field = {
  name: 'rowid',
  nullable: true,
  type: { kind: 'int', bitWidth: 64, signed: true },
  dictionary: null,
  children: [],
  metadata: new Map(),
}

/**
 * The SQL of a range, with the schema that its rows are to have: the dataset's own fields.
 *
 * @param order - columns to sort by; none: rows come in the order of the dataset
 *
 * @throws {@link SternaError} REQUEST_INVALID for an unknown column, a range of a dataset without time, a text
 * that is no time, or a limit that is no count
 */
export function datasetQuery(
  ref: DatasetRef,
  schema: Schema,
  range: DatasetRange,
  order: readonly string[] = [],
): { readonly sql: string; readonly schema: Schema } {
  const named = range.columns?.map((name) => fieldNamed(schema, name)) ?? schema.fields
  const fields = range.rowIdsFrom === undefined ? named : [...named, ROW_ID]
  if (fields.length === 0 && schema.fields.length > 0)
    throw new SternaError('REQUEST_INVALID', 'The request names no columns')
  const target = { ...schema, fields }
  const conditions = range.where === undefined ? [] : [`(${range.where})`]
  conditions.push(...timeConditions(schema, range))
  const clauses = [`SELECT ${storageOf(target).map(selectItem).join(', ')}`, `FROM ${source(ref, range)}`]
  if (conditions.length > 0) clauses.push(`WHERE ${conditions.join(' AND ')}`)
  if (order.length > 0) clauses.push(`ORDER BY ${order.map(quoteName).join(', ')}`)
  if (range.limit !== undefined) clauses.push(`LIMIT ${rowLimit(range.limit)}`)
  return { sql: clauses.join(' '), schema: target }
}

/** Rows are numbered before any is left out. */
function source(ref: DatasetRef, { rowIdsFrom, moment }: DatasetRange): string {
  const table = `${quoteName(ref.schema)}.${quoteName(ref.key)}${atClause(moment)}`
  if (rowIdsFrom === undefined) return table
  const rowId = `row_number() OVER () + CAST('${rowIdsFrom - 1n}' AS BIGINT) AS ${quoteName(ROW_ID.name)}`
  return `(SELECT *, ${rowId} FROM ${table})`
}

function atClause(moment: PastMoment | undefined): string {
  if (moment === undefined) return ''
  if ('version' in moment) return ` AT (VERSION => ${moment.version})`
  return ` AT (TIMESTAMP => ${quoteText(moment.timestamp)})`
}

/** The query for all of a dataset or view. */
export function wholeTable({ schema, key }: DatasetRef): string {
  return `SELECT * FROM ${quoteName(schema)}.${quoteName(key)}`
}

function fieldNamed(schema: Schema, name: string): Field {
  const field = schema.fields.find((candidate) => candidate.name === name)
  if (field === undefined) throw new SternaError('REQUEST_INVALID', `The dataset has no column '${name}'`)
  return field
}

function timeConditions(schema: Schema, { start, end }: DatasetRange): string[] {
  if (start === undefined && end === undefined) return []
  const field = schema.fields.find(isTimeField)
  if (field === undefined) {
    throw new SternaError(
      'REQUEST_INVALID',
      'The dataset has no timestamp or date column to which start and end could apply',
    )
  }
  const name = quoteName(field.name)
  const conditions = []
  if (start !== undefined) conditions.push(`${name} >= ${timeLiteral(field, 'start', start)}`)
  if (end !== undefined) conditions.push(`${name} < ${timeLiteral(field, 'end', end)}`)
  return conditions
}

function rowLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw new SternaError('REQUEST_INVALID', `The limit ${limit} is no number of rows`)
}

/**
 * Parquet has fewer types than DuckDB: the cast gives what was stored, and nothing to do where it is the same.
 * A fixed-size list, which is stored as a list, becomes an array.
 */
function selectItem(storage: Storage): string {
  const name = quoteName(storage.field.name)
  return `CAST(${name} AS ${arraySql(storage)}) AS ${name}`
}

/** DuckDB's type for the values of a column, where a fixed-size list is an array. */
export function arraySql(storage: Storage): string {
  const { layout, children } = storage
  switch (layout.kind) {
    case 'fixedList':
      return `${children.map(arraySql).join()}[${layout.listSize}]`
    case 'list':
      return `${children.map(arraySql).join()}[]`
    case 'struct':
      return `STRUCT(${children.map((child) => `${quoteName(child.field.name)} ${arraySql(child)}`).join(', ')})`
    case 'map':
      return `MAP(${children.flatMap((entries) => entries.children.map(arraySql)).join(', ')})`
    default:
      return storage.sql
  }
}
