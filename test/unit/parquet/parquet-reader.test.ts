// Goal: parts are read in order, lazily, in frames of the right size, by readers that share the workers and may leave.
// Method: real parts and real workers; what a read has not reached yet is damaged under it, to see how far it is.
import assert from 'node:assert/strict'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { LIMITS } from '../../../src/limits.ts'
import {
  field,
  parquetReader,
  sharedReader,
  type PartOptions,
  queryDuckDb,
  readFrames,
  schemaOf,
  tableOf,
  temporaryFolder,
  valuesOf,
  writePart,
} from './support.ts'

const reader = sharedReader()

const COLUMNS = [
  { field: field('id', { kind: 'int', bitWidth: 64, signed: true }), sql: 'i' },
  { field: field('price', { kind: 'float', bitWidth: 64 }), sql: '(i * 7919 % 100003) / 100' },
  { field: field('symbol', { kind: 'utf8' }), sql: `'SYM' || i % 8` },
] as const
const SCHEMA = schemaOf(COLUMNS)

test('300,000 rows in three row groups come back in order, as DuckDB reads them', async (t) => {
  const path = await part(t, { rows: 300_000 })
  const frames = await readFrames(reader, SCHEMA, path)
  const table = await tableOf(SCHEMA, frames)
  assert.equal(table.numRows, 300_000)
  assert.ok(valuesOf(table, 'id').every((id, i) => id === BigInt(i)))
  const sum = valuesOf(table, 'price').reduce<number>(
    (total, price) => total + Math.round((price as number) * 100),
    0,
  )
  const [[expected]] = (await queryDuckDb(`SELECT sum(round(price * 100))::BIGINT FROM '${path}'`)) as [
    [unknown],
  ]
  assert.equal(BigInt(sum), expected)
})

test('a frame has at most 65,536 rows and its message stays under the target', async (t) => {
  const path = join(await temporaryFolder(t), 'wide.parquet')
  const columns = [
    ...COLUMNS,
    { field: field('text', { kind: 'utf8' }), sql: `repeat('x', (i % 200)::INTEGER)` },
  ]
  await writePart(path, columns, { rows: 100_000 })
  const frames = await readFrames(reader, schemaOf(columns), path)
  assert.ok(
    frames.every(
      ({ rows, byteLength }) => rows <= LIMITS.frameRowsTarget && byteLength <= LIMITS.frameBytesTarget,
    ),
  )
  assert.equal(
    frames.reduce((sum, { rows }) => sum + rows, 0),
    100_000,
  )
})

test('a value larger than the target has a frame of its own', async (t) => {
  const path = join(await temporaryFolder(t), 'huge.parquet')
  const columns = [
    { field: field('text', { kind: 'utf8' }), sql: `repeat('x', CASE WHEN i = 5 THEN 3000000 ELSE 10 END)` },
  ]
  await writePart(path, columns, { rows: 10 })
  const frames = await readFrames(reader, schemaOf(columns), path)
  const large = frames.filter(({ byteLength }) => byteLength > LIMITS.frameBytesTarget)
  assert.deepEqual(
    large.map(({ rows }) => rows),
    [1],
  )
})

test('several parts follow one another, those without rows among them', async (t) => {
  const folder = await temporaryFolder(t)
  const paths: string[] = []
  for (const rows of [100, 0, 5000, 1]) {
    const path = join(folder, `${paths.length}.parquet`)
    await writePart(path, COLUMNS, { rows, rowGroupRows: 2048 })
    paths.push(path)
  }
  const table = await tableOf(SCHEMA, await readFrames(reader, SCHEMA, ...paths))
  const expected = [100, 0, 5000, 1].flatMap((rows) => Array.from({ length: rows }, (_, i) => BigInt(i)))
  assert.deepEqual(valuesOf(table, 'id'), expected)
})

test('no parts give no frames', async () => {
  assert.deepEqual(await readFrames(reader, SCHEMA), [])
})

test('columns go by name: a part may have them in another order, and more of them', async (t) => {
  const path = join(await temporaryFolder(t), 'other.parquet')
  await writePart(path, [...COLUMNS].reverse(), { rows: 10 })
  const schema = schemaOf(COLUMNS.slice(0, 2))
  const table = await tableOf(schema, await readFrames(reader, schema, path))
  assert.deepEqual(
    valuesOf(table, 'id'),
    Array.from({ length: 10 }, (_, i) => BigInt(i)),
  )
})

test('a part without a column of the schema is refused, and both are named', async (t) => {
  const path = await part(t, { rows: 10 })
  const schema = schemaOf([...COLUMNS, { field: field('volume', { kind: 'float', bitWidth: 64 }) }])
  await assert.rejects(readFrames(reader, schema, path), {
    code: 'DATA_CORRUPT',
    message: `Part part.parquet has no column 'volume'`,
  })
})

test('a column of a type that cannot become that of the schema is refused by name', async (t) => {
  const path = await part(t, { rows: 10 })
  const schema = schemaOf([{ field: field('symbol', { kind: 'int', bitWidth: 32, signed: true }) }])
  await assert.rejects(readFrames(reader, schema, path), {
    code: 'TYPE_UNSUPPORTED',
    message: `Column 'symbol' is int (bitWidth 32, signed true), its part has utf8`,
  })
})

