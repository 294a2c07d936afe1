import { type Database, quoted } from './database.ts'

/**
 * Rows of the catalog stand twice: in their table, and in an index over all columns of the table. SQLite keeps the two
 * alike whoever writes, DuckDB's extension included, and finds when it compares them that bits of one have changed.
 *
 * These have a checksum instead, being large: the SHA-256 of an Arrow schema, and the CRC-32 of a piece of a filter.
 */
const SUMMED: ReadonlySet<string> = new Set(['sterna_arrow_schema.header', 'sterna_filter_piece.bits'])

/** By which columns rows are looked up or put in order: an index over all columns is one over these, too. */
const LOOKED_UP_BY: ReadonlyMap<string, readonly string[]> = new Map([
  ['ducklake_table', ['table_id']],
  ['ducklake_column', ['table_id', 'begin_snapshot', 'end_snapshot']],
  ['ducklake_data_file', ['table_id']],
  ['ducklake_delete_file', ['table_id']],
  ['ducklake_file_partition_value', ['data_file_id', 'partition_key_index']],
  ['ducklake_file_column_stats', ['table_id', 'column_id', 'data_file_id']],
  ['ducklake_schema_versions', ['table_id']],
  ['ducklake_table_stats', ['table_id']],
  ['ducklake_table_column_stats', ['table_id', 'column_id']],
  ['sterna_file_values', ['table_id', 'column_id']],
])

/** Indexes of earlier versions, in whose place copies are. */
const BEFORE = [
  'sterna_table_by_id',
  'sterna_column_by_table',
  'sterna_data_file_by_table',
  'sterna_delete_file_by_table',
  'sterna_file_column_stats_by_column',
  'sterna_file_column_stats_of_column',
  'sterna_schema_versions_by_table',
  'sterna_table_stats_by_table',
  'sterna_table_column_stats_by_table',
  'sterna_table_column_stats_by_column',
  'sterna_file_values_by_column',
]

const PREFIX = 'sterna_copy_of_'

/** The tables that have a copy of all that their rows hold. */
export function copiedTables(db: Database): ReadonlySet<string> {
  const rows = db.all<[string]>(
    `SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = '${PREFIX}' || tbl_name`,
  )
  const summed = new Set([...SUMMED].map((column) => column.split('.')[0]))
  return new Set(rows.map(([table]) => table).filter((table) => !summed.has(table)))
}

/** Makes the copies that are not there: of a new catalog, or one that others or earlier versions made. */
export function prepareCopies(db: Database): void {
  for (const index of BEFORE) db.exec(`DROP INDEX IF EXISTS ${index}`)
  const tables = db.all<[string]>(
    `SELECT name FROM sqlite_master t WHERE type = 'table'
       AND (name GLOB 'ducklake_*' AND name NOT GLOB 'ducklake_inlined_*_[0-9]*' OR name GLOB 'sterna_*')
       AND NOT EXISTS (SELECT 1 FROM sqlite_master i WHERE i.type = 'index' AND i.name = '${PREFIX}' || t.name)`,
  )
  for (const [table] of tables) {
    const names = db.all<[string]>('SELECT name FROM pragma_table_info(?)', table).map(([name]) => name)
    const first = LOOKED_UP_BY.get(table) ?? []
    const rest = names.filter((name) => !first.includes(name) && !SUMMED.has(`${table}.${name}`))
    db.exec(
      `CREATE INDEX ${PREFIX}${table} ON ${quoted(table)}(${[...first, ...rest].map(quoted).join(', ')})`,
    )
  }
}
