import { integerOf, ThriftReader, type ThriftStruct } from './thrift.ts'

/** Numbers of fields in Parquet's `parquet.thrift`. */
export const FILE = { rows: 3, rowGroups: 4 } as const
export const ROW_GROUP = { columns: 1, rows: 3 } as const
export const CHUNK = { offset: 2, column: 3 } as const
export const COLUMN = {
  path: 3,
  codec: 4,
  encodedBytes: 6,
  storedBytes: 7,
  dataOffset: 9,
  dictionaryOffset: 11,
} as const
export const PAGE = { type: 1, encodedBytes: 2, storedBytes: 3, checksum: 4 } as const

/** The type of a page with a dictionary. */
export const DICTIONARY_PAGE = 2

/** A column of a row group, with the bytes of its pages. */
export interface Chunk {
  readonly fields: ThriftStruct
  readonly start: number
  readonly end: number
}

/** The columns of a row group, in file order. @throws RangeError where it is none */
export function chunksOf(rowGroup: ThriftStruct): Chunk[] {
  const columns = rowGroup.get(ROW_GROUP.columns)
  if (columns === undefined) throw new RangeError('A row group has no columns')
  const reader = new ThriftReader(columns.bytes)
  const { count } = reader.listHeader()
  return Array.from({ length: count }, () => {
    const column = reader.struct().get(CHUNK.column)
    if (column === undefined) throw new RangeError('A column of a row group has no metadata')
    const fields = new ThriftReader(column.bytes).struct()
    const dictionary = fields.get(COLUMN.dictionaryOffset)
    const start = integerOf(dictionary ?? fields.get(COLUMN.dataOffset))
    return { fields, start, end: start + integerOf(fields.get(COLUMN.storedBytes)) }
  })
}
