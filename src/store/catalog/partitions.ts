import { type Partition, type PartitionBy, isSamePartitioning, partitionTransforms } from '../partitions.ts'
import type { Column } from './columns.ts'
import type { Database } from './database.ts'
import { liveAt } from './live.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'

/** Says of a table by what its next parts are told apart; parts that it has keep what was said of them. */
export function writePartitioning(
  writer: SnapshotWriter,
  tableId: number,
  columns: readonly Column[],
  by: PartitionBy | undefined,
): void {
  const { db, snapshotId } = writer
  db.run(
    'UPDATE ducklake_partition_info SET end_snapshot = ? WHERE table_id = ? AND end_snapshot IS NULL',
    snapshotId,
    tableId,
  )
  if (by !== undefined) {
    const column = columns.find(({ name, parent }) => parent === null && name === by.column)
    if (column === undefined) throw new Error('A table is partitioned by one of its columns')
    const partitionId = writer.takeCatalogId()
    db.insert('ducklake_partition_info', {
      partition_id: partitionId,
      table_id: tableId,
      begin_snapshot: snapshotId,
    })
    for (const [index, transform] of partitionTransforms(by).entries()) {
      db.insert('ducklake_partition_column', {
        partition_id: partitionId,
        table_id: tableId,
        partition_key_index: index,
        column_id: column.id,
        transform,
      })
    }
  }
  db.insert('ducklake_schema_versions', {
    begin_snapshot: snapshotId,
    schema_version: writer.changeSchema(),
    table_id: tableId,
  })
}

/** What a table is partitioned by at the moment, in the terms of ours and its id. */
export interface Partitioning {
  readonly id: number
  readonly by: PartitionBy
}

/** No table has this id. */
const ALL_TABLES = -1

/** The partitioning that a table, or each of all, has in a snapshot, where it has one of the forms that we know. */
export function readPartitionings(db: Database, at: number, tableId?: number): Map<number, Partitioning> {
  const rows = db.all<[number, number, string | null, string]>(
    `SELECT i.table_id, i.partition_id, c.column_name, p."transform"
     FROM ducklake_partition_info i JOIN ducklake_partition_column p USING (partition_id)
     LEFT JOIN ducklake_column c ON c.table_id = i.table_id AND c.column_id = p.column_id AND ${liveAt('c')}
     WHERE ${liveAt('i')} AND (?2 = -1 OR i.table_id = ?2) ORDER BY i.table_id, p.partition_key_index`,
    at,
    tableId ?? ALL_TABLES,
  )
  const found = new Map<number, { id: number; columns: Set<string | null>; transforms: string[] }>()
  for (const [table, id, column, transform] of rows) {
    const known = found.get(table) ?? { id, columns: new Set(), transforms: [] }
    known.columns.add(column)
    known.transforms.push(transform)
    found.set(table, known)
  }
  const partitionings = new Map<number, Partitioning>()
  for (const [table, { id, columns, transforms }] of found) {
    const [column = null] = columns
    const every = (['month', 'day', 'hour'] as const).find(
      (step) => partitionTransforms({ column: '', every: step }).join() === transforms.join(),
    )
    if (column !== null && columns.size === 1 && every !== undefined)
      partitionings.set(table, { id, by: { column, every } })
  }
  return partitionings
}

/** The partition of each live part that has one, by its id; whether it is one of the table's present partitioning is not asked. */
export function readPartitionValues(db: Database, at: number): Map<number, (string | null)[]> {
  const rows = db.all<[number, string | null]>(
    `SELECT v.data_file_id, v.partition_value FROM ducklake_file_partition_value v
     JOIN ducklake_data_file f USING (data_file_id) WHERE ${liveAt('f')}
     ORDER BY v.data_file_id, v.partition_key_index`,
    at,
  )
  const values = new Map<number, (string | null)[]>()
  for (const [id, value] of rows) {
    const known = values.get(id)
    if (known === undefined) values.set(id, [value])
    else known.push(value)
  }
  return values
}

/** A partition from the texts of its values; null where they are not numbers, as no transform of ours gives. */
export function partitionOf(by: PartitionBy, values: readonly (string | null)[]): Partition | null {
  if (values.length !== partitionTransforms(by).length) return null
  if (values.every((value) => value === null)) return { by, value: null }
  const numbers = values.map((value) => (value === null ? Number.NaN : Number(value)))
  return numbers.every(Number.isSafeInteger) ? { by, value: numbers } : null
}

/** Says which partition a part is. @returns what the catalog then says: nothing where the table has another partitioning */
export function writePartition(
  db: Database,
  ids: { readonly tableId: number; readonly dataFileId: number },
  partition: Partition | null,
  partitioning: Partitioning | undefined,
): Partition | null {
  if (partition === null || partitioning === undefined) return null
  if (!isSamePartitioning(partition.by, partitioning.by)) return null
  const { tableId, dataFileId } = ids
  db.run('UPDATE ducklake_data_file SET partition_id = ? WHERE data_file_id = ?', partitioning.id, dataFileId)
  for (const [index] of partitionTransforms(partition.by).entries()) {
    const value = partition.value?.[index]
    db.insert('ducklake_file_partition_value', {
      data_file_id: dataFileId,
      table_id: tableId,
      partition_key_index: index,
      partition_value: value === undefined ? null : String(value),
    })
  }
  return partition
}
