import { SternaError } from '../../errors.ts'
import { prepareCopies } from './copies.ts'
import type { Database } from './database.ts'
import { DUCKLAKE_TABLES } from './ducklake-tables.ts'
import { cutOldFilters } from './part-filters.ts'

/** The version of the format that is written and read. Source: DuckLake specification 1.0, section Tables. */
const DUCKLAKE_VERSION = '1.0'

/**
 * What DuckLake has no place for. Other engines leave tables and indexes that they do not know alone.
 *
 * - `sterna_arrow_schema`: IPC Schema messages as clients sent them, one row for all datasets that share one; SHA-256.
 * - `sterna_table`: the Arrow schema of a table and the snapshot that gave it its columns; when the dataset was
 *   made and last changed, which its snapshots cannot tell once they are expired. Instants in µs since 1970.
 * - `sterna_table_past`: what `sterna_table` said of a table in versions before, as long as a snapshot of them is kept.
 * - `sterna_log`: how far the log of a table is in its parts, and the ids of the batches up to there;
 *   the name that its log has from an older catalog.
 * - `sterna_options`: what a dataset was told, in JSON; see `src/store/options.ts`.
 * - `sterna_file_values`: all values of a column of a part, in JSON, where they are texts or integers, and few.
 * - `sterna_filter_piece`: where they are more, a filter of them in pieces, each with its CRC-32; see `part-filters.ts`.
 * - `sterna_rollup`: what a dataset is a rollup of, in JSON; the table and the version of that, and up to which instant,
 *   in µs since 1970, the parts of the rollup are true of it.
 * - `sterna_data_file`: size in memory and tier of a part.
 *
 * DuckLake itself has no index, so that dropping one of 10,000 tables would scan the statistics of all. Most indexes are
 * those that hold each row a second time: see `copies.ts`.
 */
const STERNA_TABLES = `
CREATE TABLE IF NOT EXISTS sterna_arrow_schema(schema_id INTEGER PRIMARY KEY, hash TEXT UNIQUE, header BLOB);
CREATE TABLE IF NOT EXISTS sterna_table(
  table_id INTEGER PRIMARY KEY, arrow_schema_id INTEGER, columns_snapshot INTEGER, version INTEGER,
  created_us INTEGER, updated_us INTEGER);
CREATE TABLE IF NOT EXISTS sterna_table_past(
  table_id INTEGER, arrow_schema_id INTEGER, columns_snapshot INTEGER, version INTEGER, created_us INTEGER,
  updated_us INTEGER, end_snapshot INTEGER, PRIMARY KEY (table_id, version)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sterna_log(
  table_id INTEGER PRIMARY KEY, name TEXT, flushed INTEGER, ids TEXT);
CREATE TABLE IF NOT EXISTS sterna_options(table_id INTEGER PRIMARY KEY, options TEXT);
CREATE TABLE IF NOT EXISTS sterna_file_values(
  data_file_id INTEGER, table_id INTEGER, column_id INTEGER, "values" TEXT, PRIMARY KEY (data_file_id, column_id));
CREATE TABLE IF NOT EXISTS sterna_filter_piece(
  data_file_id INTEGER, column_id INTEGER, piece INTEGER, blocks INTEGER, bits BLOB);
CREATE TABLE IF NOT EXISTS sterna_rollup(
  table_id INTEGER PRIMARY KEY, definition TEXT, source_table_id INTEGER, source_version INTEGER,
  watermark_us INTEGER);
CREATE INDEX IF NOT EXISTS sterna_rollup_by_source ON sterna_rollup(source_table_id);
CREATE TABLE IF NOT EXISTS sterna_data_file(data_file_id INTEGER PRIMARY KEY, arrow_bytes INTEGER, tier TEXT);
CREATE INDEX IF NOT EXISTS sterna_table_by_name ON ducklake_table(table_name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS sterna_table_ended ON ducklake_table(end_snapshot) WHERE end_snapshot IS NOT NULL;
CREATE INDEX IF NOT EXISTS sterna_data_file_ended ON ducklake_data_file(end_snapshot, table_id)
  WHERE end_snapshot IS NOT NULL;
CREATE INDEX IF NOT EXISTS sterna_file_column_stats_by_file ON ducklake_file_column_stats(data_file_id);
`

/** What `sterna_table` and `sterna_table_past` have in common. */
export const PAST_COLUMNS = 'table_id, arrow_schema_id, columns_snapshot, version, created_us, updated_us'

