// Goal: dictionary-encoded columns come back with the index type that they had, whatever the row groups hold.
// Method: DuckDB stores their values; the frames that come back are counted, and parsed by another Arrow library.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Frame } from '../../../flight/frame.ts'
import { parseMessage } from '../../../flight/ipc/message.ts'
import {
  dictionaryField,
  field,
  sharedReader,
  type StoredColumn,
  readFrames,
  roundTrip,
  schemaOf,
  tableOf,
  temporaryFolder,
  valuesOf,
  writePart,
} from './support.ts'

const reader = sharedReader()

const INT8 = { bitWidth: 8, signed: true } as const
const UINT8 = { bitWidth: 8, signed: false } as const
const INT16 = { bitWidth: 16, signed: true } as const
const INT32 = { bitWidth: 32, signed: true } as const
const INT64 = { bitWidth: 64, signed: true } as const

test('row groups with one dictionary send it once', async (t) => {
  const column = { field: dictionaryField('c', { kind: 'utf8' }, INT32), sql: `'s' || i % 5` }
  const { frames, values } = await roundTrip(t, reader, [column], { rows: 10_000, rowGroupRows: 2048 })
  assert.deepEqual(countKinds(frames), { dictionary: 1, batch: 5 })
  assert.deepEqual(
    values('c'),
    rowsOf(10_000, (i) => `s${i % 5}`),
  )
})

test('a row group with new values sends a dictionary before its batch, to replace the last', async (t) => {
  const column = { field: dictionaryField('c', { kind: 'utf8' }, INT8, 7n), sql: `'s' || i // 1024` }
  const { frames, values } = await roundTrip(t, reader, [column], { rows: 6144, rowGroupRows: 2048 })
  assert.deepEqual(
    frames.map(({ kind }) => kind),
    ['dictionary', 'batch', 'dictionary', 'batch', 'dictionary', 'batch'],
  )
  for (const frame of frames.filter(({ kind }) => kind === 'dictionary')) {
    const message = parseMessage(frame.header)
    assert.deepEqual(message.kind === 'dictionary' && [message.id, message.isDelta], [7n, false])
  }
  assert.deepEqual(
    values('c'),
    rowsOf(6144, (i) => `s${Math.floor(i / 1024)}`),
  )
})

test('nulls stay nulls and are no value of the dictionary', async (t) => {
  const column = {
    field: dictionaryField('c', { kind: 'largeUtf8' }, INT16),
    sql: `nullif('s' || i % 3, 's1')`,
  }
  const { frames, values } = await roundTrip(t, reader, [column], { rows: 3000 })
  assert.deepEqual(
    values('c'),
    rowsOf(3000, (i) => (i % 3 === 1 ? null : `s${i % 3}`)),
  )
  const dictionary = frames
    .map(({ header }) => parseMessage(header))
    .find(({ kind }) => kind === 'dictionary')
  assert.equal(dictionary?.kind === 'dictionary' && dictionary.batch.rows, 2)
})

test('a dictionary grows: the last one gives every batch its values', async (t) => {
  const sql = `chr((ord('a') + (i // 512 * 7 + i % 3) % 20)::INTEGER)`
  const column = { field: dictionaryField('c', { kind: 'utf8' }, INT8), sql }
  const { frames } = await roundTrip(t, reader, [column], { rows: 16_384, rowGroupRows: 2048 })
  const dictionaries = frames.filter(({ kind }) => kind === 'dictionary')
  assert.ok(dictionaries.length > 1 && dictionaries.length < 8)
  const last = dictionaries.at(-1)
  assert.ok(last !== undefined)
  const batches = frames.filter(({ kind }) => kind === 'batch')
  const table = await tableOf(schemaOf([column]), [last, ...batches])
  assert.deepEqual(
    valuesOf(table, 'c'),
    rowsOf(16_384, (i) => String.fromCharCode(97 + ((Math.floor(i / 512) * 7 + (i % 3)) % 20))),
  )
})

