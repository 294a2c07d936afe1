import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { type BoundTexts, type PartBounds, partBounds } from '../part-filter.ts'
import { afterOthers } from '../turns.ts'
import type { ValueHash } from '../value-filter.ts'
import { type Database, damaged } from './database.ts'
import { type FilteredPart, partsWithValue } from './part-filters.ts'
import type { CatalogDataset, CatalogPart } from './state.ts'

/** Of a column in a part. */
interface StoredBounds extends BoundTexts {
  /** What they compare as, with the values that are listed. */
  readonly keys: PartBounds
  /** Rows without a value; null where nobody has counted them. */
  readonly nulls: number | null
  /** Of the filter that tells more of its values; 0 where there is none. */
  readonly filterBlocks: number
}

/** In the order of parts; undefined where the catalog says nothing of one. */
type BoundsList = readonly (StoredBounds | undefined)[]

/** Bounds of one column, by part. */
interface ColumnBounds {
  readonly columnId: number
  /** In the words of DuckLake. */
  readonly type: string
  readonly byPart: Map<number, StoredBounds>
  /** The last part that was read. */
  newest: number
  /** Of lists of parts that were asked for, in their order. */
  readonly lists: WeakMap<readonly CatalogPart[], BoundsList>
  /** Most parts of a dataset have the same few values. */
  readonly sets: Map<string, ReadonlySet<string>>
}

/** Bounds of one column in the order of the parts of a dataset. */
export type ListedBounds = Pick<ColumnBounds, 'columnId' | 'type'> & { readonly list: BoundsList }

type BoundsRow = [
  number,
  string | null,
  string | null,
  number | null,
  string | null,
  number | null,
  number | null,
]

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

  /** The type of a column in the words of DuckLake; undefined where there is no such column at the top level. */
  typeOf(dataset: CatalogDataset, column: string): string | undefined {
    return this.#column(dataset, column)?.type
  }

  /** @returns undefined where there is no such column at the top level */
  of(dataset: CatalogDataset, column: string): ColumnBounds | undefined {
    const bounds = this.#column(dataset, column)
    const newest = newestOf(dataset.parts)
    while (bounds !== undefined && bounds.newest < newest) this.#readSome(dataset.tableId, bounds, newest)
    return bounds
  }

  /**
   * As {@link of}, with the bounds in the order of the parts. Others have their turns of the event loop: ten thousand
   * parts take 0.1 s to read.
   */
  async list(dataset: CatalogDataset, column: string): Promise<ListedBounds | undefined> {
    const bounds = this.#column(dataset, column)
    if (bounds === undefined) return undefined
    const { parts } = dataset
    const { columnId, type, byPart, lists } = bounds
    const known = lists.get(parts)
    if (known !== undefined) return { columnId, type, list: known }
    const newest = newestOf(parts)
    while (bounds.newest < newest) {
      this.#readSome(dataset.tableId, bounds, newest)
      await afterOthers()
    }
    this.#forgetGone(bounds, parts)
    const list: (StoredBounds | undefined)[] = []
    for (const { dataFileId } of parts) {
      if (list.push(byPart.get(dataFileId)) % LIMITS.turnParts === 0) await afterOthers()
    }
    lists.set(parts, list)
    return { columnId, type, list }
  }

  /** Of parts, by their places in a list, those that can have one of the values, by what their filters say. */
  async withOne(
    { columnId, list }: ListedBounds,
    { parts }: CatalogDataset,
    places: readonly number[],
    values: readonly ValueHash[],
  ): Promise<number[]> {
    const kept: number[] = []
    for (let start = 0; start < places.length; start += LIMITS.turnParts) {
      const some = places.slice(start, start + LIMITS.turnParts)
      let left: (FilteredPart & { readonly place: number })[] = []
      for (const place of some) {
        const [part, blocks] = [parts[place], list[place]?.filterBlocks ?? 0]
        if (part !== undefined && blocks > 0) left.push({ place, dataFileId: part.dataFileId, blocks })
      }
      const gone = new Set(left.map(({ place }) => place))
      for (const hash of values) {
        const found = new Set(partsWithValue(this.#db, columnId, left, hash))
        for (const { place, dataFileId } of left) if (found.has(dataFileId)) gone.delete(place)
        left = left.filter(({ place }) => gone.has(place))
        await afterOthers()
      }
      kept.push(...some.filter((place) => !gone.has(place)))
    }
    return kept
  }

  #column({ tableId }: CatalogDataset, column: string): ColumnBounds | undefined {
    const name = `${tableId}\0${column}`
    const bounds = this.#columns.get(name) ?? this.#open(tableId, column)
    if (bounds === undefined) return undefined
    this.#columns.delete(name)
    this.#columns.set(name, bounds)
    const [oldest] = this.#columns.keys()
    if (this.#columns.size > COLUMNS_MAX && oldest !== undefined) this.#columns.delete(oldest)
    return bounds
  }

  #open(tableId: number, column: string): ColumnBounds | undefined {
    const row = this.#db.get<[number, string]>(
      `SELECT column_id, column_type FROM ducklake_column
       WHERE table_id = ? AND column_name = ? AND parent_column IS NULL AND end_snapshot IS NULL`,
      tableId,
      column,
    )
    const [columnId, type] = row ?? []
    if (columnId === undefined || type === undefined) return undefined
    return { columnId, type, byPart: new Map(), newest: -1, lists: new WeakMap(), sets: new Map() }
  }

  /** Those of parts that are gone would add up. What came after these parts is of a later snapshot. */
  #forgetGone({ byPart }: ColumnBounds, parts: readonly CatalogPart[]): void {
    if (byPart.size <= 2 * parts.length + LIMITS.turnParts) return
    const live = new Set(parts.map(({ dataFileId }) => dataFileId))
    const newest = newestOf(parts)
    for (const id of byPart.keys()) if (id <= newest && !live.has(id)) byPart.delete(id)
  }

  #readSome(tableId: number, bounds: ColumnBounds, newest: number): void {
    const rows = this.#db.all<BoundsRow>(
      `SELECT s.data_file_id, s.min_value, s.max_value, s.contains_nan, v."values", s.null_count, CAST(f.blocks AS INTEGER)
       FROM ducklake_file_column_stats s
       LEFT JOIN sterna_file_values v ON v.data_file_id = s.data_file_id AND v.column_id = s.column_id
       LEFT JOIN sterna_filter_piece f ON f.data_file_id = s.data_file_id AND f.column_id = s.column_id AND f.piece = 0
       WHERE s.table_id = ? AND s.column_id = ? AND s.data_file_id > ? ORDER BY s.data_file_id LIMIT ${LIMITS.turnParts}`,
      tableId,
      bounds.columnId,
      bounds.newest,
    )
    for (const [id, min, max, nan, values, nulls, blocks] of rows) {
      const texts = { min, max, containsNan: nan === null ? null : nan !== 0 }
      const keys = partBounds(texts, values === null ? null : setOf(bounds, values), bounds.type)
      bounds.byPart.set(id, { ...texts, keys, nulls, filterBlocks: blocks ?? 0 })
      bounds.newest = id
    }
    // The last parts may have no statistics, or be forgotten already.
    if (rows.length < LIMITS.turnParts) bounds.newest = Math.max(bounds.newest, newest)
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

function newestOf(parts: readonly CatalogPart[]): number {
  let newest = -1
  for (const { dataFileId } of parts) newest = Math.max(newest, dataFileId)
  return newest
}

function setOf({ sets }: ColumnBounds, json: string): ReadonlySet<string> {
  const set = sets.get(json) ?? new Set(parseValues(json))
  sets.set(json, set)
  return set
}
