// Goal: what a client asks of the lake is answered from one snapshot, in the types it was told, and every way a
// query can end gives back what it held.
// Method: an engine over real parts, written from frames of every type; results are compared with the frames that
// were stored, and the lake counts its pins.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import { encodeSchema, schemasEqual, type Field, type Schema } from '../../../flight/ipc/schema.ts'
import { SternaError, type ErrorCode } from '../../../src/errors.ts'
import { QueryEngine, type QueryRequest, type QueryResult } from '../../../src/query/engine.ts'
import type { DatasetRange } from '../../../src/query/dataset-query.ts'
import {
  columnOf,
  fieldOf,
  openTestDuck,
  run,
  schemaOf,
  tableOf,
  type Result,
} from '../../support/query-frames.ts'
import { NO_CHECKSUMS, QueryLake } from '../../support/query-lake.ts'

const opened = await openTestDuck()
const { duck, directory } = opened
const lake = new QueryLake(opened)
const engine = new QueryEngine({ duck, lake, comparer: NO_CHECKSUMS, dataDirectory: directory })
after(async () => {
  await engine.close()
  opened.close()
})

const int64 = { kind: 'int', bitWidth: 64, signed: true } as const
const index8 = { kind: 'int', bitWidth: 8, signed: true } as const
const dictionary = { id: 3n, indexType: index8, isOrdered: true } as const

/** A column of each type that can be stored, with the SQL of its values by `i`. */
const stored: readonly (readonly [sql: string, field: Field])[] = [
  ['i', fieldOf('id', int64, { nullable: false, metadata: new Map([['unit', 'rows']]) })],
  [
    'make_timestamp_ns(i * 1000000007)',
    fieldOf('ts', { kind: 'timestamp', unit: 'ns', timezone: 'America/New_York' }),
  ],
  ['i / 8', fieldOf('price', { kind: 'float', bitWidth: 64 })],
  [
    `(['AAPL', 'MSFT', 'a symbol that is long'])[1 + (i % 3)::INTEGER]`,
    fieldOf('symbol', { kind: 'largeUtf8' }, { dictionary }),
  ],
  [`'text ' || i`, fieldOf('large', { kind: 'largeUtf8' })],
  [`repeat('ab', (i % 20)::INTEGER)`, fieldOf('view', { kind: 'utf8View' })],
  [`lpad(i::VARCHAR, 5, '0')::BLOB`, fieldOf('fixed', { kind: 'fixedSizeBinary', byteWidth: 5 })],
  ['make_timestamp(i * 1000000)', fieldOf('seconds', { kind: 'timestamp', unit: 's', timezone: null })],
  [
    'make_timestamp(i * 1000)',
    fieldOf('millis', { kind: 'timestamp', unit: 'ms', timezone: 'Europe/Berlin' }),
  ],
  [`DATE '1970-01-01' + i::INTEGER`, fieldOf('date64', { kind: 'date', unit: 'ms' })],
  [`TIME '00:00:01' + to_seconds(i % 80000)`, fieldOf('time32', { kind: 'time', unit: 's', bitWidth: 32 })],
  ['i * 1000003', fieldOf('time64', { kind: 'time', unit: 'ns', bitWidth: 64 })],
  ['(i - 50) * 1000', fieldOf('duration', { kind: 'duration', unit: 'ms' })],
  ['(i % 1000 / 4)::FLOAT', fieldOf('half', { kind: 'float', bitWidth: 16 })],
  ['(i - 50)::DECIMAL(20, 1)', fieldOf('wide', { kind: 'decimal', precision: 20, scale: 1, bitWidth: 256 })],
  [
    '[i::FLOAT, NULL]::FLOAT[2]',
    fieldOf(
      'pair',
      { kind: 'fixedSizeList', listSize: 2 },
      { children: [fieldOf('item', { kind: 'float', bitWidth: 32 })] },
    ),
  ],
  [
    `{'a': [i, NULL], 'b': MAP {'k' || i: i}}`,
    fieldOf(
      'nested',
      { kind: 'struct' },
      {
        children: [
          fieldOf('a', { kind: 'largeList' }, { children: [fieldOf('item', int64)] }),
          fieldOf(
            'b',
            { kind: 'map', keysSorted: false },
            {
              children: [
                fieldOf(
                  'entries',
                  { kind: 'struct' },
                  {
                    nullable: false,
                    children: [
                      fieldOf('key', { kind: 'utf8' }, { nullable: false }),
                      fieldOf('value', int64),
                    ],
                  },
                ),
              ],
            },
          ),
        ],
      },
    ),
  ],
]
const everyType: Schema = {
  fields: stored.map(([, field]) => field),
  metadata: new Map([['made', 'by hand']]),
}
const rowCount = 3000

