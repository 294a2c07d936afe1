// Goal: every value that DuckDB gives arrives in Arrow as it is, whatever its type, its nulls and its place.
// Method: a real DuckDB; small results are read by apache-arrow, large ones go back into DuckDB through the table
// function over frames and are compared there; every frame passes the checks that frames of clients must pass.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import { checkBatch, checkOffsets, parseMessage } from '../../../flight/ipc/message.ts'
import type { Field, IntType } from '../../../flight/ipc/schema.ts'
import { SternaError, type ErrorCode } from '../../../src/errors.ts'
import { FramesTable } from '../../../src/query/frames-table.ts'
import { LIMITS } from '../../../src/limits.ts'
import {
  fieldOf,
  openTestDuck,
  run,
  schemaOf,
  tableOf,
  columnOf,
  valuesOf,
  type Result,
} from '../../support/query-frames.ts'

const { duck, close } = await openTestDuck()
after(close)

function rejectsWith(promise: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  return assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof SternaError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })
}

function batches(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter(({ kind }) => kind === 'batch')
}

/** Frames must be what the server would take from a client. */
function checkFrames({ schema, frames }: Result): void {
  for (const frame of frames) {
    const message = parseMessage(frame.header)
    const body = Buffer.concat(frame.body)
    assert.equal(message.bodyLength, body.length)
    for (const view of frame.body) assert.equal(view.byteLength % 8, 0)
    checkBatch(message, schema, body.length)
    checkOffsets(message, body, schema)
  }
}

/** The rows of a statement are those that its frames hold, in their order, when DuckDB reads them back. */
async function assertSameInDuck(sql: string): Promise<Result> {
  const result = await run(duck, sql)
  checkFrames(result)
  const held = (await FramesTable.of(duck)).hold(result.schema, result.frames)
  const connection = await duck.connect()
  const numbered = (source: string): string => `SELECT row_number() OVER () AS n, t FROM ${source} t`
  const [[different] = []] = await connection.run(
    `SELECT count(*) FROM (${numbered(`(${sql})`)}) a FULL JOIN (${numbered(held.sql)}) b USING (n)
    WHERE a.t IS DISTINCT FROM b.t`,
  )
  connection.close()
  held.release()
  assert.equal(different, 0n, sql)
  return result
}

