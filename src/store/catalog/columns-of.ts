import type { Column } from './columns.ts'
import type { Database } from './database.ts'
import { LATEST, liveAt } from './live.ts'

/** The columns that a table has now, or had in a snapshot: parents before children, siblings in order. */
export function readColumns(db: Database, tableId: number, at: number = LATEST): Column[] {
  const rows = db.all<[number, number | null, string, string, number]>(
    `SELECT column_id, parent_column, column_name, column_type, nulls_allowed FROM ducklake_column
     WHERE table_id = ?2 AND ${liveAt('ducklake_column')} ORDER BY parent_column NULLS FIRST, column_order`,
    at,
    tableId,
  )
  return rows.map(([id, parent, name, type, nullable]) => ({
    id,
    parent,
    name,
    type,
    nullable: nullable !== 0,
  }))
}
