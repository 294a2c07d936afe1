// Goal: a row group without its zstd is the same row group, to us and to everybody.
// Method: real parts of compressible and incompressible columns; the files made of their row groups are read by
// DuckDB, and the frames compared with those of the same part unsealed, which parquet-wasm decompresses itself.
import assert from 'node:assert/strict'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'

import { PlainRowGroups } from '../../../src/store/parquet/plain-row-groups.ts'
import { loadZstd } from '../../../src/zstd.ts'
import {
  field,
  queryDuckDb,
  readFrames,
  schemaOf,
  seal,
  sharedReader,
  type StoredColumn,
  temporaryFolder,
  writePart,
} from './support.ts'

const reader = sharedReader()
const long = { kind: 'int', bitWidth: 64, signed: true } as const
const double = { kind: 'float', bitWidth: 64 } as const

/** More than 14, from where on a Thrift list says its length in another way. */
const COLUMNS: StoredColumn[] = [
  { field: field('price', double), sql: '(100 + i % 997 * 0.01)::DOUBLE' },
  { field: field('noise', double), sql: 'random()' },
  { field: field('id', long), sql: 'i * 3' },
  { field: field('symbol', { kind: 'utf8' }), sql: `CASE i % 7 WHEN 0 THEN NULL ELSE 'SYM-' || i % 50 END` },
  { field: field('text', { kind: 'utf8' }), sql: `'the text of row ' || i` },
  { field: field('flag', { kind: 'bool' }), sql: 'i % 3 = 0' },
  {
    field: field('prices', { kind: 'list' }, { children: [field('item', double)] }),
    sql: '[(i % 10)::DOUBLE, i % 3]',
  },
  ...Array.from({ length: 10 }, (_, i) => ({ field: field(`n${i}`, long), sql: `(i // 100) % ${i + 7}` })),
]
const ROWS = 30_000
const ROW_GROUP_ROWS = 12_288

before(() => loadZstd())

test('DuckDB reads the file of each row group, and finds the same rows', async (t) => {
  const { path, bytes } = await part(join(await temporaryFolder(t), 'part.parquet'), COLUMNS)
  const plain = path.replace('part', 'plain')
  const rowGroups = new PlainRowGroups(footerOf(bytes))
  for (const index of [2, 0, 1]) {
    const pieces = rowGroups.read(index, (start, end) => bytes.subarray(start, end))
    assert.ok(pieces)
    await writeFile(plain, Buffer.concat(pieces))
    const [[codecs, unchanged]] = (await queryDuckDb(
      `SELECT list(DISTINCT compression ORDER BY compression),
         list(path_in_schema ORDER BY path_in_schema) FILTER (compression = 'ZSTD') FROM parquet_metadata('${plain}')`,
    )) as [[{ items: string[] }, { items: string[] }]]
    assert.deepEqual(codecs.items, ['UNCOMPRESSED', 'ZSTD'])
    assert.ok(unchanged.items.includes('noise') && !unchanged.items.includes('price'))
    const rows = `(FROM '${path}' LIMIT ${ROW_GROUP_ROWS} OFFSET ${index * ROW_GROUP_ROWS})`
    const [[differences]] = (await queryDuckDb(
      `SELECT count(*) FROM ((FROM ${rows} EXCEPT ALL FROM '${plain}') UNION ALL
         (FROM '${plain}' EXCEPT ALL FROM ${rows}))`,
    )) as [[bigint]]
    assert.equal(differences, 0n)
  }
})

test('the frames are those that parquet-wasm makes of the compressed part', async (t) => {
  const folder = await temporaryFolder(t)
  const { path } = await part(join(folder, 'part.parquet'), COLUMNS)
  const sealed = join(folder, 'sealed.parquet')
  await copyFile(path, sealed)
  await seal(sealed)
  const schema = schemaOf(COLUMNS)
  assert.deepEqual(await readFrames(reader, schema, sealed), await readFrames(reader, schema, path))
})

test('a row group that nothing is gained with is left alone', async (t) => {
  const columns = COLUMNS.filter((column) => column.field.name === 'noise')
  const { bytes } = await part(join(await temporaryFolder(t), 'part.parquet'), columns)
  assert.equal(
    new PlainRowGroups(footerOf(bytes)).read(0, (start, end) => bytes.subarray(start, end)),
    null,
  )
})

async function part(
  path: string,
  columns: readonly StoredColumn[],
): Promise<{ path: string; bytes: Buffer }> {
  await writePart(path, columns, { rows: ROWS, rowGroupRows: ROW_GROUP_ROWS, isSealed: false })
  return { path, bytes: await readFile(path) }
}

function footerOf(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.byteLength - 8 - bytes.readUInt32LE(bytes.byteLength - 8))
}
