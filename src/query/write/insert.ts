import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../../flight/request.ts'
import { SternaError } from '../../errors.ts'
import type { Lake } from '../../store/parts.ts'
import { shown } from '../gate/message.ts'
import type { ParameterRow } from '../parameters.ts'
import type { QueryResult } from '../query.ts'
import type { Frame } from '../../../flight/frame.ts'
import { rowsOf, writeResult } from './apply-changes.ts'
import * as compose from './compose.ts'
import type { Of, Run } from './run.ts'
import { framesTable, WriteLake } from './write-lake.ts'

/** Rows bound to the parameters of a statement. */
export interface BoundRows {
  readonly schema: Schema
  readonly frames: readonly Frame[]
  /** Each as the parameters of one run. @throws SternaError TYPE_UNSUPPORTED, IPC_MALFORMED */
  readonly rows: () => Promise<readonly ParameterRow[]>
}

/** `INSERT`: the rows come after all others. @returns how many */
export async function insert(statement: Of<'insert'>, run: Run): Promise<number> {
  const { ref, schema } = run.table(statement.table)
  const sql = await insertQuery(statement, { name: ref.key, schema, hasParts: true }, run)
  return append(ref, schema, await run.run(sql, schema), run)
}

/** All rows in one query, where the statement is a row of values; null where it is not. */
export async function insertBound(
  statement: Of<'insert'>,
  run: Run,
  bound: BoundRows,
): Promise<number | null> {
  const [row, ...others] = statement.query === null ? [] : (compose.valuesOf(statement.query) ?? [])
  if (row === undefined || others.length > 0 || statement.isByName) return null
  const { ref, schema } = run.table(statement.table)
  const target = { name: ref.key, schema, hasParts: true }
  const places = insertPlaces(target, statement.columns, row.length, null)
  const query = compose.boundRows(row, itemTypes(schema, places, row.length))
  if (query === null) return null
  const fields = bound.schema.fields.map((field, index): Field => ({
    ...field,
    name: compose.parameterName(index),
  }))
  const parameters = framesTable('parameters', { ...bound.schema, fields }, bound.frames)
  const sql = compose.insertQuery(target, query, row.length, places)
  const request = { ...run.request(sql), target: schema, parameters: undefined }
  const lake = new WriteLake(run.lake, { parameters })
  return append(ref, schema, await run.queries.run({ ...request, lake }), run)
}

async function append(
  ref: DatasetRef,
  schema: Schema,
  result: QueryResult,
  { lake, signal }: Run,
): Promise<number> {
  const parts = await writeResult(lake, { ref, schema, place: 'end', signal }, result)
  if (parts.length > 0) lake.change(ref, new Map(), parts)
  return rowsOf(parts)
}

/** The rows of an INSERT as a query. @throws SternaError SQL_INVALID where they are not as many as the columns */
export async function insertQuery(
  { columns, isByName, query }: Of<'insert'>,
  target: compose.Target,
  run: Run<Lake>,
): Promise<string> {
  const { schema } = target
  if (query === null) return compose.insertQuery(target, 'SELECT NULL', 1, [])
  const values = compose.valuesOf(query)
  if (values !== null) {
    const count = values[0]?.length ?? 0
    const places = insertPlaces(target, columns, count, null)
    const typed = compose.typedValues(values, itemTypes(schema, places, count))
    return compose.insertQuery(target, typed, count, places)
  }
  const described = await run.describe(query)
  const names = described.schema.fields.map(({ name }) => name)
  const places = insertPlaces(target, columns, names.length, isByName ? names : null)
  return compose.insertQuery(target, query, names.length, places)
}

/**
 * For each column of the table the place of the value that fills it; null where none does.
 *
 * @param names - of the query's columns, where they say which column they fill
 */
function insertPlaces(
  target: compose.Target,
  columns: readonly string[] | null,
  count: number,
  names: readonly string[] | null,
): (number | null)[] {
  const { fields } = target.schema
  const written = names ?? columns
  const expected = written?.length ?? fields.length
  if (count !== expected) {
    throw new SternaError(
      'SQL_INVALID',
      `The rows to insert have ${count} values; ${expected} columns of "${shown(target.name)}" are to be filled`,
    )
  }
  if (written === null) return fields.map((_, index) => index)
  const places = new Map(written.map((name, place) => [compose.columnIndex(target, name), place]))
  if (places.size < written.length) throw new SternaError('SQL_INVALID', 'A column is named twice')
  return fields.map((_, index) => places.get(index) ?? null)
}

/** The type of the column that each value fills. */
function itemTypes(schema: Schema, places: readonly (number | null)[], count: number): string[] {
  const types = compose.columnTypes(schema)
  return Array.from({ length: count }, (_, place) => types[places.indexOf(place)] ?? 'VARCHAR')
}
