import type { Database } from './database.ts'
import { isInside, relativePath } from './paths.ts'

/** Tables whose rows belong to one part. */
const OF_PART = [
  'ducklake_data_file',
  'ducklake_file_column_stats',
  'ducklake_file_variant_stats',
  'ducklake_file_partition_value',
  'sterna_data_file',
  'sterna_file_values',
  'sterna_filter_piece',
]

/** Tables whose rows belong to one table. */
const OF_TABLE = [
  'ducklake_column',
  'ducklake_column_tag',
  'ducklake_table_stats',
  'ducklake_table_column_stats',
  'ducklake_partition_info',
  'ducklake_partition_column',
  'ducklake_sort_info',
  'ducklake_sort_expression',
  'ducklake_schema_versions',
  'ducklake_inlined_data_tables',
  'ducklake_column_mapping',
  'sterna_table',
  'sterna_options',
  'sterna_table_past',
  'sterna_rollup',
]

/** Further tables whose rows end. */
const ENDING = [
  'ducklake_schema',
  'ducklake_view',
  'ducklake_tag',
  'ducklake_column_tag',
  'ducklake_macro',
  'sterna_table_past',
]

/**
 * Forgets snapshots older than `oldestKept` and all that only they could see, as `ducklake_expire_snapshots` does;
 * else other engines would offer snapshots whose files are gone.
 *
 * @returns the files that no snapshot names any more, relative to the folder of the parts; files elsewhere are left
 */
export function expireSnapshots(db: Database, oldestKept: number, dataPath: string): string[] {
  db.run('DELETE FROM ducklake_snapshot WHERE snapshot_id < ?', oldestKept)
  const retired = [...expireDeleteFiles(db, oldestKept), ...expireParts(db, oldestKept)]
  expireTables(db, oldestKept)
  for (const table of ENDING) db.run(`DELETE FROM ${table} WHERE end_snapshot <= ?`, oldestKept)
  return retired.map((path) => relativePath(path, dataPath)).filter(isInside)
}

/** Every file that the catalog names, in any snapshot and for any reason, relative where it can be. */
export function namedPaths(db: Database, dataPath: string): Set<string> {
  const rows = db.all<[string]>(
    `SELECT ${fullPath('f')} FROM ducklake_data_file f ${JOIN_FOLDERS}
     UNION SELECT ${fullPath('f')} FROM ducklake_delete_file f ${JOIN_FOLDERS}
     UNION SELECT path FROM ducklake_files_scheduled_for_deletion`,
  )
  return new Set(rows.map(([path]) => relativePath(path, dataPath)))
}

/** A table has one row for each name it had; they share its folder. */
const JOIN_FOLDERS = `JOIN (SELECT table_id, schema_id, path, path_is_relative FROM ducklake_table GROUP BY table_id) t
  USING (table_id) JOIN ducklake_schema s USING (schema_id)`

function fullPath(file: string): string {
  return `CASE WHEN ${file}.path_is_relative = 0 THEN '' ELSE
    CASE WHEN t.path_is_relative = 0 THEN '' ELSE coalesce(s.path, '') END || coalesce(t.path, '') END || ${file}.path`
}

function expireParts(db: Database, oldestKept: number): string[] {
  const rows = db.all<[number, string]>(
    `SELECT f.data_file_id, ${fullPath('f')} FROM ducklake_data_file f
     ${JOIN_ROW} WHERE f.end_snapshot <= ?`,
    oldestKept,
  )
  for (const table of OF_PART) {
    for (const [id] of rows) db.run(`DELETE FROM ${table} WHERE data_file_id = ?`, id)
  }
  return rows.map(([, path]) => path)
}

function expireDeleteFiles(db: Database, oldestKept: number): string[] {
  const rows = db.all<[number, string]>(
    `SELECT f.delete_file_id, ${fullPath('f')} FROM ducklake_delete_file f ${JOIN_ROW}
     WHERE f.end_snapshot <= ?1
       OR f.data_file_id IN (SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?1)`,
    oldestKept,
  )
  for (const [id] of rows) db.run('DELETE FROM ducklake_delete_file WHERE delete_file_id = ?', id)
  return rows.map(([, path]) => path)
}

/** The folders of few files: by index, where {@link JOIN_FOLDERS} reads all tables. */
const JOIN_ROW = `JOIN ducklake_table t ON t.rowid = (SELECT rowid FROM ducklake_table WHERE table_id = f.table_id LIMIT 1)
  JOIN ducklake_schema s USING (schema_id)`

function expireTables(db: Database, oldestKept: number): void {
  const ended = db.all<[number]>(
    'SELECT DISTINCT table_id FROM ducklake_table WHERE end_snapshot <= ?',
    oldestKept,
  )
  if (ended.length === 0) return
  db.run('DELETE FROM ducklake_table WHERE end_snapshot <= ?', oldestKept)
  for (const [tableId] of ended) {
    // A table that was renamed has another row.
    if (db.get('SELECT 1 FROM ducklake_table WHERE table_id = ?', tableId) !== undefined) continue
    const inlined = db.all<[string]>(
      'SELECT table_name FROM ducklake_inlined_data_tables WHERE table_id = ?',
      tableId,
    )
    for (const name of [...inlined.map(([table]) => table), `ducklake_inlined_delete_${tableId}`]) {
      db.exec(`DROP TABLE IF EXISTS "${name.replaceAll('"', '""')}"`)
    }
    for (const table of OF_TABLE) db.run(`DELETE FROM ${table} WHERE table_id = ?`, tableId)
  }
  for (const table of ['ducklake_macro_impl', 'ducklake_macro_parameters']) {
    db.run(`DELETE FROM ${table} WHERE macro_id NOT IN (SELECT macro_id FROM ducklake_macro)`)
  }
  db.run(
    'DELETE FROM ducklake_name_mapping WHERE mapping_id NOT IN (SELECT mapping_id FROM ducklake_column_mapping)',
  )
}