const scalars: readonly (readonly [sql: string, values: readonly unknown[]])[] = [
  [`unnest([true, NULL, false])`, [true, null, false]],
  [`unnest([-128, NULL, 127])::TINYINT`, [-128, null, 127]],
  [`unnest([-32768, NULL, 32767])::SMALLINT`, [-32768, null, 32767]],
  [`unnest([-2147483648, NULL, 2147483647])::INTEGER`, [-2147483648, null, 2147483647]],
  [`unnest([-9223372036854775808, NULL, 9223372036854775807])::BIGINT`, [-(2n ** 63n), null, 2n ** 63n - 1n]],
  [`unnest([0, 255])::UTINYINT`, [0, 255]],
  [`unnest([0, 65535])::USMALLINT`, [0, 65535]],
  [`unnest([0, 4294967295])::UINTEGER`, [0, 4294967295]],
  [`unnest([0, 18446744073709551615])::UBIGINT`, [0n, 2n ** 64n - 1n]],
  [`unnest(['1.5', NULL, 'nan', '-inf', '-0'])::FLOAT`, [1.5, null, NaN, -Infinity, -0]],
  [`unnest(['0.1', NULL, 'nan', 'inf', '-0'])::DOUBLE`, [0.1, null, NaN, Infinity, -0]],
  [`unnest([-99.99, NULL, 99.99])::DECIMAL(4, 2)`, ['-9999', null, '9999']],
  [`unnest([-9999999.99, 0.01])::DECIMAL(9, 2)`, ['-999999999', '1']],
  [`unnest(['-9999999999999999.99', '0.01'])::DECIMAL(18, 2)`, ['-999999999999999999', '1']],
  [`unnest(['-${'9'.repeat(38)}', NULL, '1'])::DECIMAL(38, 0)`, [`-${'9'.repeat(38)}`, null, '1']],
  [
    `unnest(['-${'9'.repeat(38)}', NULL, '${'9'.repeat(38)}'])::HUGEINT`,
    [`-${'9'.repeat(38)}`, null, '9'.repeat(38)],
  ],
  [`unnest(['0', '${'9'.repeat(38)}'])::UHUGEINT`, ['0', '9'.repeat(38)]],
  [`unnest(['1969-12-31', NULL, '2026-02-03'])::DATE`, [-86_400_000, null, Date.UTC(2026, 1, 3)]],
  [`unnest(['00:00:00', NULL, '23:59:59.999999'])::TIME`, [0n, null, 86_399_999_999n]],
  [`unnest(['00:00:00.000000001', NULL])::TIME_NS`, [1n, null]],
  [`unnest(['1969-12-31 23:59:59', NULL])::TIMESTAMP_S`, [-1000, null]],
  [`unnest(['1970-01-01 00:00:00.123', NULL])::TIMESTAMP_MS`, [123, null]],
  [`unnest(['1970-01-01 00:00:00.123', NULL])::TIMESTAMP`, [123, null]],
  [`unnest(['1970-01-01 00:00:00.123', NULL])::TIMESTAMP_NS`, [123, null]],
  [`unnest(['1970-01-01 01:00:00+02', NULL])::TIMESTAMPTZ`, [-3_600_000, null]],
  [
    `unnest(['00000000-0000-0000-0000-000000000001', NULL, 'fedcba98-7654-3210-fedc-ba9876543210'])::UUID`,
    ['00000000-0000-0000-0000-000000000001', null, 'fedcba98-7654-3210-fedc-ba9876543210'],
  ],
  [
    `unnest(['12:30:00+02', NULL, '01:02:03.5-10:30:15', '00:00:00+00'])::TIMETZ`,
    ['12:30:00+02', null, '01:02:03.5-10:30:15', '00:00:00+00'],
  ],
  [`unnest(['b', NULL, 'a'])::ENUM('a', 'b')`, ['b', null, 'a']],
  [
    `unnest(['', NULL, 'ß', 'exactly12byt', 'exactly13byte', repeat('€', 1000)])`,
    ['', null, 'ß', 'exactly12byt', 'exactly13byte', '€'.repeat(1000)],
  ],
  [`unnest(['\\x00\\xFF', NULL, ''])::BLOB`, ['\x00\xff', null, '']],
  [`unnest(['{"a": 1}', NULL])::JSON`, ['{"a": 1}', null]],
  [`unnest([[1, NULL], NULL, [], [2, 3, 4]])`, [[1, null], null, [], [2, 3, 4]]],
  [
    `unnest([[['a'], NULL], [], NULL, [['b', 'more than twelve bytes']]])`,
    [[['a'], null], [], null, [['b', 'more than twelve bytes']]],
  ],
  [`unnest([[1, NULL], NULL, [2, 3]])::INTEGER[2]`, [[1, null], null, [2, 3]]],
  [
    `unnest([{'a': 1, 'b': 'x'}, NULL, {'a': NULL, 'b': NULL}])`,
    [{ a: 1, b: 'x' }, null, { a: null, b: null }],
  ],
  [`unnest([MAP {'k': 1, 'l': NULL}, NULL, MAP {}])`, [{ k: 1, l: null }, null, {}]],
  [
    `unnest([union_value(n := 1)::UNION(n INTEGER, t VARCHAR), NULL, union_value(t := 'x')::UNION(n INTEGER, t VARCHAR)])`,
    [1, null, 'x'],
  ],
]

for (const [sql, expected] of scalars) {
  test(`values of ${sql.slice(0, 60)} arrive`, async () => {
    const result = await run(duck, `SELECT ${sql} AS v`)
    checkFrames(result)
    assert.deepEqual(columnOf(await tableOf(result)), expected)
  })
}

test('an interval is months, days and nanoseconds', async () => {
  const [[first], [second]] = (await valuesOf(
    duck,
    `SELECT unnest([INTERVAL '-14 months 3 days 1 microsecond', NULL])`,
  )) as [[number[]], [null]]
  assert.deepEqual(first, [-14, 3, 1000, 0])
  assert.equal(second, null)
})

test('a result of no rows has no frames', async () => {
  const { frames } = await run(duck, `SELECT range, 'x' AS s, [range] AS l FROM range(5) WHERE range > 9`)
  assert.deepEqual(frames, [])
})

test('an array without elements and one of nulls alone are whole', async () => {
  const values = await valuesOf(
    duck,
    `SELECT [] AS a, NULL::VARCHAR AS b, NULL::INTEGER[] AS c, {'x': NULL} AS d`,
  )
  assert.deepEqual(values, [[[], null, null, { x: null }]])
})

