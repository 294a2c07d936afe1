import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate as others } from 'node:timers/promises'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import { openFilter } from '../value-filter.ts'
import { copiedTables } from './copies.ts'
import { Database, damaged, quoted } from './database.ts'
import { shownName } from './names.ts'
import { FILTER_TABLE } from './part-filters.ts'

/** Something in the catalog that is not what was written. */
export interface CatalogDamage {
  /** The dataset that it says something of; null where that is none, or not to be told. */
  readonly ref: DatasetRef | null
  /** Where it stands, as words that can follow "in". */
  readonly place: string
  readonly cause: Error
}

interface Table {
  readonly name: string
  readonly hasRowid: boolean
}

/** What SQLite says of a table that is not as its indexes are. */
interface Difference {
  readonly table: string
  readonly text: string
}

/** Rows whose texts are looked at together; values of a column have 16 KiB at most. */
const TEXT_ROWS = 1000

/** Pieces of filters that are looked at together, each of 4 kB. */
const FILTER_ROWS = 1000

/** Most of a large catalog is what leaves parts out of queries: a start does not wait until that is compared. */
const OF_COLUMNS: ReadonlySet<string> = new Set([
  'ducklake_file_column_stats',
  'sterna_file_values',
  FILTER_TABLE,
])

/**
 * Makes sure of a file that cannot be opened that its header gives one version of its format: one with two SQLite takes
 * for busy, or for one that cannot be written.
 *
 * Source: SQLite, fileformat2.html, "File format version numbers".
 *
 * @throws {@link SternaError} DATA_CORRUPT
 */
export function assertHeader(path: string): void {
  const header = readHeader(path)
  const [write, read] = header.subarray(18)
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0' || write === read) return
  throw damaged('is damaged in its header', new Error(`Written by version ${write}, to be read by ${read}`))
}

/** Nothing of what is not there or cannot be read: SQLite tells of that. */
function readHeader(path: string): Buffer {
  const header = Buffer.alloc(20)
  try {
    const file = openSync(path, 'r')
    try {
      readSync(file, header)
    } finally {
      closeSync(file)
    }
  } catch {
    header.fill(0)
  }
  return header
}

/**
 * Makes sure that a catalog is as it was written.
 *
 * @param scope - `start`: but for what it says of the columns of parts
 * @throws {@link SternaError} DATA_CORRUPT, naming the first place that is not
 */
export function assertSound(db: Database, scope: 'all' | 'start'): void {
  for (const damage of findDamage(db, scope)) {
    if (damage === null) continue
    const { ref, place, cause } = damage
    const of = ref === null ? '' : `, of dataset "${shownName(ref)}"`
    throw damaged(`is damaged in ${place}${of}`, cause)
  }
}

/**
 * All places where the catalog in `path`, as it is on the disk, is not as it was written. Others run meanwhile.
 *
 * @throws {@link SternaError} DISK_FAILED; what the signal is aborted with
 */
export async function listDamage(path: string, signal: AbortSignal): Promise<CatalogDamage[]> {
  const found: CatalogDamage[] = []
  let db: Database | undefined
  try {
    // One that is open already has pages in memory.
    db = Database.open(path, 'wal')
    for (const damage of findDamage(db, 'all')) {
      if (damage !== null) found.push(damage)
      await others()
      signal.throwIfAborted()
    }
  } catch (error) {
    if (!(error instanceof SternaError) || error.code !== 'DATA_CORRUPT') throw error
    found.push({ ref: null, place: 'its structure', cause: error })
  } finally {
    db?.close()
  }
  return found
}

/**
 * Reads every page, and finds what is wrong with its structure, texts that are not UTF-8, rows that differ from their
 * copies, and large values that differ from their checksums.
 *
 * @returns null after some ms without damage
 */
function* findDamage(db: Database, scope: 'all' | 'start'): Generator<CatalogDamage | null> {
  const structure = db.get<[string]>('PRAGMA quick_check(1)')?.[0]
  if (structure !== 'ok') {
    yield { ref: null, place: 'its structure', cause: new Error(structure) }
    return
  }
  const master = { name: 'sqlite_master', hasRowid: true }
  // Before all that reads names of tables: the library ends the process at other texts than UTF-8.
  if (findBadText(db, master) !== undefined) {
    yield { ref: null, place: 'table sqlite_master', cause: new Error('It is not UTF-8') }
    return
  }
  const tables = tablesOf(db)
  const compared = tables.filter(({ name }) => scope === 'all' || !OF_COLUMNS.has(name))
  const differences: Difference[] = []
  for (const { name } of compared) {
    differences.push(...compareCopies(db, name))
    yield null
  }
  // Rows that are as their copies are as they were written.
  const copied = differences.length === 0 ? copiedTables(db) : new Set<string>()
  for (const table of tables) {
    // Filters are large, and cast to other types wherever they are read.
    if (table.name === FILTER_TABLE || (copied.has(table.name) && compared.includes(table))) continue
    const column = findBadText(db, table)
    yield null
    if (column === undefined) continue
    yield { ref: null, place: `table ${table.name}`, cause: new Error(`${column} is not UTF-8`) }
    return
  }
  yield* nameDifferences(db, differences)
  for (const { name } of compared) {
    if (name === 'sterna_arrow_schema') yield* compareSchemas(db)
    if (name === FILTER_TABLE) yield* compareFilters(db)
  }
}

