import type { Schema } from '../../../flight/ipc/schema.ts'
import { type DatasetRef, datasetRef } from '../../../flight/request.ts'
import { SternaError } from '../../errors.ts'
import type { PinnedLake, PinnedView, WritableLake } from '../../store/parts.ts'
import { shown } from '../gate/message.ts'
import { MAIN_SCHEMA } from '../gate/tables.ts'
import { foldName } from '../gate/tree.ts'
import type { QueryDescription, QueryRequest } from '../query.ts'
import { columnIndex } from './compose.ts'
import { findTable, requireTable } from './tables.ts'
import type { WrittenName } from './token-reader.ts'
import type { CommentTarget, WriteStatement } from './write-statement.ts'

type Of<K extends WriteStatement['kind']> = Extract<WriteStatement, { kind: K }>

/** What defining something needs. */
export interface Definition {
  readonly lake: WritableLake
  /** Of names that have none; `main` when absent. */
  readonly schema: string | undefined
  readonly describe: (request: QueryRequest) => Promise<QueryDescription>
}

/** `CREATE VIEW`: its query has to be one that can run now. @throws SternaError as the gate refuses the query */
export async function createView(
  { view, names, query, exists }: Of<'create-view'>,
  { lake, schema, describe }: Definition,
): Promise<void> {
  const known = look(lake, (pinned) => findView(pinned, view, schema))
  if (known !== undefined && exists === 'keep') return
  if (known !== undefined && exists === 'refuse') {
    throw new SternaError('DATASET_EXISTS', `View "${shown(view.name)}" exists already`)
  }
  const ref = known?.ref ?? newRef(view, schema)
  const described = await describe({ sql: query, schema: ref.schema, lake })
  if (described.parameters.fields.length > 0) {
    throw new SternaError('SQL_INVALID', 'The query of a view takes no parameters')
  }
  const count = described.schema.fields.length
  if (names !== null && names.length > count) {
    throw new SternaError('SQL_INVALID', `The query of the view gives ${count} columns, not ${names.length}`)
  }
  lake.createView({ ref, sql: query, names: names ?? [] })
}

export function dropViews({ views, ifExists }: Of<'drop-view'>, { lake, schema }: Definition): void {
  for (const name of views) {
    const known = look(lake, (pinned) => findView(pinned, name, schema))
    if (known !== undefined) lake.dropView(known.ref)
    else if (!ifExists) throw notFound('view', name.name)
  }
}

export function createSchema({ schema, ifNotExists }: Of<'create-schema'>, { lake }: Definition): void {
  const known = look(lake, (pinned) => schemaNamed(lake, pinned, schema))
  if (known === undefined) lake.createSchema(newRef({ schema, name: 'x' }, undefined).schema)
  else if (!ifNotExists) throw new SternaError('DATASET_EXISTS', `Schema "${shown(schema)}" exists already`)
}

export function dropSchema({ schema, ifExists, isCascade }: Of<'drop-schema'>, { lake }: Definition): void {
  const pinned = lake.pin()
  pinned.release()
  const known = schemaNamed(lake, pinned, schema)
  if (known === undefined && ifExists) return
  if (known === undefined) throw notFound('schema', schema)
  if (isCascade && known !== MAIN_SCHEMA) {
    for (const { ref } of pinned.views()) if (ref.schema === known) lake.dropView(ref)
    for (const { ref } of pinned.list()) if (ref.schema === known) lake.drop(ref)
  }
  lake.dropSchema(known)
}

export function comment({ on, text }: Of<'comment'>, { lake, schema }: Definition): void {
  lake.comment(
    look(lake, (pinned) => commented(lake, pinned, on, schema)),
    text,
  )
}

function commented(
  lake: WritableLake,
  pinned: PinnedLake,
  on: CommentTarget,
  schema: string | undefined,
): { schema: string } | { ref: DatasetRef; column: string | null } {
  switch (on.kind) {
    case 'schema': {
      const known = schemaNamed(lake, pinned, on.schema)
      if (known === undefined) throw notFound('schema', on.schema)
      return { schema: known }
    }
    case 'table':
      return { ref: requireTable(pinned, on.name, schema).ref, column: null }
    case 'view': {
      const view = findView(pinned, on.name, schema)
      if (view === undefined) throw notFound('view', on.name.name)
      return { ref: view.ref, column: null }
    }
    case 'column': {
      const table = requireTable(pinned, on.table, schema)
      const index = columnIndex({ name: table.ref.key, schema: table.schema, hasParts: false }, on.column)
      return { ref: table.ref, column: table.schema.fields[index]?.name ?? on.column }
    }
  }
}

/** The Arrow schema of columns of these types, all of which may be null. @param types - as written */
export async function typedSchema(
  types: readonly string[],
  { lake, schema, describe }: Definition,
): Promise<Schema> {
  const items = types.map((type, index) => `CAST(NULL AS ${type}\n) AS c${index}`)
  const described = await describe({ sql: `SELECT ${items.join(', ')}`, schema, lake })
  if (described.schema.fields.length === types.length) return described.schema
  throw new SternaError('SQL_INVALID', 'A type is not one type')
}

/** What a new table or view is called. @throws SternaError KEY_INVALID */
export function newRef({ schema, name }: WrittenName, defaultSchema = MAIN_SCHEMA): DatasetRef {
  try {
    return datasetRef(schema ?? defaultSchema, name, 'DESCRIPTOR_MALFORMED')
  } catch (error) {
    throw new SternaError('KEY_INVALID', SternaError.from(error).message, { cause: error })
  }
}

function findView(
  pinned: PinnedLake,
  { schema, name }: WrittenName,
  defaultSchema = MAIN_SCHEMA,
): PinnedView | undefined {
  const wanted = { schema: schema ?? defaultSchema, key: name }
  if (findTable(pinned, { schema, name }, defaultSchema) !== undefined) return undefined
  return pinned
    .views()
    .find(
      ({ ref }) =>
        foldName(ref.key) === foldName(wanted.key) && foldName(ref.schema) === foldName(wanted.schema),
    )
}

/** A schema by its name, in whatever case: one that was made, or one that a table is in. */
function schemaNamed(lake: WritableLake, pinned: PinnedLake, schema: string): string | undefined {
  if (lake.hasSchema(schema)) return schema
  const all = [MAIN_SCHEMA, ...[...pinned.list(), ...pinned.views()].map(({ ref }) => ref.schema)]
  return all.find((name) => foldName(name) === foldName(schema))
}

function look<T>(lake: WritableLake, find: (pinned: PinnedLake) => T): T {
  const pinned = lake.pin()
  try {
    return find(pinned)
  } finally {
    pinned.release()
  }
}

function notFound(what: string, name: string): SternaError {
  return new SternaError('DATASET_NOT_FOUND', `There is no ${what} "${shown(name)}"`)
}