test('columns that share a dictionary keep their values', async (t) => {
  const columns = [
    { field: dictionaryField('buyer', { kind: 'utf8' }, INT8, 3n), sql: `'b' || i // 1000` },
    { field: dictionaryField('seller', { kind: 'utf8' }, INT8, 3n), sql: `'s' || i % 7` },
    {
      field: field(
        'other',
        { kind: 'struct' },
        { children: [dictionaryField('name', { kind: 'utf8' }, INT8, 3n)] },
      ),
      sql: `{'name': 'b' || i % 4}`,
    },
  ]
  const { values } = await roundTrip(t, reader, columns, { rows: 9000, rowGroupRows: 2048 })
  assert.deepEqual(
    values('buyer'),
    rowsOf(9000, (i) => `b${Math.floor(i / 1000)}`),
  )
  assert.deepEqual(
    values('seller'),
    rowsOf(9000, (i) => `s${i % 7}`),
  )
  assert.deepEqual(
    values('other'),
    rowsOf(9000, (i) => ({ name: `b${i % 4}` })),
  )
})

test('columns that share a dictionary which cannot hold the values of both are refused', async (t) => {
  const columns = ['a', 'b'].map((name) => ({
    field: dictionaryField(name, { kind: 'utf8' }, INT8, 3n),
    sql: `'${name}' || i % 100`,
  }))
  await assert.rejects(roundTrip(t, reader, columns, { rows: 1000 }), {
    code: 'TYPE_UNSUPPORTED',
    message: /share a dictionary/,
  })
})

test('a dictionary of very many values is replaced, and sent again only where it differs', async (t) => {
  const columns = [
    { field: dictionaryField('same', { kind: 'utf8' }, INT32, 1n), sql: `'s' || i % 5000` },
    { field: dictionaryField('other', { kind: 'utf8' }, INT32, 2n), sql: `'o' || i` },
    { field: dictionaryField('few', { kind: 'utf8' }, INT32, 3n), sql: `'f' || i // 15000` },
  ]
  const { frames, values } = await roundTrip(t, reader, columns, { rows: 30_000, rowGroupRows: 10_240 })
  assert.deepEqual(
    values('same'),
    rowsOf(30_000, (i) => `s${i % 5000}`),
  )
  assert.deepEqual(
    values('other'),
    rowsOf(30_000, (i) => `o${i}`),
  )
  assert.deepEqual(
    values('few'),
    rowsOf(30_000, (i) => `f${Math.floor(i / 15_000)}`),
  )
  const counts = rowsOf(
    3,
    (id) =>
      frames.filter(({ header }) => {
        const message = parseMessage(header)
        return message.kind === 'dictionary' && message.id === BigInt(id + 1)
      }).length,
  )
  assert.deepEqual(counts.slice(1), [3, 2])
})

test('parts of different programs make one stream', async (t) => {
  const folder = await temporaryFolder(t)
  const column = (offset: number): StoredColumn => ({
    field: dictionaryField('c', { kind: 'largeUtf8' }, INT16),
    sql: `'v' || (i % 5 + ${offset})`,
  })
  await writePart(join(folder, 'a.parquet'), [column(0)], { rows: 100 })
  await writePart(join(folder, 'b.parquet'), [column(3)], { rows: 100, hasSchema: false })
  await writePart(join(folder, 'c.parquet'), [column(1)], { rows: 100 })
  const schema = schemaOf([column(0)])
  const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.parquet`))
  const table = await tableOf(schema, await readFrames(reader, schema, ...paths))
  assert.deepEqual(
    valuesOf(table, 'c'),
    [0, 3, 1].flatMap((offset) => rowsOf(100, (i) => `v${(i % 5) + offset}`)),
  )
})

test('an index type that is exactly full is read', async (t) => {
  const columns = [
    { field: dictionaryField('signed', { kind: 'utf8' }, INT8, 1n), sql: `'s' || i % 128` },
    { field: dictionaryField('unsigned', { kind: 'utf8' }, UINT8, 2n), sql: `'u' || i % 256` },
  ]
  const { frames, values } = await roundTrip(t, reader, columns, { rows: 10_000 })
  assert.deepEqual(countKinds(frames), { dictionary: 2, batch: 1 })
  assert.deepEqual(
    values('signed'),
    rowsOf(10_000, (i) => `s${i % 128}`),
  )
  assert.deepEqual(
    values('unsigned'),
    rowsOf(10_000, (i) => `u${i % 256}`),
  )
})

test('a row group with more values than its index counts is cut into frames that have fewer', async (t) => {
  const column = { field: dictionaryField('c', { kind: 'utf8' }, INT8), sql: `'s' || i // 20` }
  const { frames, values } = await roundTrip(t, reader, [column], { rows: 10_000 })
  const batches = frames.filter(({ kind }) => kind === 'batch')
  assert.ok(batches.length > 1 && batches.every(({ rows }) => rows <= 128 * 20 + 20))
  assert.deepEqual(
    values('c'),
    rowsOf(10_000, (i) => `s${Math.floor(i / 20)}`),
  )
})