/** Makes an empty DuckLake in an empty database: one snapshot with the schema `main`. */
export function createTables(db: Database, uuid: string, snapshotTime: string): void {
  db.exec(DUCKLAKE_TABLES)
  setMetadata(db, 'version', DUCKLAKE_VERSION)
  setMetadata(db, 'created_by', 'Sterna')
  setMetadata(db, 'encrypted', 'false')
  db.insert('ducklake_snapshot', {
    snapshot_id: 0,
    snapshot_time: snapshotTime,
    schema_version: 0,
    next_catalog_id: 1,
    next_file_id: 0,
  })
  db.insert('ducklake_snapshot_changes', { snapshot_id: 0, changes_made: 'created_schema:"main"' })
  db.insert('ducklake_schema', {
    schema_id: 0,
    schema_uuid: uuid,
    begin_snapshot: 0,
    schema_name: 'main',
    path: '',
    path_is_relative: 1,
  })
}

/**
 * Prepares a catalog that may come from anywhere for our use: its own tables stay as they are, ours are added,
 * and what ours say of tables and files that are gone is removed.
 *
 * @param dataPath - absolute, with a slash at the end; other engines would take a relative one from where they run
 * @throws {@link SternaError} DATA_CORRUPT when it is not a DuckLake of our version
 */
export function prepareTables(db: Database, dataPath: string): void {
  checkTables(db)
  db.exec(STERNA_TABLES)
  cutOldFilters(db)
  prepareCopies(db)
  setMetadata(db, 'data_path', dataPath)
  // Without a limit, small inserts of other engines go into tables of the catalog, where no Parquet reader sees them.
  if (metadataOf(db, 'data_inlining_row_limit') === undefined) setMetadata(db, 'data_inlining_row_limit', '0')
  db.exec(`
    DELETE FROM sterna_table WHERE table_id NOT IN (SELECT table_id FROM ducklake_table);
    DELETE FROM sterna_log WHERE table_id NOT IN (SELECT table_id FROM ducklake_table);
    DELETE FROM sterna_options WHERE table_id NOT IN (SELECT table_id FROM ducklake_table);
    DELETE FROM sterna_file_values WHERE data_file_id NOT IN (SELECT data_file_id FROM ducklake_data_file);
    DELETE FROM sterna_filter_piece WHERE data_file_id IN (
      SELECT DISTINCT data_file_id FROM sterna_filter_piece EXCEPT SELECT data_file_id FROM ducklake_data_file);
    DELETE FROM sterna_rollup WHERE table_id NOT IN (SELECT table_id FROM ducklake_table);
    DELETE FROM sterna_data_file WHERE data_file_id NOT IN (SELECT data_file_id FROM ducklake_data_file);
    DELETE FROM sterna_table_past WHERE table_id NOT IN (SELECT table_id FROM ducklake_table);
    DELETE FROM sterna_arrow_schema WHERE schema_id NOT IN (
      SELECT arrow_schema_id FROM sterna_table UNION SELECT arrow_schema_id FROM sterna_table_past);
  `)
}

/** True for a database without a single table: a file that was just made. */
export function isEmptyDatabase(db: Database): boolean {
  return db.get('SELECT 1 FROM sqlite_master LIMIT 1') === undefined
}

function checkTables(db: Database): void {
  if (db.get(`SELECT 1 FROM sqlite_master WHERE name = 'ducklake_metadata'`) === undefined) {
    throw foreign('it has no table ducklake_metadata')
  }
  const version = metadataOf(db, 'version')
  if (version !== DUCKLAKE_VERSION) throw foreign(`its version is ${version ?? 'not given'}`)
  if (metadataOf(db, 'encrypted') === 'true') throw foreign('its parts are encrypted')
  for (const [, table = '', columns = ''] of DUCKLAKE_TABLES.matchAll(/CREATE TABLE (\w+)\(([^;]*)\);/g)) {
    const found = new Set(
      db.all<[string]>('SELECT name FROM pragma_table_info(?)', table).map(([name]) => name),
    )
    const missing = columns
      .split(',')
      .map(columnName)
      .find((name) => !found.has(name))
    if (missing !== undefined) throw foreign(`table ${table} has no column ${missing}`)
  }
  if (db.get('SELECT 1 FROM ducklake_snapshot') === undefined) throw foreign('it has no snapshot')
}

function metadataOf(db: Database, key: string): string | undefined {
  return db.get<[string]>('SELECT "value" FROM ducklake_metadata WHERE "key" = ? AND scope IS NULL', key)?.[0]
}

function setMetadata(db: Database, key: string, value: string): void {
  if (metadataOf(db, key) === value) return
  db.run('DELETE FROM ducklake_metadata WHERE "key" = ? AND scope IS NULL', key)
  db.insert('ducklake_metadata', { '"key"': key, '"value"': value })
}

function columnName(declaration: string): string {
  return (declaration.trim().split(' ')[0] ?? '').replaceAll('"', '')
}

function foreign(reason: string): SternaError {
  return new SternaError(
    'DATA_CORRUPT',
    `The catalog is not an unencrypted DuckLake ${DUCKLAKE_VERSION}, ${reason}: ` +
      'put the right file in its place, or run "sterna repair" to make a new one from the parts',
  )
}
