import { SternaError } from '../../errors.ts'
import type { PartBounds } from '../part-filter.ts'
import { type ValueHash, blockExpression, blockHas } from '../value-filter.ts'
import { type Database, damaged } from './database.ts'
import type { CatalogDataset, CatalogPart } from './state.ts'

/** Of a column in a part, with what only the catalog counts. */
interface StoredBounds extends PartBounds {
  /** Rows without a value; null where nobody has counted them. */
  readonly nulls: number | null
  /** Whether a filter tells more of its values. */
  readonly hasFilter: boolean
}

/** Bounds of one column, by part. */
interface ColumnBounds {
  readonly columnId: number
  /** In the words of DuckLake. */
  readonly type: string
  readonly byPart: Map<number, StoredBounds>
  newest: number
}

/** Columns that are held at once: the ones that queries ask for, of some hundred datasets. */
const COLUMNS_MAX = 1_000

/**
 * What the catalog says of the columns of parts, in memory from the first query on that asks for a column; parts that
 * come later are added. A part never changes, so that what is known of it stays true.
 */
export class PartBoundsIndex {
  readonly #db: Database
  /** By table and name, those that were asked for last at the end. */
  readonly #columns = new Map<string, ColumnBounds>()

  constructor(db: Database) {
    this.#db = db
  }

  /** @returns undefined where there is no such column at the top level */
  of({ tableId, parts }: CatalogDataset, column: string): ColumnBounds | undefined {
    const name = `${tableId}\0${column}`
    const bounds = this.#columns.get(name) ?? this.#open(tableId, column)
    if (bounds === undefined) return undefined
    this.#columns.delete(name)
    this.#columns.set(name, bounds)
    const [oldest] = this.#columns.keys()
    if (this.#columns.size > COLUMNS_MAX && oldest !== undefined) this.#columns.delete(oldest)
    const newest = parts.reduce((id, { dataFileId }) => Math.max(id, dataFileId), -1)
    if (newest > bounds.newest) this.#read(tableId, bounds, newest)
    return bounds
  }

  /** Of parts, those that surely have none of the values, by what their filters of a column say. */
  without(
    { columnId, byPart }: ColumnBounds,
    parts: readonly CatalogPart[],
    values: readonly ValueHash[],
  ): ReadonlySet<number> {
    let left = parts.flatMap(({ dataFileId: id }) => (byPart.get(id)?.hasFilter === true ? [id] : []))
    for (const hash of left.length === 0 ? [] : values) {
      // One block of a filter tells: the others stay in the catalog.
      const blocks = this.#db.all<[number, ArrayBuffer]>(
        `SELECT f.data_file_id, ${blockExpression('f.bits', '?')} FROM json_each(?) AS part
         CROSS JOIN sterna_file_filter f ON f.data_file_id = part.value AND f.column_id = ?`,
        hash.place,
        JSON.stringify(left),
        columnId,
      )
      left = blocks.flatMap(([id, block]) => (blockHas(Buffer.from(block), hash) ? [] : [id]))
    }
    return new Set(left)
  }

  #open(tableId: number, column: string): ColumnBounds | undefined {
    const row = this.#db.get<[number, string]>(
      `SELECT column_id, column_type FROM ducklake_column
       WHERE table_id = ? AND column_name = ? AND parent_column IS NULL AND end_snapshot IS NULL`,
      tableId,
      column,
    )
    return row && { columnId: row[0], type: row[1], byPart: new Map(), newest: -1 }
  }

  #read(tableId: number, bounds: ColumnBounds, newest: number): void {
    const rows = this.#db.all<
      [number, string | null, string | null, number | null, string | null, number | null, number]
    >(
      `SELECT s.data_file_id, s.min_value, s.max_value, s.contains_nan, v."values", s.null_count, f.rowid IS NOT NULL
       FROM ducklake_file_column_stats s
       LEFT JOIN sterna_file_values v ON v.data_file_id = s.data_file_id AND v.column_id = s.column_id
       LEFT JOIN sterna_file_filter f ON f.data_file_id = s.data_file_id AND f.column_id = s.column_id
       WHERE s.table_id = ? AND s.column_id = ? AND s.data_file_id > ?`,
      tableId,
      bounds.columnId,
      bounds.newest,
    )
    // Most parts of a dataset have the same few.
    const sets = new Map<string, ReadonlySet<string>>()
    const setOf = (json: string): ReadonlySet<string> => {
      const set = sets.get(json) ?? new Set(parseValues(json))
      sets.set(json, set)
      return set
    }
    for (const [id, min, max, containsNan, values, nulls, hasFilter] of rows) {
      bounds.byPart.set(id, {
        min,
        max,
        containsNan: containsNan === null ? null : containsNan !== 0,
        nulls,
        hasFilter: hasFilter !== 0,
        values: values === null ? null : setOf(values),
      })
    }
    bounds.newest = newest
  }
}

/** What `sterna_file_values` has of a column in a part. @throws DATA_CORRUPT */
export function parseValues(json: string): string[] {
  try {
    return JSON.parse(json) as string[]
  } catch (error) {
    throw damaged('is damaged in table sterna_file_values', SternaError.from(error))
  }
}
