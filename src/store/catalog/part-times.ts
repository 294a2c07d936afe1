import type { Database } from './database.ts'

/** The times that the rows of a part have in one column, µs since 1970; infinite where nothing says how far they go. */
export interface PartTimes {
  readonly dataFileId: number
  readonly minUs: number
  readonly maxUs: number
  readonly hasNulls: boolean
}

type Row = readonly [
  dataFileId: number,
  rows: number,
  nulls: number | null,
  min: string | null,
  max: string | null,
]

/**
 * The times of the parts of a table that are or were there, as the statistics have them.
 *
 * @param column - of a date or timestamp type
 * @param after - only parts of later snapshots
 */
export function readPartTimes(db: Database, tableId: number, column: string, after = -1): PartTimes[] {
  const rows = db.all<Row>(
    `SELECT f.data_file_id, f.record_count, s.null_count, s.min_value, s.max_value
     FROM ducklake_data_file f
     LEFT JOIN ducklake_column c ON c.table_id = f.table_id AND c.column_name = ? AND c.parent_column IS NULL
       AND c.end_snapshot IS NULL
     LEFT JOIN ducklake_file_column_stats s ON s.data_file_id = f.data_file_id AND s.column_id = c.column_id
     WHERE f.table_id = ? AND f.begin_snapshot > ?`,
    column,
    tableId,
    after,
  )
  return rows.map(([dataFileId, count, nulls, min, max]) => ({
    dataFileId,
    ...timesOf(count, nulls, min, max),
  }))
}

/** As {@link readPartTimes}, of a part by what its statistics say. */
export function timesOf(
  rows: number,
  nullCount: number | null,
  min: string | null,
  max: string | null,
): Omit<PartTimes, 'dataFileId'> {
  if (nullCount === rows) return { minUs: Infinity, maxUs: -Infinity, hasNulls: rows > 0 }
  const minUs = min === null ? null : instantOf(min)
  const maxUs = max === null ? null : instantOf(max)
  // Nanoseconds are cut off: what is later than the largest µs is later by less than one.
  return {
    minUs: minUs ?? -Infinity,
    maxUs: maxUs === null ? Infinity : maxUs + 1,
    hasNulls: nullCount !== 0,
  }
}

const INSTANT = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:\+00)?)?$/

/** A date or a time as DuckDB prints it, in µs since 1970; null for what is too far from now to be told. */
function instantOf(text: string): number | null {
  if (text === 'infinity') return Infinity
  if (text === '-infinity') return -Infinity
  const [, date, time = '00:00:00', fraction = ''] = INSTANT.exec(text) ?? []
  if (date === undefined) return null
  const us = Date.parse(`${date}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
  return Number.isSafeInteger(us) ? us : null
}