async function everyTypeRows(start: number, end: number): Promise<Result> {
  const columns = stored.map(([sql, { nullable }]) =>
    nullable && !sql.includes('::FLOAT[2]') ? `CASE WHEN i % 7 <> 3 THEN ${sql} END` : sql,
  )
  return run(duck, `SELECT ${columns.join(', ')} FROM range(${start}, ${end}) t(i)`, everyType)
}

const whole = await everyTypeRows(0, rowCount)
await lake.put('every', await everyTypeRows(0, 1000), await everyTypeRows(1000, rowCount))
const days = await run(
  duck,
  `SELECT DATE '2026-01-01' + i::INTEGER AS day, i FROM range(31) t(i)`,
  schemaOf(fieldOf('day', { kind: 'date', unit: 'day' }), fieldOf('i', int64)),
)
await lake.put('days', days)
await lake.put('empty', { ...days, frames: [] })
const large = await run(duck, `SELECT i, 'a text of some length ' || i AS s FROM range(600000) t(i)`)
await lake.put('large', large)

async function read({ schema, frames }: QueryResult): Promise<Result> {
  const all = []
  for await (const frame of frames) all.push(frame)
  return { schema, frames: all }
}

/** Rows of a statement. */
async function rowsOf(request: QueryRequest | string): Promise<unknown[][]> {
  const result = await read(await engine.run(typeof request === 'string' ? { sql: request } : request))
  const table = await tableOf(result)
  const columns = table.schema.fields.map((_, index) => columnOf(table, index))
  return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => column[row]))
}

async function rejects(promise: Promise<unknown>, code: ErrorCode, message = /./): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof SternaError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  })
  assert.equal(lake.pinCount, 0)
}

/** Values of all columns, but for decimals of 256 bits, which apache-arrow prints wrong. */
async function comparable(result: Result): Promise<unknown[][]> {
  const table = await tableOf(result)
  return table.schema.fields.flatMap(({ name }, index) => (name === 'wide' ? [] : [columnOf(table, index)]))
}

test('a result comes in the types that its description told, to the byte', async () => {
  for (const sql of [
    'SELECT 1',
    'FROM every',
    'FROM days ORDER BY i',
    'SUMMARIZE days',
    'DESCRIBE days',
    'EXPLAIN FROM days',
  ]) {
    const description = await engine.describe({ sql })
    const result = await engine.run({ sql })
    assert.deepEqual(description.schemaHeader, result.schemaHeader, sql)
    assert.deepEqual(description.schemaHeader, encodeSchema(result.schema), sql)
    assert.equal(description.isOrdered, sql.includes('ORDER BY'))
    assert.equal(result.isOrdered, description.isOrdered)
    await read(result)
  }
  assert.equal(lake.pinCount, 0)
})