function tablesOf(db: Database): Table[] {
  const tables = db.all<[string, number]>(
    "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema'",
  )
  return tables.map(([name, isWithoutRowid]) => ({ name, hasRowid: isWithoutRowid === 0 }))
}

/** @returns a column that has one */
function findBadText(db: Database, { name: table, hasRowid }: Table): string | undefined {
  const names = columnsOf(db, table)
  const texts = names.map((name) => {
    const column = quoted(name)
    return `CAST(group_concat(CASE WHEN typeof(${column}) = 'text' THEN ${column} END) AS BLOB)`
  })
  const all = `SELECT ${texts.join(', ')} FROM ${quoted(table)}`
  const badIn = (joined: readonly (ArrayBuffer | null)[] = []): string | undefined =>
    names.find((_, index) => !isUtf8(new Uint8Array(joined[index] ?? new ArrayBuffer(0))))
  // All texts of a large table are more than a value may have.
  if (!hasRowid) return badIn(db.get(all))
  for (const [after, last] of ranges(db, table, TEXT_ROWS)) {
    const bad = badIn(db.get(`${all} WHERE rowid > ? AND rowid <= ?`, after, last))
    if (bad !== undefined) return bad
  }
  return undefined
}

/** Reads no text of a row. */
function compareCopies(db: Database, table: string): Difference[] {
  const texts = db.all<[string]>(`PRAGMA integrity_check(${quoted(table)})`).map(([text]) => text)
  return texts.filter((text) => text !== 'ok').map((text) => ({ table, text }))
}

/** Each dataset is told of once for a table, and so is a table where its rows are of none. */
function* nameDifferences(db: Database, differences: readonly Difference[]): Generator<CatalogDamage> {
  const known = new Set<string>()
  for (const { table, text } of differences) {
    // Rows are counted there, in the order of the table.
    const row = /^row (\d+) missing/.exec(text)?.[1]
    const ref = row === undefined ? null : ownerOf(db, table, Number(row) - 1)
    const name = `${table}\0${ref === null ? '' : shownName(ref)}`
    if (!known.has(name)) yield { ref, place: `table ${table}`, cause: new Error(text) }
    known.add(name)
  }
}

function* compareSchemas(db: Database): Generator<CatalogDamage> {
  const sql = 'SELECT schema_id, hash, header FROM sterna_arrow_schema'
  for (const [id, hash, header] of db.all<[number, string, ArrayBuffer]>(sql)) {
    if (createHash('sha256').update(new Uint8Array(header)).digest('hex') === hash) continue
    const [tableId] =
      db.get<[number]>('SELECT table_id FROM sterna_table WHERE arrow_schema_id = ?', id) ?? []
    const cause = new Error(`Schema ${id} has another hash`)
    yield { ref: refOf(db, tableId), place: 'table sterna_arrow_schema', cause }
  }
}

function* compareFilters(db: Database): Generator<CatalogDamage | null> {
  for (const [after, last] of ranges(db, FILTER_TABLE, FILTER_ROWS)) {
    yield null
    const sql = `SELECT CAST(data_file_id AS INTEGER), CAST(bits AS BLOB) FROM ${FILTER_TABLE} WHERE rowid > ? AND rowid <= ?`
    for (const [fileId, bits] of db.all<[number, ArrayBuffer]>(sql, after, last)) {
      if (openFilter(Buffer.from(bits)) !== null) continue
      const cause = new Error(`A filter of file ${fileId} has another CRC`)
      yield { ref: refOf(db, tableOf(db, fileId)), place: `table ${FILTER_TABLE}`, cause }
    }
  }
}

/** The dataset that a row is of. @param place - of the row, from 0 */
function ownerOf(db: Database, table: string, place: number): DatasetRef | null {
  const columns = columnsOf(db, table)
  const owner = ['table_id', 'data_file_id'].find((name) => columns.includes(name))
  if (owner === undefined) return null
  const sql = `SELECT ${owner} FROM ${quoted(table)} NOT INDEXED LIMIT 1 OFFSET ?`
  const [id] = db.get<[number]>(sql, place) ?? []
  return refOf(db, owner === 'table_id' || id === undefined ? id : tableOf(db, id))
}

function tableOf(db: Database, dataFileId: number): number | undefined {
  const sql = 'SELECT table_id FROM ducklake_data_file WHERE data_file_id = ?'
  return db.get<[number]>(sql, dataFileId)?.[0]
}

function refOf(db: Database, tableId: number | undefined): DatasetRef | null {
  if (tableId === undefined) return null
  const row = db.get<[string, string]>(
    `SELECT s.schema_name, t.table_name FROM ducklake_table t JOIN ducklake_schema s USING (schema_id)
     WHERE t.table_id = ? ORDER BY t.begin_snapshot DESC`,
    tableId,
  )
  return row === undefined ? null : { schema: row[0], key: row[1] }
}

function columnsOf(db: Database, table: string): string[] {
  return db.all<[number, string]>(`PRAGMA table_info(${quoted(table)})`).map(([, name]) => name)
}

/** Ranges of so many rows each: after one rowid, up to another. */
function* ranges(db: Database, table: string, rows: number): Generator<[after: number, last: number]> {
  const some = `SELECT rowid FROM ${quoted(table)} WHERE rowid > ? ORDER BY rowid LIMIT ${rows}`
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const last = db.get<[number | null]>(`SELECT max(rowid) FROM (${some})`, after)?.[0] ?? null
    if (last === null) return
    yield [after, last]
    after = last
  }
}
