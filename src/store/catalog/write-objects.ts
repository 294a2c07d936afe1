import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import { quotedNames, VIEW_DIALECT } from './objects.ts'
import { type SnapshotWriter, quoteName } from './snapshot-writer.ts'
import { assertNameIsFree, schemaIdOf } from './write-table.ts'

/** What a comment is on: a schema, a table or view, or a column of a table. */
export type CommentOn =
  { readonly schema: string } | { readonly ref: DatasetRef; readonly column: string | null }

/** A change of what a lake has beside its datasets. */
export type ObjectChange =
  | { readonly kind: 'create-schema' | 'drop-schema'; readonly schema: string }
  | {
      readonly kind: 'create-view'
      readonly ref: DatasetRef
      readonly sql: string
      readonly names: readonly string[]
    }
  | { readonly kind: 'drop-view'; readonly ref: DatasetRef }
  | { readonly kind: 'comment'; readonly on: CommentOn; readonly text: string | null }

/**
 * Applies one change, inside the transaction of the caller.
 *
 * @throws {@link SternaError} DATASET_EXISTS; COMMIT_CONFLICT for what is gone, and for a schema that has got tables
 */
export function applyObjectChange(writer: SnapshotWriter, change: ObjectChange): void {
  switch (change.kind) {
    case 'create-schema':
      schemaIdOf(writer, change.schema, [])
      break
    case 'drop-schema':
      dropSchema(writer, change.schema)
      break
    case 'create-view':
      createView(writer, change)
      break
    case 'drop-view':
      dropView(writer, change.ref)
      break
    case 'comment':
      comment(writer, change)
  }
  writer.changeSchema()
}

function createView(
  writer: SnapshotWriter,
  { ref, sql, names }: Extract<ObjectChange, { kind: 'create-view' }>,
): void {
  const schemaId = schemaIdOf(writer, ref.schema, [])
  assertNameIsFree(writer, ref, schemaId)
  writer.db.insert('ducklake_view', {
    view_id: writer.takeCatalogId(),
    view_uuid: randomUUID(),
    begin_snapshot: writer.snapshotId,
    schema_id: schemaId,
    view_name: ref.key,
    dialect: VIEW_DIALECT,
    sql,
    column_aliases: quotedNames(names),
  })
  writer.note(`created_view:${quoteName(ref.schema)}.${quoteName(ref.key)}`)
}

function dropView(writer: SnapshotWriter, ref: DatasetRef): void {
  const id = idOf(writer, 'view', ref)
  if (id === undefined) throw gone('view', ref.key)
  end(writer, 'ducklake_view', 'view_id', id)
  end(writer, 'ducklake_tag', 'object_id', id)
  writer.note(`dropped_view:${id}`)
}

function dropSchema(writer: SnapshotWriter, schema: string): void {
  const [id] =
    writer.db.get<[number]>(
      'SELECT schema_id FROM ducklake_schema WHERE schema_name = ? AND end_snapshot IS NULL',
      schema,
    ) ?? []
  if (id === undefined) throw gone('schema', schema)
  for (const table of ['ducklake_table', 'ducklake_view']) {
    const sql = `SELECT 1 FROM ${table} WHERE schema_id = ? AND end_snapshot IS NULL LIMIT 1`
    if (writer.db.get(sql, id) === undefined) continue
    throw new SternaError('COMMIT_CONFLICT', `Schema "${schema}" is not empty any more`)
  }
  end(writer, 'ducklake_schema', 'schema_id', id)
  end(writer, 'ducklake_tag', 'object_id', id)
  writer.note(`dropped_schema:${id}`)
}

function comment(writer: SnapshotWriter, { on, text }: Extract<ObjectChange, { kind: 'comment' }>): void {
  const { db, snapshotId } = writer
  if ('schema' in on) {
    const row = db.get<[number]>(
      'SELECT schema_id FROM ducklake_schema WHERE schema_name = ? AND end_snapshot IS NULL',
      on.schema,
    )
    if (row === undefined) throw gone('schema', on.schema)
    tag(row[0])
    return
  }
  const table = idOf(writer, 'table', on.ref)
  const view = table === undefined ? idOf(writer, 'view', on.ref) : undefined
  const id = table ?? view
  if (id === undefined) throw gone('table', on.ref.key)
  writer.note(table === undefined ? `altered_view:${id}` : `altered_table:${id}`)
  if (on.column === null) {
    tag(id)
    return
  }
  const column = db.get<[number]>(
    `SELECT column_id FROM ducklake_column
     WHERE table_id = ? AND column_name = ? AND parent_column IS NULL AND end_snapshot IS NULL`,
    id,
    on.column,
  )
  if (column === undefined) throw gone('column', on.column)
  db.run(
    `UPDATE ducklake_column_tag SET end_snapshot = ?
     WHERE table_id = ? AND column_id = ? AND key = 'comment' AND end_snapshot IS NULL`,
    snapshotId,
    id,
    column[0],
  )
  const row = { table_id: id, column_id: column[0], begin_snapshot: snapshotId }
  db.insert('ducklake_column_tag', { ...row, key: 'comment', value: text })

  function tag(objectId: number): void {
    db.run(
      `UPDATE ducklake_tag SET end_snapshot = ? WHERE object_id = ? AND key = 'comment' AND end_snapshot IS NULL`,
      snapshotId,
      objectId,
    )
    db.insert('ducklake_tag', {
      object_id: objectId,
      begin_snapshot: snapshotId,
      key: 'comment',
      value: text,
    })
  }
}

function idOf(
  { db }: SnapshotWriter,
  what: 'table' | 'view',
  { schema, key }: DatasetRef,
): number | undefined {
  return db.get<[number]>(
    `SELECT o.${what}_id FROM ducklake_${what} o
     JOIN ducklake_schema s ON s.schema_id = o.schema_id AND s.end_snapshot IS NULL
     WHERE o.${what}_name = ? AND s.schema_name = ? AND o.end_snapshot IS NULL`,
    key,
    schema,
  )?.[0]
}

function end({ db, snapshotId }: SnapshotWriter, table: string, column: string, id: number): void {
  db.run(`UPDATE ${table} SET end_snapshot = ? WHERE ${column} = ? AND end_snapshot IS NULL`, snapshotId, id)
}

function gone(what: string, name: string): SternaError {
  return new SternaError('COMMIT_CONFLICT', `There is no ${what} "${name}" any more`)
}
