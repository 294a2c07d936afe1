// Goal: a part whose bytes are not those that were written is refused by name, never read as something else, and
// neither the worker nor other readers suffer from it.
// Method: real parts with one byte changed, cut or gone; read by real workers.
import assert from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { NodeDisk } from '../../../src/store/disk/node-disk.ts'
import {
  checkBlocks,
  PartDamage,
  readPartNotes,
  readPartTail,
  sealPart,
} from '../../../src/store/parquet/part-seal.ts'
import {
  field,
  parquetReader,
  sharedReader,
  queryDuckDb,
  readFrames,
  schemaOf,
  seal,
  temporaryFolder,
  writePart,
} from './support.ts'

const reader = sharedReader()

const COLUMNS = [
  { field: field('id', { kind: 'int', bitWidth: 64, signed: true }), sql: 'i * 7919 % 1000003' },
  { field: field('price', { kind: 'float', bitWidth: 64 }), sql: 'random()' },
] as const
const SCHEMA = schemaOf(COLUMNS)
const ROWS = 40_000

test('any byte of a sealed part that changes is noticed', async (t) => {
  const path = await part(t)
  const reader = parquetReader(t, { workersMax: 1 })
  const good = await readFile(path)
  assert.ok(good.byteLength > 3 * 65_536)
  // In the data, in the checksums, in the footer, in its length and in the magic.
  const trailerStart = good.byteLength - 8 - good.readUInt32LE(good.byteLength - 8) - 24
  const positions = [
    4,
    70_000,
    200_000,
    trailerStart - 3,
    trailerStart + 9,
    trailerStart + 40,
    good.byteLength - 7,
    good.byteLength - 1,
  ]
  for (const position of positions) {
    const bad = Buffer.from(good)
    bad.writeUInt8(bad.readUInt8(position) ^ 0x10, position)
    await writeFile(path, bad)
    await assert.rejects(readFrames(reader, SCHEMA, path), {
      code: 'DATA_CORRUPT',
      message: /^Part part\.parquet is damaged: /,
    })
  }
  await writeFile(path, good)
  assert.ok((await readFrames(reader, SCHEMA, path)).length > 0)
})

test('the message says from which byte on the data differs, and nothing of the folder', async (t) => {
  const path = await part(t)
  const bytes = await readFile(path)
  bytes.writeUInt8(bytes.readUInt8(70_000) ^ 1, 70_000)
  await writeFile(path, bytes)
  await assert.rejects(readFrames(reader, SCHEMA, path), {
    code: 'DATA_CORRUPT',
    message: 'Part part.parquet is damaged: its bytes from 65536 on are not those that were written',
  })
})

test('a part that is missing, empty or cut short is refused', async (t) => {
  const path = await part(t)
  await assert.rejects(readFrames(reader, SCHEMA, join(path, '..', 'gone.parquet')), {
    code: 'DATA_CORRUPT',
    message: 'Part gone.parquet is missing',
  })
  for (const bytes of [150_000, 12, 3, 0]) {
    await truncate(path, bytes)
    await assert.rejects(readFrames(reader, SCHEMA, path), {
      code: 'DATA_CORRUPT',
      message: /^Part part\.parquet /,
    })
    await assert.rejects(reader.readPartMetadata(path), {
      code: 'DATA_CORRUPT',
      message: /^Part part\.parquet /,
    })
  }
})

test('a part of another program that cannot be decoded is refused, and takes no other read with it', async (t) => {
  const bad = await part(t, false)
  const good = await part(t, false)
  const bytes = await readFile(bad)
  // Within the page headers of the first column.
  bytes.fill(0xff, 4, 40)
  await writeFile(bad, bytes)
  const reader = parquetReader(t, { workersMax: 1 })
  const reads = [good, bad, good, bad, good].map((path) => readFrames(reader, SCHEMA, path))
  const outcomes = await Promise.allSettled(reads)
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  )
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      assert.match(String(outcome.reason), /Part part\.parquet is damaged: it cannot be decoded/)
  }
})