test('parameters are bound by position and by name, and described', async () => {
  assert.deepEqual(await rowsOf({ sql: 'SELECT ? + i AS v FROM days WHERE i < ?', parameters: [10, 2] }), [
    [10n],
    [11n],
  ])
  assert.deepEqual(await rowsOf({ sql: 'SELECT $a || $b', parameters: { b: 'y', a: 'x' } }), [['xy']])
  const { parameters, schema } = await engine.describe({
    sql: 'SELECT i FROM days WHERE day = $day AND $x = 1',
  })
  assert.deepEqual(
    parameters.fields.map(({ name, type }) => [name, type.kind]),
    [
      ['day', 'date'],
      ['x', 'int'],
    ],
  )
  assert.deepEqual(
    schema.fields.map(({ name }) => name),
    ['i'],
  )
  await rejects(engine.run({ sql: 'SELECT ?' }), 'SQL_INVALID', /1 parameters?, 0/)
  await rejects(engine.run({ sql: 'SELECT 1', parameters: [1] }), 'SQL_INVALID')
})

test('the tables of the lake are listed, described and summarised', async () => {
  const names = (await rowsOf('SHOW TABLES')).map(([name]) => name)
  assert.deepEqual(names, ['days', 'empty', 'every', 'large'])
  assert.deepEqual(
    (await rowsOf('DESCRIBE days')).map(([name]) => name),
    ['day', 'i'],
  )
  assert.equal((await rowsOf('SUMMARIZE days')).length, 2)
})

test('a plan is text, as a statement and as such', async () => {
  assert.match(String((await rowsOf('EXPLAIN SELECT i FROM days WHERE i > 3'))[0]?.[1]), /PARQUET/)
  assert.match((await engine.explain('SELECT i FROM days WHERE i > 3', { analyze: false })).plan, /i>3/)
  assert.match((await engine.explain('SELECT count(*) FROM days', { analyze: true })).plan, /Total Time/)
  await rejects(engine.explain('DROP TABLE days', { analyze: true }), 'SQL_FORBIDDEN')
})

test('SQL that the gate refuses gives its pin back', async () => {
  await rejects(engine.run({ sql: `COPY days TO 'x'` }), 'SQL_FORBIDDEN')
  await rejects(engine.describe({ sql: 'SELECT nothing FROM days' }), 'SQL_INVALID')
  await rejects(engine.run({ sql: 'FROM nowhere' }), 'DATASET_NOT_FOUND')
  await rejects(engine.run({ sql: `SELECT error('no')` }), 'SQL_FAILED', /no/)
  await rejects(engine.run({ sql: `SELECT '1'::BIT AS b` }), 'TYPE_UNSUPPORTED', /'b'/)
})

test('a request that cannot be written as a key of the cache gives its pin back', async () => {
  const endless: NonNullable<QueryRequest['parameters']> = []
  endless.push(endless)
  await assert.rejects(engine.run({ sql: 'SELECT $1 FROM days', parameters: endless }))
  assert.equal(lake.pinCount, 0)
  assert.equal(engine.stats.running, 0)
})

test('every stored type comes back as it was put', async () => {
  const result = await engine.readDataset({ schema: 'main', key: 'every' }, {})
  assert.ok(schemasEqual(result.schema, everyType))
  assert.deepEqual(result.schemaHeader, encodeSchema(everyType))
  const [got, put] = await Promise.all([read(result).then(comparable), comparable(whole)])
  for (const [index, column] of put.entries()) assert.deepEqual(got[index], column, `column ${index}`)
  assert.equal(lake.pinCount, 0)
})

test('columns are read in the order asked for, with their own fields', async () => {
  const result = await engine.readDataset(
    { schema: 'main', key: 'every' },
    { columns: ['symbol', 'id'], limit: 5 },
  )
  assert.deepEqual(result.schema.fields, [everyType.fields[3], everyType.fields[0]])
  assert.deepEqual(result.schema.metadata, everyType.metadata)
  const table = await tableOf(await read(result))
  assert.deepEqual(columnOf(table, 1), [0n, 1n, 2n, 3n, 4n])
  assert.deepEqual(columnOf(table, 0), ['AAPL', 'MSFT', 'a symbol that is long', null, 'MSFT'])
})

