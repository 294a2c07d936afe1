import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { shown } from '../gate/message.ts'
import { allNullable } from '../gate/plain-columns.ts'
import { MAIN_SCHEMA } from '../gate/tables.ts'
import { alteredTable } from './alter.ts'
import { rowsOf, writeResult } from './apply-changes.ts'
import { type Definition, newRef, typedSchema } from './definitions.ts'
import type { Of, Run } from './run.ts'
import { findTable } from './tables.ts'
import { partsTable, WriteLake } from './write-lake.ts'
import type { ColumnDeclaration } from './write-statement.ts'

/** What defining something needs of a statement. */
export function definitionOf({ lake, schema, queries }: Run): Definition {
  return { lake, schema, describe: (request) => queries.describe({ ...request, isWrite: true }) }
}

/** `CREATE TABLE`. @returns how many rows its query gave; null without one */
export async function createTable(statement: Of<'create-table'>, run: Run): Promise<number | null> {
  const { table, content, exists, isTemporary } = statement
  const { temporarySchema } = run.lake
  if (isTemporary && temporarySchema === null) {
    throw new SternaError(
      'NOT_IMPLEMENTED',
      'Temporary tables need a session of Flight SQL, with which they end',
    )
  }
  const name = isTemporary ? { schema: temporarySchema, name: table.name } : table
  const known = run.pinned((pinned) => {
    const found = findTable(pinned, name, run.schema)
    // A temporary table hides one of the lake, and is none.
    return !isTemporary && name.schema === null && found?.ref.schema === temporarySchema
      ? findTable(pinned, { ...name, schema: run.schema ?? MAIN_SCHEMA })
      : found
  })
  if (known !== undefined && exists === 'keep') return 'columns' in content ? null : 0
  if (known !== undefined && exists === 'refuse') {
    throw new SternaError('DATASET_EXISTS', `Table "${shown(table.name)}" exists already`)
  }
  const ref = known?.ref ?? newRef(name, run.schema)
  const isReplace = exists === 'replace'
  if ('columns' in content) {
    run.lake.create(ref, await declared(content.columns, run), [], isReplace)
    return null
  }
  // As in SQL: a table that is made of a query takes its types, not what is NOT NULL.
  const schema = allNullable((await run.describe(content.query)).schema)
  const named = content.names === null ? schema : renamed(schema, content.names)
  if (!content.hasRows) {
    run.lake.create(ref, named, [], isReplace)
    return 0
  }
  const result = await run.run(content.query, schema)
  const parts = await writeResult(
    run.lake,
    { ref, schema: named, place: 'whole', signal: run.signal },
    result,
  )
  run.lake.create(ref, named, parts, isReplace)
  return rowsOf(parts)
}

/** The Arrow schema of declared columns. */
async function declared(columns: readonly ColumnDeclaration[], run: Run): Promise<Schema> {
  const types = columns.map(({ type }) => type)
  const schema = await typedSchema(types, definitionOf(run))
  const fields = schema.fields.map((field, index) => {
    const { name = field.name, isNullable = true } = columns[index] ?? {}
    return { ...field, name, nullable: isNullable }
  })
  return { ...schema, fields }
}

/** `ALTER TABLE`: the table is written anew. */
export async function alterTable(
  { table, ifExists, alterations }: Of<'alter-table'>,
  run: Run,
): Promise<null> {
  const found = run.pinned((pinned) => findTable(pinned, table, run.schema))
  if (found === undefined && ifExists) return null
  const { ref, schema, parts } = await run.lake.settle((found ?? run.table(table)).ref)
  const definition = definitionOf(run)
  const altered = await alteredTable(ref.key, schema, alterations, (types) => typedSchema(types, definition))
  const lake = new WriteLake(run.lake, { target: partsTable('target', schema, parts) })
  const request = { ...run.request(altered.query), lake, target: altered.schema }
  const result = await run.queries.run(request)
  const sources = parts.map(({ path }) => path)
  const rows = { ref, schema: altered.schema, place: 'whole', sources, signal: run.signal } as const
  run.lake.alter(ref, altered.schema, await writeResult(run.lake, rows, result), altered.renamed)
  return null
}

/** `DROP TABLE`. */
export async function dropTables({ tables, ifExists }: Of<'drop-table'>, run: Run): Promise<null> {
  for (const name of tables) {
    const found = run.pinned((pinned) => findTable(pinned, name, run.schema))
    if (found !== undefined) run.lake.drop(found.ref)
    else if (!ifExists) run.table(name)
  }
  return null
}

function renamed(schema: Schema, names: readonly string[]): Schema {
  if (names.length !== schema.fields.length) {
    throw new SternaError(
      'SQL_INVALID',
      `The query gives ${schema.fields.length} columns, and ${names.length} names are written for them`,
    )
  }
  const fields = schema.fields.map((field, index) => ({ ...field, name: names[index] ?? field.name }))
  return { ...schema, fields }
}