/** With nulls, over several frames, and in chunks of uneven length. */
const rows = 150_000
const columns: readonly string[] = [
  'i',
  'i % 3 = 0',
  '(i % 100)::TINYINT',
  '(i / 7)::FLOAT',
  'i / 7',
  '(i - 70000)::DECIMAL(9, 3)',
  '(i * i)::DECIMAL(38, 2)',
  "DATE '2020-01-01' + (i % 9000)::INTEGER",
  'make_timestamp(i * 1234567)',
  'make_timestamp_ns(i)',
  'make_timestamp(i)::TIMESTAMPTZ',
  `'s' || i % 1000`,
  `lpad(i::VARCHAR, 12, 'x')`,
  `lpad(i::VARCHAR, 13, 'é')`,
  `repeat('ab€', (i * 7919 % 23)::INTEGER)`,
  `encode(repeat('q', (i % 20)::INTEGER))`,
  `[i, NULL, i + 1][1:(i % 4)::INTEGER]`,
  `['a' || i, NULL, repeat('long', (i % 9)::INTEGER)]`,
  `{'a': i, 'b': {'c': CASE WHEN i % 2 = 0 THEN 'a text that is long ' || i END, 'd': [i % 2 = 0]}}`,
  `MAP {'k' || i: i}`,
]

for (const column of columns) {
  test(`${column.slice(0, 60)} comes back over many frames`, async () => {
    const nulls = `CASE WHEN i % 7 = 3 THEN NULL ELSE ${column} END AS v`
    const { frames } = await assertSameInDuck(`SELECT ${nulls}, ${column} AS w FROM range(${rows}) t(i)`)
    assert.ok(batches(frames).length > 1)
    await assertSameInDuck(`SELECT ${nulls} FROM range(20000) t(i) WHERE hash(i) % 3 = 0`)
  })
}

test('texts whose memory is in no order arrive', async () => {
  await assertSameInDuck(
    `SELECT s FROM (SELECT repeat('z', (i * 7919 % 4000)::INTEGER) || i AS s, i FROM range(20000) t(i)) ORDER BY hash(i)`,
  )
  await assertSameInDuck(
    `SELECT ['AAPL', 'a symbol that is long', ''][1 + (i % 3)::INTEGER] AS s FROM range(9999) t(i)`,
  )
})

test('texts of a megabyte make frames of about the target size', async () => {
  const { frames } = await assertSameInDuck(
    `SELECT i, repeat(chr(65 + i::INTEGER), 1000000) AS s FROM range(25) t(i)`,
  )
  assert.ok(frames.length >= 12)
  for (const frame of frames) assert.ok(frame.byteLength <= LIMITS.frameBytesTarget * 1.01)
})

test('a row larger than the target has a frame of its own', async () => {
  const { frames } = await run(duck, `SELECT repeat('x', 5000000 * (i % 2)::INTEGER) AS s FROM range(4) t(i)`)
  assert.deepEqual(
    frames.map((frame) => frame.rows),
    [1, 1, 1, 1],
  )
})

test('frames have at most the target rows and bytes, whatever the columns', async () => {
  const narrow = await run(duck, `SELECT i % 2 = 0 AS b FROM range(200000) t(i)`)
  assert.deepEqual(
    narrow.frames.map((frame) => frame.rows),
    [65_536, 65_536, 65_536, 3392],
  )
  const wide = await run(duck, `SELECT i, i, i, i, i, i, i, i, i, i FROM range(200000) t(i)`)
  assert.ok(wide.frames.length > 7)
  for (const frame of wide.frames) assert.ok(frame.byteLength <= LIMITS.frameBytesTarget * 1.01)
})

test('what stands behind nulls is zero', async () => {
  const sql = `SELECT CASE WHEN i % 2 = 0 THEN i END AS a, CASE WHEN i % 2 = 0 THEN {'x': i, 'y': [i]} END AS b
    FROM range(1, 4000) t(i)`
  const { frames } = await run(duck, sql)
  for (const frame of frames) {
    const message = parseMessage(frame.header)
    assert.ok(message.kind === 'batch')
    const body = Buffer.concat(frame.body)
    const buffers = message.batch.buffers.map(({ offset, length }) => body.subarray(offset, offset + length))
    // Validity and values of a; validity of b; validity and values of b.x; ...
    for (const values of [buffers[1], buffers[4]]) {
      assert.ok(values !== undefined && values.length === frame.rows * 8)
      for (let row = 0; row < frame.rows; row += 2) assert.equal(values.readBigInt64LE(row * 8), 0n)
    }
  }
})