/** First and last `i` of a range of days, and how many. */
async function daysOf(range: DatasetRange): Promise<readonly unknown[]> {
  const result = await engine.readDataset({ schema: 'main', key: 'days' }, { columns: ['i'], ...range })
  const values = columnOf(await tableOf(await read(result)))
  return [values.at(0), values.at(-1), values.length]
}

test('a range has its start and not its end, as text and as number', async () => {
  assert.deepEqual(await daysOf({ start: '2026-01-03', end: '2026-01-05' }), [2n, 3n, 2])
  assert.deepEqual(await daysOf({ start: '2026-01-03T00:00:01Z' }), [3n, 30n, 28])
  assert.deepEqual(await daysOf({ end: '2026-01-03T01:00:00+02:00' }), [0n, 1n, 2])
  assert.deepEqual(await daysOf({ start: 20_454 }), [0n, 30n, 31])
  assert.deepEqual(await daysOf({ start: '20455', end: 20_457 }), [1n, 2n, 2])
  assert.deepEqual(await daysOf({ where: 'i % 10 = 0 OR i = 3', start: '2026-01-02', limit: 2 }), [
    3n,
    10n,
    2,
  ])
})

test('a range counts in nanoseconds where the column does', async () => {
  const range = { columns: ['id'], start: '1970-01-01T00:00:05.000000035', end: '10000000070' }
  const result = await engine.readDataset({ schema: 'main', key: 'every' }, range)
  assert.deepEqual(columnOf(await tableOf(await read(result))), [5n, 6n, 7n, 8n, 9n])
})

test('a range that means nothing is refused', async () => {
  const days = { schema: 'main', key: 'days' }
  await rejects(engine.readDataset({ schema: 'main', key: 'nowhere' }, {}), 'DATASET_NOT_FOUND', /nowhere/)
  await rejects(engine.readDataset(days, { columns: ['no'] }), 'REQUEST_INVALID', /'no'/)
  await rejects(engine.readDataset(days, { columns: [] }), 'REQUEST_INVALID')
  await rejects(engine.readDataset(days, { limit: -1 }), 'REQUEST_INVALID', /-1/)
  for (const start of ['yesterday', '2026-02-30', '2026-13-01', 1.5, '10000-01-01', '99999999999999']) {
    await rejects(engine.readDataset(days, { start }), 'REQUEST_INVALID', /'start'/)
  }
  await rejects(engine.readDataset(days, { where: '1) OR (1 = 1' }), 'SQL_INVALID')
  await rejects(engine.readDataset(days, { where: `i IN (SELECT 1)` }), 'SQL_FORBIDDEN')
  await rejects(
    engine.readDataset({ schema: 'main', key: 'large' }, { start: 1 }),
    'REQUEST_INVALID',
    /no timestamp/,
  )
})

test('a dataset without parts has a schema and no rows', async () => {
  const ref = { schema: 'main', key: 'empty' }
  const result = await engine.readDataset(ref, { columns: ['i'] })
  assert.deepEqual((await engine.describeDataset(ref, { columns: ['i'] })).schemaHeader, result.schemaHeader)
  assert.deepEqual((await read(result)).frames, [])
  assert.equal(lake.pinCount, 0)
})

test('frames of a client are the table input', async () => {
  const input = { schema: days.schema, frames: days.frames }
  assert.deepEqual(await rowsOf({ sql: 'SELECT sum(i)::BIGINT FROM input', input }), [[465n]])
  const description = await engine.describe({ sql: 'FROM input', input })
  assert.deepEqual(
    description.schema.fields.map(({ name }) => name),
    ['day', 'i'],
  )
  await rejects(engine.run({ sql: 'FROM input' }), 'DATASET_NOT_FOUND')
})

