import { decodeZstdFrame } from '../../zstd.ts'
import { type Chunk, chunksOf, COLUMN, DICTIONARY_PAGE, CHUNK, FILE, PAGE, ROW_GROUP } from './chunks.ts'
import {
  encodeStruct,
  integerOf,
  integerValue,
  listValue,
  THRIFT,
  ThriftReader,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts'

/** What a column must say to be read: its type, encodings, path, codec, values, sizes and place. */
const COLUMN_FIELD_MAX = COLUMN.dictionaryOffset
/** A column that hardly became smaller is mostly blocks that zstd has left as they were: parquet-wasm is faster with it. */
const STORED_SHARE_MAX = 0.8

const PLAIN = 0
const ZSTD = 6
/** Pages that are compressed as a whole. */
const DATA_PAGE = 0

const MAGIC = Buffer.from('PAR1', 'latin1')

interface Page {
  /** As it goes before the decompressed page. */
  readonly header: Uint8Array
  readonly stored: Uint8Array
  readonly encodedBytes: number
}

/**
 * The row groups of a part, each as a Parquet file of its own without the zstd of columns that it has made smaller.
 *
 * The zstd in parquet-wasm takes seven times as long as native code, which was more than half of the time of reading
 * bars. Decompressed by a better build of it first, they take a third less CPU.
 */
export class PlainRowGroups {
  readonly #footer: Buffer
  readonly #fields: ThriftStruct
  /** Where the row groups are in the footer, those that were asked for and the one behind. */
  readonly #starts: number[]

  /** @param footer - the Thrift structure; what follows it does not matter */
  constructor(footer: Buffer) {
    this.#footer = footer
    this.#fields = new ThriftReader(footer).struct()
    const rowGroups = this.#fields.get(FILE.rowGroups)
    if (rowGroups === undefined) throw new RangeError('A Parquet footer has no row groups')
    const list = new ThriftReader(rowGroups.bytes)
    list.listHeader()
    this.#starts = [rowGroups.bytes.byteOffset - footer.byteOffset + list.position]
  }

  /**
   * @param read - the bytes of a range of the part, as a view
   * @returns the pieces of the file; null where that is not worthwhile
   */
  read(index: number, read: (start: number, end: number) => Buffer): Uint8Array[] | null {
    const rowGroup = this.#rowGroup(index)
    const chunks = chunksOf(rowGroup)
    if (!chunks.some(isWorthwhile)) return null
    const start = Math.min(...chunks.map((chunk) => chunk.start))
    const bytes = read(start, Math.max(...chunks.map((chunk) => chunk.end)))
    const pieces: Uint8Array[] = [MAGIC]
    let offset = MAGIC.byteLength
    const columns: Uint8Array[] = []
    for (const chunk of chunks) {
      const stored = bytes.subarray(chunk.start - start, chunk.end - start)
      const pages = isWorthwhile(chunk) ? plainPages(stored) : null
      columns.push(encodeColumn(chunk, offset, pages?.bytes ?? null))
      pieces.push(...(pages?.pieces ?? [stored]))
      offset += pages?.bytes ?? stored.byteLength
    }
    const groupFields = new Map(rowGroup).set(ROW_GROUP.columns, listValue(columns))
    const fileFields = new Map(this.#fields).set(FILE.rowGroups, listValue([encodeStruct(groupFields)]))
    const rows = rowGroup.get(ROW_GROUP.rows)
    if (rows !== undefined) fileFields.set(FILE.rows, rows)
    const footer = encodeStruct(fileFields)
    const footerLength = Buffer.alloc(4)
    footerLength.writeUInt32LE(footer.byteLength)
    return [...pieces, footer, footerLength, MAGIC]
  }

  #rowGroup(index: number): ThriftStruct {
    for (let known = this.#starts.length; known <= index; known++) {
      const reader = new ThriftReader(this.#footer, this.#starts[known - 1])
      reader.skip(THRIFT.struct)
      this.#starts.push(reader.position)
    }
    return new ThriftReader(this.#footer, this.#starts[index]).struct()
  }
}

function isWorthwhile({ fields }: Chunk): boolean {
  const [stored, encoded] = [COLUMN.storedBytes, COLUMN.encodedBytes].map((id) => integerOf(fields.get(id)))
  return integerOf(fields.get(COLUMN.codec)) === ZSTD && (stored ?? 0) < STORED_SHARE_MAX * (encoded ?? 0)
}

/** The pages of a column without compression, each after its header; null where they are not as DuckDB writes them. */
function plainPages(
  bytes: Buffer,
): { readonly pieces: readonly Uint8Array[]; readonly bytes: number } | null {
  const pieces: Uint8Array[] = []
  let length = 0
  for (let position = 0; position < bytes.byteLength;) {
    const page = readPage(bytes, position)
    const plain = page === null ? null : decodeZstdFrame(page.stored, page.encodedBytes)
    if (page === null || plain === null) return null
    pieces.push(page.header, plain)
    length += page.header.byteLength + plain.byteLength
    position = page.stored.byteOffset - bytes.byteOffset + page.stored.byteLength
  }
  return { pieces, bytes: length }
}

function readPage(bytes: Buffer, position: number): Page | null {
  const reader = new ThriftReader(bytes, position)
  const fields = reader.struct()
  const type = integerOf(fields.get(PAGE.type))
  if (type !== DATA_PAGE && type !== DICTIONARY_PAGE) return null
  const size = fields.get(PAGE.encodedBytes)
  if (size === undefined) return null
  const end = reader.position + integerOf(fields.get(PAGE.storedBytes))
  fields.set(PAGE.storedBytes, size)
  // Of the compressed bytes.
  fields.delete(PAGE.checksum)
  return {
    header: encodeStruct(fields),
    stored: bytes.subarray(reader.position, end),
    encodedBytes: integerOf(size),
  }
}

/** @param plainBytes - of its pages, where they are not compressed any more */
function encodeColumn({ fields }: Chunk, offset: number, plainBytes: number | null): Uint8Array {
  const place = integerValue(THRIFT.i64, offset)
  const column = new Map<number, ThriftValue>([...fields].filter(([id]) => id <= COLUMN_FIELD_MAX))
  if (plainBytes !== null) {
    column.set(COLUMN.codec, integerValue(THRIFT.i32, PLAIN))
    column.set(COLUMN.encodedBytes, integerValue(THRIFT.i64, plainBytes))
    column.set(COLUMN.storedBytes, integerValue(THRIFT.i64, plainBytes))
  }
  // The data pages follow the dictionary at once, so that only where the first page is matters to a reader.
  column.set(COLUMN.dataOffset, place)
  if (fields.has(COLUMN.dictionaryOffset)) column.set(COLUMN.dictionaryOffset, place)
  return encodeStruct(
    new Map([
      [CHUNK.offset, place],
      [CHUNK.column, { type: THRIFT.struct, bytes: encodeStruct(column) }],
    ]),
  )
}
