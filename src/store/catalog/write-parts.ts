import type { ColumnStats } from '../parts.ts'
import { type Column, isLeaf } from './columns.ts'
import { LATEST } from './live.ts'
import { writeFilter } from './part-filters.ts'
import { readPartitionings, writePartition } from './partitions.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import type { CatalogPart, NewPart } from './state.ts'

/**
 * Adds parts to a table.
 *
 * @param columns - of the table
 * @param orders - the place of each part among those of the table; at the end where there is none
 */
export function addParts(
  writer: SnapshotWriter,
  tableId: number,
  columns: readonly Column[],
  parts: readonly NewPart[],
  orders: readonly number[] = [],
): CatalogPart[] {
  const { db } = writer
  let rowId =
    db.get<[number]>('SELECT next_row_id FROM ducklake_table_stats WHERE table_id = ?', tableId)?.[0] ?? 0
  const partitioning = readPartitionings(db, LATEST, tableId).get(tableId)
  const mappingId = parts.some(({ isForeign }) => isForeign)
    ? writeNameMapping(writer, tableId, columns)
    : null
  const added = parts.map((part, index) => {
    const dataFileId = writer.takeFileId()
    db.insert('ducklake_data_file', {
      data_file_id: dataFileId,
      table_id: tableId,
      begin_snapshot: writer.snapshotId,
      file_order: orders[index] ?? dataFileId,
      path: pathInTable(writer, tableId, part.path),
      path_is_relative: 1,
      file_format: 'parquet',
      record_count: part.rows,
      file_size_bytes: part.fileBytes,
      footer_size: part.footerBytes,
      row_id_start: rowId,
      mapping_id: part.isForeign === true ? mappingId : null,
    })
    db.insert('sterna_data_file', { data_file_id: dataFileId, arrow_bytes: part.arrowBytes, tier: part.tier })
    const partition = writePartition(db, { tableId, dataFileId }, part.partition ?? null, partitioning)
    addColumnStats(writer, tableId, dataFileId, columns, part)
    rowId += part.rows
    return { ...toCatalogPart(part, dataFileId, writer.snapshotId), partition }
  })
  if (added.length > 0) writer.note(`inserted_into_table:${tableId}`)
  return added
}

/**
 * Tells other engines which column of a file is which of the table: by their names, which are the same.
 *
 * @returns the mapping, for all such files of one commit
 */
function writeNameMapping(writer: SnapshotWriter, tableId: number, columns: readonly Column[]): number {
  const mappingId = writer.takeFileId()
  writer.db.insert('ducklake_column_mapping', {
    mapping_id: mappingId,
    table_id: tableId,
    '"type"': 'map_by_name',
  })
  const places = new Map(columns.map(({ id }, place) => [id, place]))
  const types = new Map(columns.map(({ id, type }) => [id, type]))
  for (const [place, { id, parent, name }] of columns.entries()) {
    writer.db.insert('ducklake_name_mapping', {
      mapping_id: mappingId,
      column_id: place,
      // What the extension calls the values of a list in a file.
      source_name: parent !== null && types.get(parent) === 'list' ? 'list' : name,
      target_field_id: id,
      parent_column: parent === null ? null : (places.get(parent) ?? null),
      is_partition: 0,
    })
  }
  return mappingId
}

/** Ends parts: snapshots from this one on do not name them. */
export function endParts(writer: SnapshotWriter, dataFileIds: readonly number[]): void {
  for (const id of dataFileIds) {
    writer.db.run(
      'UPDATE ducklake_data_file SET end_snapshot = ? WHERE data_file_id = ?',
      writer.snapshotId,
      id,
    )
  }
}

/** The places of parts among those of their table. */
export function ordersOf(writer: SnapshotWriter, dataFileIds: readonly number[]): number[] {
  const sql = 'SELECT coalesce(file_order, data_file_id) FROM ducklake_data_file WHERE data_file_id = ?'
  return dataFileIds.map((id) => writer.db.get<[number]>(sql, id)?.[0] ?? id)
}

function addColumnStats(
  writer: SnapshotWriter,
  tableId: number,
  dataFileId: number,
  columns: readonly Column[],
  part: NewPart,
): void {
  const stats = new Map<number, ColumnStats>(part.columns.map((column) => [column.fieldId, column]))
  for (const column of columns.filter(isLeaf)) {
    const known = stats.get(column.id)
    if (known?.filter !== undefined) writeFilter(writer.db, dataFileId, column.id, known.filter)
    if (known?.values !== undefined) {
      writer.db.insert('sterna_file_values', {
        data_file_id: dataFileId,
        table_id: tableId,
        column_id: column.id,
        '"values"': JSON.stringify(known.values),
      })
    }
    writer.db.insert('ducklake_file_column_stats', {
      data_file_id: dataFileId,
      table_id: tableId,
      column_id: column.id,
      column_size_bytes: known?.compressedBytes ?? null,
      // The values of a nested column are not its rows; how many there are is not known.
      value_count: column.parent === null ? part.rows : null,
      null_count: known?.nullCount ?? null,
      min_value: boundOf(known?.min),
      max_value: boundOf(known?.max),
      contains_nan: known === undefined || known.containsNan === null ? null : Number(known.containsNan),
    })
  }
}

/** SQLite hands a text back up to its first NUL only: no bound is better than that. */
function boundOf(value: string | null | undefined): string | null {
  return value === undefined || value === null || value.includes('\0') ? null : value
}

/**
 * The path as the row of a part keeps it: below the folder of its table. Where another engine gave the table or its
 * schema a folder that the part is not in, that folder moves into the paths below it, which name the same files.
 */
function pathInTable(writer: SnapshotWriter, tableId: number, path: string): string {
  const { db } = writer
  const [schemaId, schemaPath, tablePath] = db.get<[number, string, string]>(
    `SELECT s.schema_id, coalesce(s.path, ''), coalesce(t.path, '')
     FROM ducklake_table t JOIN ducklake_schema s USING (schema_id)
     WHERE t.table_id = ? AND t.end_snapshot IS NULL`,
    tableId,
  ) ?? [0, '', '']
  if (path.startsWith(schemaPath + tablePath)) return path.slice(schemaPath.length + tablePath.length)
  writer.changeSchema()
  if (!path.startsWith(schemaPath)) {
    push('ducklake_schema', 'ducklake_table', 'schema_id', schemaId)
  }
  push('ducklake_table', 'ducklake_data_file', 'table_id', tableId)
  return pathInTable(writer, tableId, path)

  function push(from: string, to: string, key: string, id: number): void {
    const above = `(SELECT path, path_is_relative FROM ${from} WHERE ${key} = ? LIMIT 1)`
    for (const table of to === 'ducklake_data_file' ? [to, 'ducklake_delete_file'] : [to]) {
      db.run(
        `UPDATE ${table} SET path = coalesce(above.path, '') || coalesce(${table}.path, ''),
           path_is_relative = above.path_is_relative
         FROM ${above} AS above WHERE ${table}.${key} = ? AND ${table}.path_is_relative <> 0`,
        id,
        id,
      )
    }
    db.run(`UPDATE ${from} SET path = '', path_is_relative = 1 WHERE ${key} = ?`, id)
  }
}

function toCatalogPart(part: NewPart, dataFileId: number, version: number): Omit<CatalogPart, 'partition'> {
  const { path, rows, fileBytes, arrowBytes, tier } = part
  return { dataFileId, path, rows, fileBytes, arrowBytes, tier, version }
}