test('one row with more values than its index counts is refused, and its column named', async (t) => {
  const item = dictionaryField('item', { kind: 'utf8' }, INT8)
  const column = {
    field: field('tags', { kind: 'list' }, { children: [item] }),
    sql: `list_transform(range(200), lambda x: 'v' || (x + i))`,
  }
  await assert.rejects(roundTrip(t, reader, [column], { rows: 3 }), {
    code: 'TYPE_UNSUPPORTED',
    message: `Column 'tags.item' has more distinct values in one row than its dictionary index can count`,
  })
})

test('dictionaries of other values than text are read', async (t) => {
  const columns = [
    {
      field: dictionaryField('int', { kind: 'int', bitWidth: 64, signed: true }, INT8, 1n),
      sql: 'i % 50 - 25',
    },
    {
      field: dictionaryField('day', { kind: 'date', unit: 'day' }, INT32, 2n),
      sql: `DATE '1970-01-01' + (i % 9)::INTEGER`,
    },
    {
      field: dictionaryField('second', { kind: 'timestamp', unit: 's', timezone: null }, INT8, 3n),
      sql: `make_timestamp_ms(i % 9 * 1000)::TIMESTAMP_MS`,
    },
    {
      field: dictionaryField('view', { kind: 'utf8View' }, INT8, 4n),
      sql: `repeat('long enough ', 2) || i % 4`,
    },
  ]
  const { values } = await roundTrip(t, reader, columns, { rows: 1000 })
  assert.deepEqual(
    values('int').map(Number),
    rowsOf(1000, (i) => (i % 50) - 25),
  )
  assert.deepEqual(
    values('day').map(Number),
    rowsOf(1000, (i) => (i % 9) * 86_400_000),
  )
  assert.deepEqual(
    values('second').map(Number),
    rowsOf(1000, (i) => (i % 9) * 1000),
  )
  assert.deepEqual(
    values('view'),
    rowsOf(1000, (i) => `long enough long enough ${i % 4}`),
  )
})

test('an index of 64 bits has codes of 64 bits', async (t) => {
  const column = { field: dictionaryField('c', { kind: 'utf8' }, INT64), sql: `'s' || i % 3` }
  const path = join(await temporaryFolder(t), 'part.parquet')
  await writePart(path, [column], { rows: 6 })
  const [dictionary, batch] = await readFrames(reader, schemaOf([column]), path)
  assert.equal(dictionary?.kind, 'dictionary')
  const message = parseMessage(batch?.header ?? new Uint8Array())
  const codes = message.kind === 'batch' ? message.batch.buffers[1] : undefined
  const body = Buffer.concat(batch?.body ?? []).subarray(
    codes?.offset,
    (codes?.offset ?? 0) + (codes?.length ?? 0),
  )
  assert.deepEqual(
    Array.from({ length: 6 }, (_, row) => body.readBigInt64LE(row * 8)),
    [0n, 1n, 2n, 0n, 1n, 2n],
  )
})

test('plain values of a part without its Arrow schema become a dictionary', async (t) => {
  const columns = [
    { field: dictionaryField('text', { kind: 'utf8' }, INT8, 1n), sql: `nullif('s' || i // 40, 's3')` },
    {
      field: dictionaryField('int', { kind: 'int', bitWidth: 32, signed: true }, INT8, 2n),
      sql: '(i % 5)::INTEGER',
    },
  ]
  const { values } = await roundTrip(t, reader, columns, { rows: 8000, rowGroupRows: 2048, hasSchema: false })
  assert.deepEqual(
    values('text'),
    rowsOf(8000, (i) => (Math.floor(i / 40) === 3 ? null : `s${Math.floor(i / 40)}`)),
  )
  assert.deepEqual(
    values('int'),
    rowsOf(8000, (i) => i % 5),
  )
})

function countKinds(frames: readonly Frame[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of frames) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

function rowsOf<T>(count: number, valueAt: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => valueAt(i))
}
