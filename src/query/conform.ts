import type { Frame } from '../../flight/frame.ts'
import { type Field, type Schema, schemasEqual } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { arraySql } from './dataset-query.ts'
import { quoteName } from './duckdb.ts'
import type { QueryRequest } from './query.ts'
import { storageOf } from './storage-types.ts'

/** True where rows of one schema are rows of the other as they are, but for nulls. */
export function isSameRows(sent: Schema, stored: Schema): boolean {
  const nullable = ({ fields }: Schema): Schema => ({ fields: fields.map(asNullable), metadata: new Map() })
  return schemasEqual(nullable(sent), nullable(stored), { metadata: false })
}

function asNullable(field: Field): Field {
  return { ...field, nullable: true, children: field.children.map(asNullable) }
}

/**
 * The query that makes of rows, which may have their columns in another order and in the types that DuckDB has for
 * them, rows of a dataset. Columns that were not sent are null.
 *
 * @param frames - borrowed until the result is closed
 * @throws {@link SternaError} SCHEMA_MISMATCH for a column that the dataset has not
 */
export function conformingQuery(sent: Schema, frames: readonly Frame[], stored: Schema): QueryRequest {
  const names = new Set(stored.fields.map(({ name }) => name))
  const unknown = sent.fields.find(({ name }) => !names.has(name))
  if (unknown !== undefined) {
    throw new SternaError('SCHEMA_MISMATCH', `The table has no column "${unknown.name}"`)
  }
  const sentNames = new Set(sent.fields.map(({ name }) => name))
  const items = storageOf(stored).map((storage) => {
    const name = quoteName(storage.field.name)
    return `CAST(${sentNames.has(storage.field.name) ? name : 'NULL'} AS ${arraySql(storage)}) AS ${name}`
  })
  return { sql: `SELECT ${items.join(', ')} FROM input`, input: { schema: sent, frames }, target: stored }
}