test('a small result does not hold on to the memory of a large frame', async () => {
  const { frames } = await run(duck, `SELECT i, 's' || i AS s FROM range(66000) t(i)`)
  for (const view of frames.flatMap(({ body }) => body))
    assert.ok(view.buffer.byteLength <= 2 * view.byteLength)
})

test('an integer of more than 38 digits is refused by the column', async () => {
  for (const type of ['HUGEINT', 'UHUGEINT']) {
    const sql = `SELECT '1${'0'.repeat(38)}'::${type} AS large`
    await rejectsWith(run(duck, sql), 'SQL_FAILED', /^Column 'large' .* 38 digits/)
  }
})

test('an interval beyond 64 bits of nanoseconds is refused by the column', async () => {
  await rejectsWith(
    run(duck, `SELECT to_microseconds(9223372036854776) AS far`),
    'SQL_FAILED',
    /^Column 'far'/,
  )
})

/** A dictionary-encoded field. */
function dictionaryField(
  name: string,
  type: Field['type'],
  bitWidth: IntType['bitWidth'],
  signed = true,
): Field {
  const indexType: IntType = { kind: 'int', bitWidth, signed }
  return fieldOf(name, type, { dictionary: { id: 7n, indexType, isOrdered: false } })
}

const targets: readonly (readonly [sql: string, field: Field, values: readonly unknown[]])[] = [
  [
    `unnest(['a', NULL, 'a long text of many bytes'])`,
    fieldOf('v', { kind: 'largeUtf8' }),
    ['a', null, 'a long text of many bytes'],
  ],
  [
    `unnest(['a', NULL, 'a long text of many bytes'])`,
    fieldOf('v', { kind: 'utf8View' }),
    ['a', null, 'a long text of many bytes'],
  ],
  [
    `unnest(['a', NULL, 'a long text of many bytes'])::BLOB`,
    fieldOf('v', { kind: 'largeBinary' }),
    ['a', null, 'a long text of many bytes'],
  ],
  [
    `unnest(['a', NULL, 'a long text of many bytes'])::BLOB`,
    fieldOf('v', { kind: 'binaryView' }),
    ['a', null, 'a long text of many bytes'],
  ],
  [`unnest(['abc', NULL])::BLOB`, fieldOf('v', { kind: 'fixedSizeBinary', byteWidth: 3 }), ['abc', null]],
  [
    `unnest(['sixteen bytes ok', NULL])::BLOB`,
    fieldOf('v', { kind: 'fixedSizeBinary', byteWidth: 16 }),
    ['sixteen bytes ok', null],
  ],
  [`unnest([-1000, NULL])::BIGINT`, fieldOf('v', { kind: 'duration', unit: 'ns' }), [-1000n, null]],
  [
    `unnest([86399999999999, NULL])::BIGINT`,
    fieldOf('v', { kind: 'time', unit: 'ns', bitWidth: 64 }),
    [86_399_999_999_999n, null],
  ],
  [
    `unnest(['23:59:59', NULL])::TIME`,
    fieldOf('v', { kind: 'time', unit: 's', bitWidth: 32 }),
    [86_399, null],
  ],
  [
    `unnest(['23:59:59.999', NULL])::TIME`,
    fieldOf('v', { kind: 'time', unit: 'ms', bitWidth: 32 }),
    [86_399_999, null],
  ],
  [
    `unnest(['1969-12-31 23:59:59', NULL])::TIMESTAMP_MS`,
    fieldOf('v', { kind: 'timestamp', unit: 's', timezone: null }),
    [-1000, null],
  ],
  [
    `unnest(['2026-02-03 00:00:00.123', NULL])::TIMESTAMPTZ`,
    fieldOf('v', { kind: 'timestamp', unit: 'ms', timezone: 'Europe/Berlin' }),
    [Date.UTC(2026, 1, 3) + 123, null],
  ],
  [
    `unnest(['2026-02-03 00:00:00.123', NULL])::TIMESTAMP`,
    fieldOf('v', { kind: 'timestamp', unit: 'ns', timezone: null }),
    [Date.UTC(2026, 1, 3) + 123, null],
  ],
  [
    `unnest(['2026-02-03 00:00:00.123', NULL])::TIMESTAMP_NS`,
    fieldOf('v', { kind: 'timestamp', unit: 'ns', timezone: 'UTC' }),
    [Date.UTC(2026, 1, 3) + 123, null],
  ],
  [`unnest(['1969-12-31', NULL])::DATE`, fieldOf('v', { kind: 'date', unit: 'ms' }), [-86_400_000, null]],
  [
    `unnest(['1969-12-31', NULL])::TIMESTAMP_MS`,
    fieldOf('v', { kind: 'date', unit: 'ms' }),
    [-86_400_000, null],
  ],
  [
    `unnest(['1.5', NULL, '-0', '65504', '0.00006103515625', '0.000000059604644775390625', 'inf', 'nan'])::FLOAT`,
    fieldOf('v', { kind: 'float', bitWidth: 16 }),
    [1.5, null, -0, 65504, 0.00006103515625, 5.960464477539063e-8, Infinity, NaN],
  ],
  [`unnest([NULL, NULL])::INTEGER`, fieldOf('v', { kind: 'null' }), [null, null]],
  [
    `unnest([[1], NULL, []])`,
    fieldOf(
      'v',
      { kind: 'largeList' },
      { children: [fieldOf('x', { kind: 'int', bitWidth: 32, signed: true })] },
    ),
    [[1], null, []],
  ],
  [`unnest(['b', NULL, 'a', 'b'])`, dictionaryField('v', { kind: 'utf8' }, 8), ['b', null, 'a', 'b']],
  [
    `unnest(['b', NULL, 'a text that is long', 'b'])`,
    dictionaryField('v', { kind: 'largeUtf8' }, 16, false),
    ['b', null, 'a text that is long', 'b'],
  ],
  [
    `unnest(['b', NULL, 'a text that is long', 'b'])`,
    dictionaryField('v', { kind: 'utf8View' }, 32),
    ['b', null, 'a text that is long', 'b'],
  ],
  [
    `unnest([5, NULL, 6, 5])::BIGINT`,
    dictionaryField('v', { kind: 'int', bitWidth: 64, signed: true }, 32),
    [5n, null, 6n, 5n],
  ],
  [
    `unnest(['1970-01-01 00:00:01', NULL])::TIMESTAMP_MS`,
    dictionaryField('v', { kind: 'timestamp', unit: 's', timezone: null }, 8),
    [1000, null],
  ],
]

