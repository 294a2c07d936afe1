import type { ColumnStats } from '../parts.ts'
import { type Column, isLeaf } from './columns.ts'
import type { Database } from './database.ts'
import type { NewPart } from './state.ts'
import { type ColumnSummary, EMPTY_SUMMARY, addToSummary, widestBounds } from './statistics.ts'

type StatsRow = readonly [
  rows: number,
  nullCount: number | null,
  min: string | null,
  max: string | null,
  containsNan: number | null,
]

/**
 * Brings the statistics of a table in step with its parts: every part that a kept snapshot names.
 *
 * Other engines take bounds as exact, and answer `min(column)` from them, where `record_count` is the number of rows
 * that the current snapshot has. So it is a sum over the same parts, and one more where a bound is not exact.
 *
 * @param added - when parts were only added: these; then the others need not be read again
 */
export function writeTableStats(
  db: Database,
  tableId: number,
  columns: readonly Column[],
  added: readonly NewPart[] | null,
): void {
  const [rows, fileBytes, nextRowId] = db.get<[number, number, number]>(
    `SELECT coalesce(sum(record_count), 0), coalesce(sum(file_size_bytes), 0),
       coalesce(max(coalesce(row_id_start, 0) + record_count), 0) FROM ducklake_data_file WHERE table_id = ?`,
    tableId,
  ) ?? [0, 0, 0]
  const stored = db.get<[number]>(
    'SELECT record_count FROM ducklake_table_stats WHERE table_id = ?',
    tableId,
  )?.[0]
  const addedRows = added?.reduce((sum, part) => sum + part.rows, 0) ?? 0
  // Another engine may have forgotten parts whose bounds are still in the sums.
  const isInStep = stored === rows - addedRows
  const news = isInStep ? (added?.map(newStats) ?? null) : null
  let isExact = true
  for (const column of columns.filter(isLeaf)) {
    const summary = withBounds(summarise(db, tableId, column, news), column.type)
    writeColumnStats(db, tableId, column.id, summary)
    const widest = widestBounds(column.type)
    if (summary.min === widest?.min && summary.max === widest.max) isExact = false
  }
  const recordCount = isExact ? rows : rows + 1
  const changed = db.run(
    `UPDATE ducklake_table_stats SET record_count = ?, file_size_bytes = ?, next_row_id = max(next_row_id, ?)
     WHERE table_id = ?`,
    recordCount,
    fileBytes,
    nextRowId,
    tableId,
  )
  if (changed === 0) {
    db.insert('ducklake_table_stats', {
      table_id: tableId,
      record_count: recordCount,
      next_row_id: nextRowId,
      file_size_bytes: fileBytes,
    })
  }
}

/** Widest bounds instead of none, but where no value has one. With a NaN among them nobody looks at bounds. */
function withBounds(summary: ColumnSummary, type: string): ColumnSummary {
  const isKnown = summary.min !== null && summary.max !== null
  return isKnown || !summary.hasValues || summary.containsNan === true
    ? summary
    : { ...summary, ...widestBounds(type) }
}

/** What an added part says of its columns, to be found by id: there may be thousands. */
interface NewStats {
  readonly rows: number
  readonly byColumn: ReadonlyMap<number, ColumnStats>
}

function newStats({ rows, columns }: NewPart): NewStats {
  return { rows, byColumn: new Map(columns.map((stats) => [stats.fieldId, stats])) }
}

function summarise(
  db: Database,
  tableId: number,
  column: Column,
  added: readonly NewStats[] | null,
): ColumnSummary {
  const known = added === null ? undefined : readSummary(db, tableId, column.id)
  if (added === null || known === undefined) {
    return readParts(db, tableId, column.id).reduce((sum, row) => addRow(sum, row, column), EMPTY_SUMMARY)
  }
  return added.reduce(
    (sum, { rows, byColumn }) =>
      addToSummary(sum, byColumn.get(column.id), rowsOf(rows, column), column.type),
    known,
  )
}

function addRow(summary: ColumnSummary, row: StatsRow, column: Column): ColumnSummary {
  const [rows, nullCount, min, max, containsNan] = row
  const nan = containsNan === null ? null : containsNan !== 0
  const stats = nullCount === null ? undefined : { nullCount, min, max, containsNan: nan }
  return addToSummary(summary, stats, rowsOf(rows, column), column.type)
}

/** What the table's row says, where that is enough to go on from: without bounds it may mean no values, or unknown. */
function readSummary(db: Database, tableId: number, columnId: number): ColumnSummary | undefined {
  const row = db.get<[number | null, number | null, string | null, string | null]>(
    `SELECT contains_null, contains_nan, min_value, max_value FROM ducklake_table_column_stats
     WHERE table_id = ? AND column_id = ?`,
    tableId,
    columnId,
  )
  if (row === undefined) return undefined
  const [containsNull, containsNan, min, max] = row
  if ((min === null || max === null) && containsNan !== 1) return undefined
  return {
    containsNull: containsNull === null ? null : containsNull !== 0,
    containsNan: containsNan === null ? null : containsNan !== 0,
    min,
    max,
    hasValues: true,
  }
}

function readParts(db: Database, tableId: number, columnId: number): StatsRow[] {
  return db.all<StatsRow>(
    `SELECT f.record_count, s.null_count, s.min_value, s.max_value, s.contains_nan
     FROM ducklake_data_file f
     LEFT JOIN ducklake_file_column_stats s
       ON s.data_file_id = f.data_file_id AND s.table_id = f.table_id AND s.column_id = ?
     WHERE f.table_id = ?`,
    columnId,
    tableId,
  )
}

function writeColumnStats(db: Database, tableId: number, columnId: number, summary: ColumnSummary): void {
  const { containsNull, containsNan, min, max } = summary
  const values = [toInteger(containsNull), toInteger(containsNan), min, max] as const
  const changed = db.run(
    `UPDATE ducklake_table_column_stats SET contains_null = ?, contains_nan = ?, min_value = ?, max_value = ?
     WHERE table_id = ? AND column_id = ?`,
    ...values,
    tableId,
    columnId,
  )
  if (changed > 0) return
  db.run(
    `INSERT INTO ducklake_table_column_stats(contains_null, contains_nan, min_value, max_value, table_id, column_id)
     VALUES (?, ?, ?, ?, ?, ?)`,
    ...values,
    tableId,
    columnId,
  )
}

function toInteger(value: boolean | null): number | null {
  return value === null ? null : Number(value)
}

function rowsOf(rows: number, column: Column): number | null {
  return column.parent === null ? rows : null
}