test('a repeated statement is answered from memory until its data change', async () => {
  await lake.put('changing', days)
  const hits = (): number => engine.stats.results.hits
  const before = hits()
  const sql = 'SELECT count(*) AS n FROM changing'
  assert.deepEqual(await rowsOf(sql), [[31n]])
  assert.deepEqual(await rowsOf('select  count(*) as n from changing -- again'), [[31n]])
  assert.equal(hits(), before + 1)
  await lake.put('changing', days, days)
  assert.deepEqual(await rowsOf(sql), [[62n]])
  assert.equal(hits(), before + 1)
  for (const value of [1, 2]) {
    assert.deepEqual(
      await rowsOf({ sql: 'SELECT i FROM changing WHERE i = $1 LIMIT 1', parameters: [value] }),
      [[BigInt(value)]],
    )
  }
})

test('a repeated statement is described as the data are, with its own order and parameters', async () => {
  await lake.put('described', days)
  const names = async (sql: string): Promise<string[]> =>
    (await engine.describe({ sql })).schema.fields.map(({ name }) => name)
  assert.deepEqual(await names('FROM described'), ['day', 'i'])
  assert.deepEqual(await names('FROM described'), ['day', 'i'])
  await lake.put('described', await run(duck, 'SELECT 1 AS other'))
  assert.deepEqual(await names('FROM described'), ['other'])
  for (const value of [1, 'a', 1]) {
    const { schema, parameters } = await engine.describe({ sql: 'SELECT $1 AS a', parameters: [value] })
    assert.equal(schema.fields[0]?.type.kind, value === 1 ? 'int' : 'utf8')
    assert.equal(parameters.fields.length, 1)
  }
  for (const order of ['', ' ORDER BY 1', '', ' ORDER BY 1']) {
    const { isOrdered } = await engine.describe({ sql: `SELECT other FROM described${order}` })
    assert.equal(isOrdered, order !== '')
  }
  assert.equal(lake.pinCount, 0)
})

test('results that differ each time, and incomplete ones, are not kept', async () => {
  const kept = (): number => engine.stats.results.entries
  const before = kept()
  await rowsOf('SELECT random()')
  const abandoned = await engine.run({ sql: 'SELECT i + 7 FROM days' })
  abandoned.close()
  await rejects(read(abandoned), 'CANCELLED')
  const left = await engine.run({ sql: 'SELECT i + 8 FROM large' })
  for await (const frame of left.frames) {
    assert.ok(frame.rows > 0)
    break
  }
  assert.equal(kept(), before)
  assert.equal(lake.pinCount, 0)
})

test('a result too large for the cache passes through', async () => {
  const before = engine.stats.results.entries
  assert.equal((await rowsOf('FROM large')).length, 600_000)
  assert.equal(engine.stats.results.entries, before)
})

test('a query holds its snapshot until its last frame', async () => {
  const result = await engine.run({ sql: 'SELECT i + 9 FROM large' })
  assert.equal(lake.pinCount, 1)
  assert.equal(engine.stats.running, 1)
  await read(result)
  assert.equal(lake.pinCount, 0)
  assert.equal(engine.stats.running, 0)
})

test('an abort ends a query that computes, one that waits and one that is read', async () => {
  const few = new QueryEngine({ duck, lake, comparer: NO_CHECKSUMS, dataDirectory: directory, queriesMax: 1 })
  const abort = new AbortController()
  const sql = 'SELECT sum(hash(a.i * b.i)) FROM large a, large b'
  const computing = few.run({ sql, signal: abort.signal })
  const waiting = few.run({ sql, signal: abort.signal })
  while (few.stats.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(few.stats.running, 1)
  abort.abort()
  await Promise.all([rejectedAs('CANCELLED', computing), rejectedAs('CANCELLED', waiting)])
  assert.equal(few.stats.running, 0)
  assert.equal(lake.pinCount, 0)
  const reading = new AbortController()
  const result = await few.run({ sql: 'SELECT * FROM large, days', signal: reading.signal })
  await result.frames.next()
  reading.abort()
  await rejects(read(result), 'CANCELLED')
  await few.close()
})

async function rejectedAs(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => error instanceof SternaError && error.code === code)
}