for (const [sql, field, expected] of targets) {
  const name = `${field.type.kind}${field.dictionary === null ? '' : ' by dictionary'}`
  test(`${sql.slice(0, 50)} becomes ${name}, as a dataset has it`, async () => {
    const result = await run(duck, `SELECT ${sql} AS v`, schemaOf(field))
    checkFrames(result)
    assert.deepEqual(columnOf(await tableOf(result)), expected)
  })
}

test('decimals of 32, 64 and 256 bits come back as they were', async () => {
  const bytesOf = async (sql: string, precision: number, bitWidth: 32 | 64 | 256): Promise<Buffer> => {
    const target = schemaOf(fieldOf('v', { kind: 'decimal', precision, scale: 1, bitWidth }))
    const { frames } = await run(duck, `SELECT unnest([-1.5, NULL, 2])::${sql} AS v`, target)
    return Buffer.concat(frames.flatMap(({ body }) => body.slice(1)))
  }
  const narrow = await bytesOf('DECIMAL(4, 1)', 4, 32)
  assert.deepEqual(
    [0, 4, 8].map((at) => narrow.readInt32LE(at)),
    [-15, 0, 20],
  )
  const middle = await bytesOf('DECIMAL(9, 1)', 9, 64)
  assert.deepEqual(
    [0, 8, 16].map((at) => middle.readBigInt64LE(at)),
    [-15n, 0n, 20n],
  )
  for (const precision of [4, 18, 38]) {
    const wide = await bytesOf(`DECIMAL(${precision}, 1)`, precision, 256)
    const words = Array.from({ length: 12 }, (_, index) => wide.readBigInt64LE(index * 8))
    assert.deepEqual(words, [-15n, -1n, -1n, -1n, 0n, 0n, 0n, 0n, 20n, 0n, 0n, 0n])
  }
})

test('a value of another length than a fixed-size binary has is refused', async () => {
  const target = schemaOf(fieldOf('v', { kind: 'fixedSizeBinary', byteWidth: 3 }))
  await rejectsWith(run(duck, `SELECT 'four'::BLOB AS v`, target), 'SQL_FAILED', /'v' .* not 3 bytes/)
})

test('a type that cannot become the target is refused', async () => {
  const target = schemaOf(fieldOf('v', { kind: 'int', bitWidth: 32, signed: true }))
  await rejectsWith(run(duck, `SELECT 'x' AS v`, target), 'TYPE_UNSUPPORTED', /'v' of type VARCHAR .* int/)
})