test('frames before the damage arrive, then the error, once', async (t) => {
  const path = await part(t)
  const bytes = await readFile(path)
  const position = Math.floor(bytes.byteLength * 0.8)
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position)
  await writeFile(path, bytes)
  const frames = reader.readParts({ schema: SCHEMA, paths: [path] })
  let rows = 0
  await assert.rejects(
    async () => {
      for await (const frame of frames) rows += frame.rows
    },
    { code: 'DATA_CORRUPT' },
  )
  assert.ok(rows > 0 && rows < ROWS)
  assert.deepEqual(await frames.next(), { done: true, value: undefined })
})

test('a file that is gone while it is read is read to its end', async (t) => {
  const path = await part(t)
  const frames = parquetReader(t, { workersMax: 1 }).readParts({ schema: SCHEMA, paths: [path] })
  let rows = (await frames.next()).value?.rows ?? 0
  await new NodeDisk().unlink(path)
  for await (const frame of frames) rows += frame.rows
  assert.equal(rows, ROWS)
})

test('a sealed part is the same Parquet file for others', async (t) => {
  const path = await part(t, false)
  const before = await queryDuckDb(`SELECT count(*), sum(id), min(price), max(price) FROM '${path}'`)
  const size = (await readFile(path)).byteLength
  await seal(path)
  assert.ok((await readFile(path)).byteLength > size)
  assert.deepEqual(
    await queryDuckDb(`SELECT count(*), sum(id), min(price), max(price) FROM '${path}'`),
    before,
  )
})

test('sealing again changes nothing', async (t) => {
  const path = await part(t)
  const before = await readFile(path)
  await seal(path)
  assert.ok(before.equals(await readFile(path)))
})

test('what is no Parquet file is not sealed', async (t) => {
  const path = join(await temporaryFolder(t), 'text.parquet')
  await writeFile(path, 'this is a text, and a rather long one')
  const file = await new NodeDisk().open(path, 'update')
  t.after(() => file.close())
  await assert.rejects(sealPart(file), PartDamage)
})

for (const dataBytes of [65_535, 65_536, 65_537, 131_072]) {
  test(`${dataBytes} bytes of data are sealed to the last byte`, async (t) => {
    const path = join(await temporaryFolder(t), 'part.parquet')
    const footer = Buffer.from('a footer')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(footer.byteLength)
    await writeFile(path, Buffer.concat([Buffer.alloc(dataBytes, 7), footer, length, Buffer.from('PAR1')]))
    await seal(path)
    const bytes = await readFile(path)
    const read = (target: Buffer, position: number): number => bytes.copy(target, 0, position)
    const { seal: found } = await readPartTail(read, bytes.byteLength)
    assert.ok(found !== null)
    assert.equal(found.dataBytes, dataBytes)
    checkBlocks(found, bytes.subarray(0, dataBytes), 0)
    bytes.writeUInt8(8, dataBytes - 1)
    assert.throws(() => {
      checkBlocks(found, bytes.subarray(0, dataBytes), 0)
    }, PartDamage)
  })
}

test('notes behind the data are read again, and a changed one is found', async (t) => {
  const path = await part(t, false)
  const notes = Buffer.from('what there is to say')
  const file = await new NodeDisk().open(path, 'update')
  t.after(() => file.close())
  await sealPart(file, notes)
  assert.deepEqual(await readPartNotes(file), notes)
  const bytes = await readFile(path)
  const { seal: found } = await readPartTail(
    (target, position) => bytes.copy(target, 0, position),
    bytes.byteLength,
  )
  assert.ok(found !== null)
  // The checksums of all data cover them, too.
  const start = Math.floor(bytes.indexOf(notes) / found.blockBytes) * found.blockBytes
  checkBlocks(found, bytes.subarray(start, found.dataBytes), start)
  await file.write([Buffer.from('W')], bytes.indexOf(notes))
  await assert.rejects(readPartNotes(file), PartDamage)
})

test('a part without notes has none', async (t) => {
  const file = await new NodeDisk().open(await part(t), 'read')
  t.after(() => file.close())
  assert.equal(await readPartNotes(file), null)
})

async function part(t: TestContext, isSealed = true): Promise<string> {
  const path = join(await temporaryFolder(t), 'part.parquet')
  assert.equal(basename(path), 'part.parquet')
  await writePart(path, COLUMNS, { rows: ROWS, rowGroupRows: 2048, isSealed })
  return path
}