test('more queries than may wait are told that the server is busy', async () => {
  const few = new QueryEngine({ duck, lake, comparer: NO_CHECKSUMS, dataDirectory: directory, queriesMax: 1 })
  const first = await few.run({ sql: 'SELECT * FROM large, days' })
  const refused: unknown[] = []
  const others = Array.from({ length: 129 }, (_, index) =>
    few.run({ sql: `SELECT ${index}` }).then(read, (error: unknown) => refused.push(error)),
  )
  while (refused.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  first.close()
  await Promise.all(others)
  assert.deepEqual(
    refused.map((error) => error instanceof SternaError && error.code),
    ['SERVER_BUSY'],
  )
  assert.equal(lake.pinCount, 0)
  await few.close()
})

test('an abort ends a query that reads the frames of a client', async () => {
  const abort = new AbortController()
  const input = { schema: large.schema, frames: large.frames }
  const result = await engine.run({
    sql: 'SELECT a.i, b.i FROM input a, days b',
    input,
    signal: abort.signal,
  })
  await result.frames.next()
  abort.abort()
  await rejects(read(result), 'CANCELLED')
  assert.deepEqual(await rowsOf('SELECT 1'), [[1]])
})

test('a query whose reader stops is parked, and goes on after the last row that was taken', async () => {
  const few = new QueryEngine({ duck, lake, comparer: NO_CHECKSUMS, dataDirectory: directory, queriesMax: 4 })
  const sql = 'SELECT i, i * 2 AS twice FROM large WHERE i % 3 <> $1'
  const abort = new AbortController()
  const started = [
    await few.run({ sql, parameters: [1] }),
    await few.run({ sql, parameters: [2] }),
    await few.run({ sql, parameters: [3], signal: abort.signal }),
    // Its rows may come in another order the next time.
    await few.run({ sql: 'SELECT DISTINCT i FROM large' }),
  ] as const
  const [slow, closed, aborted, unrepeatable] = started
  const firsts = await Promise.all([slow, closed, aborted, unrepeatable].map(({ frames }) => frames.next()))
  while (few.stats.parked < 3) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(few.stats.running, 1)
  assert.equal(lake.pinCount, 4)
  closed.close()
  abort.abort()
  assert.deepEqual([few.stats.parked, lake.pinCount], [1, 2])
  await Promise.all([closed, aborted].map(({ frames }) => rejectedAs('CANCELLED', frames.next())))

  const frames = [firsts[0]?.value as Frame]
  for await (const frame of slow.frames) frames.push(frame)
  const table = await tableOf({ schema: slow.schema, frames })
  const expected = Array.from({ length: 600_000 }, (_, i) => BigInt(i)).filter((i) => i % 3n !== 1n)
  assert.deepEqual(columnOf(table, 0), expected)
  const twice = expected.map((i) => i * 2n)
  assert.deepEqual(columnOf(table, 1), twice)
  const others = [firsts[3]?.value as Frame]
  for await (const frame of unrepeatable.frames) others.push(frame)
  assert.equal(
    others.reduce((sum, { rows }) => sum + rows, 0),
    600_000,
  )
  assert.deepEqual([few.stats.running, few.stats.parked, lake.pinCount], [0, 0, 0])
  await few.close()
})

test('a closed engine ends what runs and refuses what comes', async () => {
  const closing = new QueryEngine({ duck, lake, comparer: NO_CHECKSUMS, dataDirectory: directory })
  const result = await closing.run({ sql: 'SELECT * FROM large, days' })
  await result.frames.next()
  await closing.close()
  await rejects(read(result), 'CANCELLED')
  await rejects(closing.run({ sql: 'SELECT 1' }), 'SERVER_STOPPING')
})