test('a dictionary grows with its values, and each new one begins with all before', async () => {
  const target = schemaOf(dictionaryField('v', { kind: 'utf8' }, 32))
  const result = await run(duck, `SELECT 'key ' || (i // 50000) AS v FROM range(200000) t(i)`, target)
  checkFrames(result)
  const kinds = result.frames.map(({ kind }) => kind)
  assert.deepEqual(kinds, ['dictionary', 'batch', 'dictionary', 'batch', 'dictionary', 'batch', 'batch'])
  const expected = Array.from({ length: 200_000 }, (_, index) => `key ${Math.floor(index / 50_000)}`)
  assert.deepEqual(columnOf(await tableOf(result)), expected)
})

test('indices too narrow for all values of a result make frames of fewer rows', async () => {
  const target = schemaOf(dictionaryField('v', { kind: 'utf8' }, 8))
  const result = await run(duck, `SELECT 'key ' || (i % 300) AS v FROM range(5000) t(i)`, target)
  checkFrames(result)
  assert.ok(batches(result.frames).length > 30)
  const expected = Array.from({ length: 5000 }, (_, index) => `key ${index % 300}`)
  // apache-arrow resolves all batches with the last dictionary: each batch is read alone.
  const values = []
  let dictionary: Frame | undefined
  for (const frame of result.frames) {
    if (frame.kind === 'dictionary') dictionary = frame
    else
      values.push(
        ...columnOf(
          await tableOf({ ...result, frames: dictionary === undefined ? [] : [dictionary, frame] }),
        ),
      )
  }
  assert.deepEqual(values, expected)
})

test('a dictionary that is full of former values begins anew', async () => {
  const target = schemaOf(dictionaryField('v', { kind: 'utf8' }, 8))
  const sql = `SELECT CASE WHEN i < 65536 THEN 'old ' || (i % 128) ELSE 'new ' || (i % 128) END AS v FROM range(131072) t(i)`
  const { frames } = await run(duck, sql, target)
  assert.deepEqual(
    frames.map(({ kind, rows }) => [kind, rows]),
    [
      ['dictionary', 0],
      ['batch', 65_536],
      ['dictionary', 0],
      ['batch', 65_536],
    ],
  )
})

test('a dictionary of long values is sent in pieces of about a megabyte', async () => {
  const target = schemaOf(dictionaryField('v', { kind: 'utf8' }, 32))
  const result = await run(duck, `SELECT repeat('x', 1000) || i AS v FROM range(5000) t(i)`, target)
  checkFrames(result)
  for (const frame of result.frames) assert.ok(frame.byteLength < 1.1 * 1024 * 1024)
  assert.equal(
    result.frames.reduce((sum, { rows }) => sum + rows, 0),
    5000,
  )
})

test('a row with more values than its dictionary can number is refused by the column', async () => {
  const item = dictionaryField('item', { kind: 'utf8' }, 8)
  const target = schemaOf(fieldOf('v', { kind: 'list' }, { children: [item] }))
  const sql = `SELECT list('v' || i) AS v FROM range(200) t(i)`
  await rejectsWith(run(duck, sql, target), 'SQL_FAILED', /'v.item' has more values/)
})

test('a dictionary inside a list comes before the batch', async () => {
  const item = dictionaryField('item', { kind: 'utf8' }, 16)
  const target = schemaOf(fieldOf('v', { kind: 'list' }, { children: [item] }))
  const result = await run(duck, `SELECT unnest([['a', NULL, 'b'], NULL, ['a']]) AS v`, target)
  checkFrames(result)
  assert.deepEqual(
    result.frames.map(({ kind }) => kind),
    ['dictionary', 'batch'],
  )
  assert.deepEqual(columnOf(await tableOf(result)), [['a', null, 'b'], null, ['a']])
})

test('an enum sends its dictionary once, however many frames follow', async () => {
  const result = await run(
    duck,
    `SELECT (['x', 'y'])[1 + (i % 2)::INTEGER]::ENUM('y', 'x') AS v FROM range(200000) t(i)`,
  )
  checkFrames(result)
  assert.deepEqual(
    result.frames.map(({ kind }) => kind),
    ['dictionary', 'batch', 'batch', 'batch', 'batch'],
  )
  const values = columnOf(await tableOf(result))
  assert.deepEqual(values.slice(0, 3), ['x', 'y', 'x'])
  assert.equal(values.length, 200_000)
})
