import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { ColumnStats } from '../parts.ts'
import type { Database } from './database.ts'
import { parseValues } from './part-bounds.ts'
import { readFilters } from './part-filters.ts'
import type { CatalogPart, NewPart } from './state.ts'
import { fromTimeText } from './time.ts'

/** What a commit did to a dataset. */
export type VersionChange =
  'created' | 'replaced' | 'appended' | 'rewritten' | 'deleted' | 'altered' | 'dropped'

/** One version of a dataset that can be read. */
export interface DatasetVersion {
  readonly version: number
  /** When it was committed, µs since 1970. */
  readonly timeUs: number
  readonly change: VersionChange
  readonly rows: number
  readonly parts: number
  readonly fileBytes: number
  /** Of whoever committed it; null without one. */
  readonly message: string | null
}

/** The tables that have, or had, a name in snapshots that are kept. */
const TABLES = `SELECT t.table_id, t.begin_snapshot, t.end_snapshot FROM ducklake_table t
  WHERE t.table_name = ?1 AND t.schema_id IN (SELECT schema_id FROM ducklake_schema WHERE schema_name = ?2)`

/**
 * The versions of a dataset that are kept, the newest first. The oldest one counts as of the oldest snapshot, where it
 * can be read, even if it was committed before that.
 *
 * @param limit - how many at most
 */
export function listVersions(db: Database, ref: DatasetRef, limit: number): DatasetVersion[] {
  const rows = db.all<[number, string, string | null, number, number, number, number, number, number]>(
    `WITH named AS (${TABLES}),
     oldest AS (SELECT min(snapshot_id) AS id FROM ducklake_snapshot),
     files AS (SELECT f.* FROM ducklake_data_file f JOIN (SELECT DISTINCT table_id FROM named) USING (table_id)),
     marks AS (
       SELECT begin_snapshot AS id FROM named UNION SELECT end_snapshot FROM named
       UNION SELECT begin_snapshot FROM files UNION SELECT end_snapshot FROM files
       UNION SELECT version FROM sterna_table WHERE table_id IN (SELECT table_id FROM named)
       UNION SELECT version FROM sterna_table_past WHERE table_id IN (SELECT table_id FROM named)),
     versions AS (
       SELECT max(marks.id, oldest.id) AS id, min(marks.id) AS first FROM marks, oldest
       WHERE marks.id IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT ?3)
     SELECT s.snapshot_id, s.snapshot_time, c.commit_message,
       (SELECT count(*) FROM named n WHERE n.begin_snapshot <= v.id AND (n.end_snapshot IS NULL OR n.end_snapshot > v.id)),
       (SELECT count(*) FROM named n WHERE n.begin_snapshot < v.id AND (n.end_snapshot IS NULL OR n.end_snapshot >= v.id)),
       (SELECT count(*) FROM files f WHERE f.begin_snapshot = v.id AND f.record_count > 0),
       (SELECT count(*) FROM files f WHERE f.end_snapshot = v.id),
       (SELECT coalesce(sum(record_count), 0) FROM files f
         WHERE f.begin_snapshot <= v.id AND (f.end_snapshot IS NULL OR f.end_snapshot > v.id)),
       instr(coalesce(c.changes_made, ''), 'merge_adjacent')
     FROM versions v JOIN ducklake_snapshot s ON s.snapshot_id = v.id
     LEFT JOIN ducklake_snapshot_changes c ON c.snapshot_id = v.id ORDER BY 1 DESC`,
    ref.key,
    ref.schema,
    limit,
  )
  return rows.map(([version, time, message, lives, lived, added, removed, rowCount, merged]) => {
    const [parts, fileBytes] = sizesAt(db, ref, version)
    return {
      version,
      timeUs: fromTimeText(time),
      change: changeOf({ lives, lived, added, removed, merged }),
      rows: rowCount,
      parts,
      fileBytes,
      message,
    }
  })
}

function sizesAt(db: Database, ref: DatasetRef, version: number): readonly [number, number] {
  const row = db.get<[number, number]>(
    `SELECT count(*), coalesce(sum(file_size_bytes), 0) FROM ducklake_data_file f
     WHERE f.table_id IN (SELECT table_id FROM (${TABLES}))
       AND f.begin_snapshot <= ?3 AND (f.end_snapshot IS NULL OR f.end_snapshot > ?3)`,
    ref.key,
    ref.schema,
    version,
  )
  return row ?? [0, 0]
}

function changeOf(counts: {
  readonly lives: number
  readonly lived: number
  readonly added: number
  readonly removed: number
  readonly merged: number
}): VersionChange {
  const { lives, lived, added, removed, merged } = counts
  if (lives === 0) return 'dropped'
  if (lived === 0) return 'created'
  if (removed > 0 && added > 0) return merged > 0 ? 'rewritten' : 'replaced'
  if (removed > 0) return 'deleted'
  return added > 0 ? 'appended' : 'altered'
}

/** Parts that the catalog has, as what can be committed once more under other names: with their statistics. */
export function newPartsOf(db: Database, parts: readonly CatalogPart[]): NewPart[] {
  return parts.map(({ dataFileId, version: _, ...part }) => {
    const sql = 'SELECT coalesce(footer_size, 0), mapping_id FROM ducklake_data_file WHERE data_file_id = ?'
    const [footerBytes = 0, mappingId] = db.get<[number, number | null]>(sql, dataFileId) ?? []
    const isForeign = typeof mappingId === 'number'
    return { ...part, footerBytes, columns: columnStats(db, dataFileId), isForeign }
  })
}

type StatsRow = readonly [
  columnId: number,
  bytes: number | null,
  nulls: number | null,
  min: string | null,
  max: string | null,
  containsNan: number | null,
  values: string | null,
]

function columnStats(db: Database, dataFileId: number): ColumnStats[] {
  const rows = db.all<StatsRow>(
    `SELECT s.column_id, s.column_size_bytes, s.null_count, s.min_value, s.max_value, s.contains_nan, v."values"
     FROM ducklake_file_column_stats s
     LEFT JOIN sterna_file_values v ON v.data_file_id = s.data_file_id AND v.column_id = s.column_id
     WHERE s.data_file_id = ?`,
    dataFileId,
  )
  const filters = readFilters(db, dataFileId)
  // Of a column without a count of nulls nothing is known.
  return rows
    .filter(([, , nullCount]) => nullCount !== null)
    .map(([fieldId, compressedBytes, nullCount, min, max, containsNan, values]) => {
      const filter = filters.get(fieldId)
      return {
        name: '',
        fieldId,
        nullCount: nullCount ?? 0,
        min,
        max,
        containsNan: containsNan === null ? null : containsNan !== 0,
        compressedBytes: compressedBytes ?? 0,
        ...(values !== null && { values: parseValues(values) }),
        ...(filter && { filter }),
      }
    })
}
