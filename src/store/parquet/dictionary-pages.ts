import { type Chunk, chunksOf, COLUMN, DICTIONARY_PAGE, FILE, PAGE } from './chunks.ts'
import { readPartTail } from './part-seal.ts'
import { integerOf, ThriftReader } from './thrift.ts'

/** What is read for the head of a page; one with long bounds in it needs more. */
const HEAD_BYTES = [1024, 1024 * 1024]

/** Fills its target from a position, and returns how many bytes there were. */
type Read = (target: Buffer, position: number) => Promise<number>

/**
 * The first column of a Parquet file that has more than one dictionary in a row group, which the format forbids. QuestDB
 * 9.3 writes such files: `/exp` puts all partitions into one row group, each column of VARCHAR with a dictionary for each
 * partition. DuckDB reads nulls for values then, without a word; other readers refuse them.
 *
 * @returns null where every column is as it should be
 * @throws RangeError, PartDamage where it is no whole Parquet file
 */
export async function columnOfDictionaries(read: Read, fileBytes: number): Promise<string | null> {
  const { footer } = await readPartTail(read, fileBytes)
  const rowGroups = new ThriftReader(footer).struct().get(FILE.rowGroups)
  if (rowGroups === undefined) return null
  const reader = new ThriftReader(rowGroups.bytes)
  for (let { count } = reader.listHeader(); count > 0; count--) {
    for (const chunk of chunksOf(reader.struct())) {
      if (await hasDictionaries(read, chunk)) return nameOf(chunk)
    }
  }
  return null
}

/** What is wrong with such a column, as words that can follow "because". */
export function manyDictionaries(column: string): string {
  return `its column "${column}" has several dictionaries in a row group, which the format forbids`
}

async function hasDictionaries(read: Read, { start, end }: Chunk): Promise<boolean> {
  let isFirst = true
  for (let position = start; position < end;) {
    const { type, bytes } = await readHead(read, position, end)
    if (type === DICTIONARY_PAGE && !isFirst) return true
    isFirst = false
    position += bytes
  }
  return false
}

/** @returns the type of a page, and how many bytes there are up to the next one */
async function readHead(
  read: Read,
  position: number,
  end: number,
): Promise<{ readonly type: number; readonly bytes: number }> {
  for (const length of HEAD_BYTES) {
    const head = Buffer.alloc(Math.min(length, end - position))
    await read(head, position)
    const reader = new ThriftReader(head)
    try {
      const fields = reader.struct()
      const storedBytes = integerOf(fields.get(PAGE.storedBytes))
      if (storedBytes < 0) throw new RangeError('A page has less than no bytes')
      return { type: integerOf(fields.get(PAGE.type)), bytes: reader.position + storedBytes }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  throw new RangeError('A page has no head')
}

/** The first step of its path. */
function nameOf({ fields }: Chunk): string {
  const path = fields.get(COLUMN.path)
  if (path === undefined) return ''
  const reader = new ThriftReader(path.bytes)
  reader.listHeader()
  return reader.text()
}
