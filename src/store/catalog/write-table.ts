import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import type { Column } from './columns.ts'
import { type SnapshotWriter, quoteName } from './snapshot-writer.ts'
import type { NewPart } from './state.ts'

/**
 * Makes a table and, where it is new, its schema.
 *
 * A table has no folder of its own, so that parts lie beside each other as `<key>.parquet`; a schema has the
 * folder that its first part is in.
 *
 * @returns its table id
 * @throws {@link SternaError} KEY_INVALID when other engines could not tell the name from another one,
 * DATASET_EXISTS when it is the name of a view
 */
export function createTable(
  writer: SnapshotWriter,
  ref: DatasetRef,
  columns: readonly Column[],
  parts: readonly NewPart[],
): number {
  const { db, snapshotId } = writer
  const schemaId = schemaIdOf(writer, ref.schema, parts)
  assertNameIsFree(writer, ref, schemaId)
  const tableId = writer.takeCatalogId()
  db.insert('ducklake_table', {
    table_id: tableId,
    table_uuid: randomUUID(),
    begin_snapshot: snapshotId,
    schema_id: schemaId,
    table_name: ref.key,
    path: '',
    path_is_relative: 1,
  })
  for (const column of columns) {
    db.insert('ducklake_column', {
      column_id: column.id,
      begin_snapshot: snapshotId,
      table_id: tableId,
      column_order: column.id,
      column_name: column.name,
      column_type: column.type,
      default_value: 'NULL',
      nulls_allowed: column.nullable ? 1 : 0,
      parent_column: column.parent,
      default_value_type: 'literal',
      default_value_dialect: 'duckdb',
    })
  }
  db.insert('ducklake_schema_versions', {
    begin_snapshot: snapshotId,
    schema_version: writer.changeSchema(),
    table_id: tableId,
  })
  writer.note(`created_table:${quoteName(ref.schema)}.${quoteName(ref.key)}`)
  return tableId
}

/** Ends a table with everything that belongs to it. Its rows stay for the snapshots before. */
export function endTable(writer: SnapshotWriter, tableId: number): void {
  const { db, snapshotId } = writer
  const tables = [
    'ducklake_table',
    'ducklake_column',
    'ducklake_data_file',
    'ducklake_delete_file',
    'ducklake_column_tag',
    'ducklake_partition_info',
    'ducklake_sort_info',
  ]
  for (const table of tables) {
    db.run(
      `UPDATE ${table} SET end_snapshot = ? WHERE table_id = ? AND end_snapshot IS NULL`,
      snapshotId,
      tableId,
    )
  }
  db.run(
    'UPDATE ducklake_tag SET end_snapshot = ? WHERE object_id = ? AND end_snapshot IS NULL',
    snapshotId,
    tableId,
  )
  writer.changeSchema()
  writer.note(`dropped_table:${tableId}`)
}

/** The id of a schema, which is made where there is none. @throws {@link SternaError} KEY_INVALID */
export function schemaIdOf(writer: SnapshotWriter, name: string, parts: readonly NewPart[]): number {
  const { db, snapshotId } = writer
  const found = db.get<[number, string]>(
    'SELECT schema_id, schema_name FROM ducklake_schema WHERE schema_name = ? COLLATE NOCASE AND end_snapshot IS NULL',
    name,
  )
  if (found !== undefined && found[1] === name) return found[0]
  if (found !== undefined) throw differsInCase('Schema', name, found[1])
  const schemaId = writer.takeCatalogId()
  const path = parts[0]?.path ?? `${encodeURIComponent(name)}/`
  db.insert('ducklake_schema', {
    schema_id: schemaId,
    schema_uuid: randomUUID(),
    begin_snapshot: snapshotId,
    schema_name: name,
    path: path.slice(0, path.lastIndexOf('/') + 1),
    path_is_relative: 1,
  })
  writer.changeSchema()
  writer.note(`created_schema:${quoteName(name)}`)
  return schemaId
}

/** @throws {@link SternaError} KEY_INVALID, DATASET_EXISTS where a table or view has the name */
export function assertNameIsFree(writer: SnapshotWriter, ref: DatasetRef, schemaId: number): void {
  const table = writer.db.get<[string]>(
    `SELECT table_name FROM ducklake_table
     WHERE table_name = ? COLLATE NOCASE AND schema_id = ? AND end_snapshot IS NULL`,
    ref.key,
    schemaId,
  )
  if (table?.[0] === ref.key)
    throw new SternaError('DATASET_EXISTS', `The dataset "${ref.key}" exists already`)
  if (table !== undefined) throw differsInCase('Key', ref.key, table[0])
  const view = writer.db.get<[string]>(
    `SELECT view_name FROM ducklake_view
     WHERE view_name = ? COLLATE NOCASE AND schema_id = ? AND end_snapshot IS NULL`,
    ref.key,
    schemaId,
  )
  if (view !== undefined)
    throw new SternaError('DATASET_EXISTS', `Key "${ref.key}" is the name of view "${view[0]}"`)
}

function differsInCase(what: string, name: string, other: string): SternaError {
  const text = `${what} "${name}" differs from "${other}", which exists, in case only; SQL could not tell them apart`
  return new SternaError('KEY_INVALID', text)
}
