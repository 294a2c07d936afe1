import {
  BLOCK_BYTES,
  type ValueHash,
  blockOf,
  blockPattern,
  openFilter,
  sealFilter,
} from '../value-filter.ts'
import type { Database } from './database.ts'

/** Its values are cast wherever they are read. */
export const FILTER_TABLE = 'sterna_filter_piece'

/**
 * Filters of the values of parts, cut into pieces that each fit a page of SQLite with their keys: of a longer value every
 * page before the wanted bytes would have to be read. Measured: 3 µs for a block out of 64 KiB, 25 µs out of one value.
 */
const PIECE_BLOCKS = 125

/** More than a filter has blocks: part and block go to SQLite as one number. */
const BLOCKS_MAX = 2 ** 16

/** A part with a filter of a column. */
export interface FilteredPart {
  readonly dataFileId: number
  /** Of its filter. */
  readonly blocks: number
}

export function writeFilter(db: Database, dataFileId: number, columnId: number, filter: Uint8Array): void {
  const blocks = filter.byteLength / BLOCK_BYTES
  // Nothing is lost but time: no part is left out by it.
  if (blocks >= BLOCKS_MAX) return
  for (let start = 0; start < blocks; start += PIECE_BLOCKS) {
    db.insert(FILTER_TABLE, {
      data_file_id: dataFileId,
      column_id: columnId,
      piece: start / PIECE_BLOCKS,
      blocks,
      bits: sealFilter(filter.subarray(start * BLOCK_BYTES, (start + PIECE_BLOCKS) * BLOCK_BYTES)),
    })
  }
}

/** The filters of a part, by column, without those of which bits have changed. */
export function readFilters(db: Database, dataFileId: number): ReadonlyMap<number, Uint8Array> {
  const rows = db.all<[number, ArrayBuffer]>(
    `SELECT CAST(column_id AS INTEGER), CAST(bits AS BLOB) FROM sterna_filter_piece
     WHERE data_file_id = ? ORDER BY column_id, piece`,
    dataFileId,
  )
  const filters = new Map<number, Buffer>()
  const bad = new Set<number>()
  for (const [columnId, sealed] of rows) {
    const bits = openFilter(Buffer.from(sealed))
    if (bits === null) bad.add(columnId)
    else filters.set(columnId, Buffer.concat([filters.get(columnId) ?? Buffer.of(), bits]))
  }
  for (const columnId of bad) filters.delete(columnId)
  return filters
}

/**
 * Of parts, those that can have a value, by what their filters of a column say. One that the catalog has forgotten
 * meanwhile can.
 */
export function partsWithValue(
  db: Database,
  columnId: number,
  parts: readonly FilteredPart[],
  hash: ValueHash,
): number[] {
  const places = parts.map(({ dataFileId, blocks }) => dataFileId * BLOCKS_MAX + blockOf(hash, blocks))
  const found = db.all<[number]>(
    `SELECT part.value / ${BLOCKS_MAX} FROM json_each(?) AS part
     LEFT JOIN sterna_filter_piece f ON f.data_file_id = part.value / ${BLOCKS_MAX} AND f.column_id = ?
       AND f.piece = part.value % ${BLOCKS_MAX} / ${PIECE_BLOCKS}
     WHERE f.bits IS NULL OR hex(substr(
       f.bits, 1 + ${BLOCK_BYTES} * (part.value % ${BLOCKS_MAX} % ${PIECE_BLOCKS}), ${BLOCK_BYTES})) GLOB ?`,
    JSON.stringify(places),
    columnId,
    blockPattern(hash),
  )
  return found.map(([dataFileId]) => dataFileId)
}

/** Cuts filters that an older version has stored as a whole. */
export function cutOldFilters(db: Database): void {
  if (db.get(`SELECT 1 FROM sqlite_master WHERE name = 'sterna_file_filter'`) === undefined) return
  for (const [rowId] of db.all<[number]>('SELECT rowid FROM sterna_file_filter')) {
    const sql = `SELECT CAST(data_file_id AS INTEGER), CAST(column_id AS INTEGER), CAST(bits AS BLOB)
      FROM sterna_file_filter WHERE rowid = ?`
    const row = db.get<[number, number, ArrayBuffer]>(sql, rowId)
    const filter = row && openFilter(Buffer.from(row[2]))
    if (filter) writeFilter(db, row[0], row[1], filter)
  }
  db.exec('DROP TABLE sterna_file_filter')
}