test('a value that the type of the schema has no room for is refused, not altered', async (t) => {
  const path = await part(t, { rows: 200, hasSchema: false })
  const schema = schemaOf([{ field: field('id', { kind: 'int', bitWidth: 8, signed: true }) }])
  await assert.rejects(readFrames(reader, schema, path), {
    code: 'DATA_CORRUPT',
    message: `Column 'id' has a value in its part that int (bitWidth 8, signed true) cannot hold`,
  })
})

test('a reader that takes few frames decodes few row groups', async (t) => {
  const path = await part(t, { rows: 40_000, rowGroupRows: 2048 })
  const frames = reader.readParts({ schema: SCHEMA, paths: [path] })
  await frames.next()
  await zeroOut(path, 0.6)
  await assert.rejects(
    async () => {
      for await (const frame of frames) assert.equal(frame.kind, 'batch')
    },
    { code: 'DATA_CORRUPT' },
  )
})

test('more readers than workers all get their frames', async (t) => {
  const path = await part(t, { rows: 20_000, rowGroupRows: 2048 })
  const reader = parquetReader(t, { workersMax: 2 })
  const reads = Array.from({ length: 6 }, () => readFrames(reader, SCHEMA, path))
  const rows = (await Promise.all(reads)).map((frames) => frames.reduce((sum, frame) => sum + frame.rows, 0))
  assert.deepEqual(rows, [20_000, 20_000, 20_000, 20_000, 20_000, 20_000])
})

test('a reader that stands still holds up no other', async (t) => {
  const path = await part(t, { rows: 20_000, rowGroupRows: 2048 })
  const reader = parquetReader(t, { workersMax: 1 })
  const still = reader.readParts({ schema: SCHEMA, paths: [path] })
  await still.next()
  assert.equal((await readFrames(reader, SCHEMA, path)).length, 10)
  await still.return()
})

test('an aborted read rejects at once with CANCELLED, the workers go on', async (t) => {
  const path = await part(t, { rows: 40_000, rowGroupRows: 2048 })
  const controller = new AbortController()
  const frames = reader.readParts({ schema: SCHEMA, paths: [path], signal: controller.signal })
  await frames.next()
  controller.abort()
  await assert.rejects(frames.next(), { code: 'CANCELLED' })
  assert.deepEqual(await frames.next(), { done: true, value: undefined })
  await assert.rejects(
    reader.readParts({ schema: SCHEMA, paths: [path], signal: AbortSignal.abort() }).next(),
    {
      code: 'CANCELLED',
    },
  )
  assert.equal((await readFrames(reader, SCHEMA, path)).length, 20)
})

test('a read that its consumer leaves frees what it held', async (t) => {
  const path = await part(t, { rows: 40_000, rowGroupRows: 2048 })
  for await (const frame of reader.readParts({ schema: SCHEMA, paths: [path] })) {
    if (frame.kind === 'batch') break
  }
  assert.equal((await readFrames(reader, SCHEMA, path)).length, 20)
})

test('closing rejects reads under way and those that come after', async (t) => {
  const path = await part(t, { rows: 40_000, rowGroupRows: 2048 })
  const reader = parquetReader(t)
  const frames = reader.readParts({ schema: SCHEMA, paths: [path] })
  await frames.next()
  const rest = (async () => {
    for await (const frame of frames) assert.ok(frame.rows > 0)
  })()
  await Promise.all([assert.rejects(rest, { code: 'SERVER_STOPPING' }), reader.close()])
  await assert.rejects(readFrames(reader, SCHEMA, path), { code: 'SERVER_STOPPING' })
})

test('a module that has grown over its limit is replaced between row groups, unnoticed', async (t) => {
  const path = await part(t, { rows: 10_000, rowGroupRows: 2048 })
  const frames = await readFrames(parquetReader(t, { workersMax: 1, wasmBytesMax: 1 }), SCHEMA, path)
  assert.equal(
    frames.reduce((sum, { rows }) => sum + rows, 0),
    10_000,
  )
})

test('the footer tells rows, metadata and sizes', async (t) => {
  const path = await part(t, {
    rows: 5000,
    rowGroupRows: 2048,
    metadata: { 'sterna:key': 'BTC_USD', 'sterna:schema': 'main' },
  })
  const footer = await reader.readPartMetadata(path)
  assert.equal(footer.rows, 5000)
  assert.equal(footer.metadata.get('sterna:key'), 'BTC_USD')
  assert.ok(footer.metadata.has('ARROW:schema'))
  assert.deepEqual(
    footer.rowGroups.map(({ rows }) => rows),
    [2048, 2048, 904],
  )
  assert.deepEqual(
    footer.rowGroups[0]?.columns.map((column) => column.path),
    [['id'], ['price'], ['symbol']],
  )
  const bytes = await readFile(path)
  assert.equal(footer.fileBytes, bytes.byteLength)
  assert.equal(footer.footerBytes, bytes.readUInt32LE(bytes.byteLength - 8))
})

async function part(t: TestContext, options: PartOptions): Promise<string> {
  const path = join(await temporaryFolder(t), 'part.parquet')
  await writePart(path, COLUMNS, options)
  return path
}

/** Overwrites what stands at a share of a file's length. */
async function zeroOut(path: string, share: number): Promise<void> {
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  await file.write(Buffer.alloc(64), 0, 64, Math.floor(size * share))
  await file.close()
}
