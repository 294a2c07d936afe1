/** As the snapshot `?1`: what is live in the transaction of a commit. */
export const LATEST = Number.MAX_SAFE_INTEGER

/** True in SQL for a row of a table, by its name or alias, that snapshot `?1` has. */
export function liveAt(table: string): string {
  return `(${table}.begin_snapshot <= ?1 AND (${table}.end_snapshot IS NULL OR ${table}.end_snapshot > ?1))`
}
