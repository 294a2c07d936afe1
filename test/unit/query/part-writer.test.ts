// Goal: a part holds every value of its frames, exactly, under the true names and ids, and a failed one leaves nothing.
// Method: parts written from golden streams and hand-made frames, read back by DuckDB; the files' own metadata.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import {
  type ArrowType,
  decapsulate,
  type Field,
  type Frame,
  parseSchema,
  type Schema,
} from '../../../flight/index.ts'
import { createPartWriter } from '../../../src/query/part-writer.ts'
import { storageOf } from '../../../src/query/storage-types.ts'
import type { WrittenPart } from '../../../src/store/parts.ts'
import { goldenFrames, goldenJson, goldenNames, toGolden } from '../flight/golden.ts'
import { openDuck, storedValues } from './duck-fixture.ts'
import {
  batch,
  bytesOf,
  dictionary,
  dictionaryField,
  field,
  int32s,
  none,
  schema,
  texts,
} from './hand-made-frames.ts'

const { duck, connection, directory } = await openDuck({ after })
const writer = createPartWriter(duck)
let files = 0

function newPath(): string {
  files += 1
  return path.join(directory, `part ${files}'s.parquet`)
}

interface Written {
  readonly file: string
  readonly part: WrittenPart
}

async function write(
  columns: Schema,
  frames: readonly Frame[],
  metadata: Record<string, string> = {},
): Promise<Written> {
  const file = newPath()
  const part = await writer.writePart({ schema: columns, frames, path: file, compressionLevel: 3, metadata })
  return { file, part }
}

function table(file: string): string {
  return `read_parquet(${quote(file)})`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function textOf(value: unknown): string {
  assert.ok(typeof value === 'string')
  return value
}

function float64s(...values: number[]): Uint8Array {
  return bytesOf(Float64Array.from(values))
}

function int64s(...values: bigint[]): Uint8Array {
  return bytesOf(BigInt64Array.from(values))
}

const float64 = { kind: 'float', bitWidth: 64 } as const
const int32 = { kind: 'int', bitWidth: 32, signed: true } as const
const utf8 = { kind: 'utf8' } as const

/** Types without storage, and a column without a name. */
const refused = /interval|union|run_end|list_view|decimal256|metadata/

for (const name of goldenNames.filter((golden) => !refused.test(golden))) {
  test(`a part holds the values and the schema of the golden stream ${name}, before and after a rewrite`, async () => {
    const frames = await goldenFrames(name)
    const columns = parseSchema(frames[0]?.header ?? none)
    const { fields, batches, metadata } = goldenJson(name)
    const expected = fields.map((_, index) => batches.flatMap((values) => values[index] ?? []))
    const { file, part } = await write(columns, frames)
    const rewritten = newPath()
    const again = await writer.rewriteParts({
      schema: columns,
      sources: [file],
      path: rewritten,
      compressionLevel: 19,
      orderBy: [],
      metadata: {},
    })
    for (const each of [file, rewritten]) {
      assert.deepEqual(await storedValues(connection, storageOf(columns), table(each)), expected)
      const [[text] = []] = await connection.run(
        `SELECT decode(value) FROM parquet_kv_metadata(${quote(each)}) WHERE decode(key) = 'ARROW:schema'`,
      )
      const kept = parseSchema(decapsulate(Buffer.from(textOf(text), 'base64')))
      assert.deepEqual(toGolden(kept), { fields, metadata })
    }
    assert.equal(part.rows, expected[0]?.length)
    assert.equal(again.rows, part.rows)
    assert.equal(part.fileBytes, statSync(file).size)
  })
}

test('the types of Parquet are those that keep the unit, after a rewrite too', async () => {
  const columns = schema(
    field('s', { kind: 'timestamp', unit: 's', timezone: null }),
    field('us', { kind: 'timestamp', unit: 'us', timezone: null }),
    field('ns', { kind: 'timestamp', unit: 'ns', timezone: null }),
    field('zone', { kind: 'timestamp', unit: 'ms', timezone: 'Asia/Tokyo' }),
  )
  const array = { length: 1, buffers: [none, int64s(1n)] }
  const { file } = await write(columns, [batch(1, array, array, array, array)])
  const rewritten = newPath()
  const input = {
    schema: columns,
    sources: [file],
    path: rewritten,
    compressionLevel: 1,
    orderBy: ['s'],
    metadata: {},
  }
  await writer.rewriteParts(input)
  for (const each of [file, rewritten]) {
    const rows = await connection.run(
      `SELECT regexp_extract(logical_type, 'isAdjustedToUTC=(.)', 1),
              regexp_extract(logical_type, '(MilliSeconds|MicroSeconds|NanoSeconds)')
       FROM parquet_schema(${quote(each)}) WHERE type IS NOT NULL ORDER BY field_id`,
    )
    assert.deepEqual(rows, [
      ['0', 'MilliSeconds'],
      ['0', 'MicroSeconds'],
      ['0', 'NanoSeconds'],
      ['1', 'MicroSeconds'],
    ])
  }
})

test('names stand in the file as they are, with their field ids', async () => {
  const names = ['it\'s "quoted"', 'Größe 📈', 'select', 'a.b', '{x: 1}', 'a, b', '$1', ' ']
  const nested = field('nested', { kind: 'struct' }, [
    field('a "b"', int32),
    field('list', { kind: 'list' }, [field('item', int32)]),
  ])
  const columns = schema(...names.map((name) => field(name, int32)), nested)
  const array = { length: 1, buffers: [none, int32s([7])] }
  const list = { length: 1, buffers: [none, int32s([0, 1])] }
  const { file, part } = await write(columns, [
    batch(1, ...names.map(() => array), { length: 1, buffers: [none] }, array, list, array),
  ])
  const rows = await connection.run(
    `SELECT name, field_id FROM parquet_schema(${quote(file)}) WHERE field_id IS NOT NULL ORDER BY field_id`,
  )
  const all = [...names, 'nested', 'a "b"', 'list', 'element']
  assert.deepEqual(
    rows,
    all.map((name, index) => [name, BigInt(index + 1)]),
  )
  assert.deepEqual(
    part.columns.map(({ name, fieldId, min }) => [name, fieldId, min]),
    [
      ...names.map((name, index) => [name, index + 1, '7']),
      ['nested.a "b"', 10, '7'],
      ['nested.list.element', 12, '7'],
    ],
  )
})

test('metadata is written beside the Arrow schema', async () => {
  const metadata = { 'sterna:key': `it's; "x"`, 'sterna:order': '[]' }
  const { file } = await write(schema(field('n', int32)), [], metadata)
  const rows = await connection.run(
    `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${quote(file)}) WHERE decode(key) LIKE 'sterna:%'`,
  )
  assert.deepEqual(Object.fromEntries(rows), metadata)
})

test('a part of no rows is a file with all columns', async () => {
  const columns = schema(field('n', int32), field('t', utf8))
  const { file, part } = await write(columns, [])
  assert.equal(part.rows, 0)
  assert.deepEqual(
    await connection.run(`DESCRIBE FROM ${table(file)}`).then((rows) => rows.map((row) => row.slice(0, 2))),
    [
      ['n', 'INTEGER'],
      ['t', 'VARCHAR'],
    ],
  )
})

test('statistics say what each column holds', async () => {
  const columns = schema(
    field('f', float64),
    field('t', utf8),
    field('n', { kind: 'timestamp', unit: 'ns', timezone: null }),
  )
  const { part } = await write(columns, [
    batch(
      3,
      { length: 3, nullCount: 1, buffers: [Uint8Array.of(0b101), float64s(1.5, 99, -2)] },
      texts(3, [0, 1, 3, 3], 'aπ'),
      { length: 3, buffers: [none, int64s(1_000_000_001n, 5n, 7n)] },
    ),
    batch(1, { length: 1, buffers: [none, float64s(NaN)] }, texts(1, [0, 1], 'b'), {
      length: 1,
      buffers: [none, int64s(9n)],
    }),
  ])
  assert.deepEqual(
    part.columns.map(({ compressedBytes, ...stats }) => ({ ...stats, isStored: compressedBytes > 0 })),
    [
      { name: 'f', fieldId: 1, nullCount: 1, min: '-2.0', max: '1.5', containsNan: true, isStored: true },
      { name: 't', fieldId: 2, nullCount: 0, min: '', max: 'π', containsNan: null, isStored: true },
      {
        name: 'n',
        fieldId: 3,
        nullCount: 0,
        min: '1970-01-01 00:00:00.000000005',
        max: '1970-01-01 00:00:01.000000001',
        containsNan: null,
        isStored: true,
      },
    ],
  )
})

test('row groups are of equal size, none beyond the limit', async () => {
  const rows = 140_000
  const frame = batch(rows, { length: rows, buffers: [none, new Uint8Array(rows * 4)] })
  const { file } = await write(schema(field('n', int32)), [frame])
  const groups = await connection.run(
    `SELECT row_group_num_rows FROM parquet_metadata(${quote(file)}) ORDER BY row_group_id`,
  )
  assert.deepEqual(groups, [[71_680n], [68_320n]])
})

test('zeros keep their sign where they are many, in nested columns too', async () => {
  const signs = Array.from({ length: 1000 }, (_, index) => (index % 3 === 0 ? -0 : 0))
  const columns = schema(
    field('f', float64),
    field('l', { kind: 'list' }, [field('item', { kind: 'float', bitWidth: 32 })]),
    dictionaryField('d', utf8, 1n),
  )
  const frames = [
    dictionary(1n, 1, texts(1, [0, 1], 'd')),
    batch(
      1000,
      { length: 1000, buffers: [none, float64s(...signs)] },
      { length: 1000, buffers: [none, int32s(Array.from({ length: 1001 }, (_, index) => index))] },
      { length: 1000, buffers: [none, bytesOf(Float32Array.from(signs))] },
      { length: 1000, buffers: [none, new Uint8Array(1000)] },
    ),
  ]
  const { file } = await write(columns, frames)
  const rewritten = newPath()
  const input = {
    schema: columns,
    sources: [file],
    path: rewritten,
    compressionLevel: 1,
    orderBy: [],
    metadata: {},
  }
  await writer.rewriteParts(input)
  for (const each of [file, rewritten]) {
    const rows = await connection.run(`SELECT f, l[1] FROM ${table(each)}`)
    assert.deepEqual(
      rows,
      signs.map((sign) => [sign, sign]),
    )
  }
})

/** The encodings of a column in each row group. */
async function encodings(file: string): Promise<string[]> {
  const rows = await connection.run(
    `SELECT encodings FROM parquet_metadata(${quote(file)}) ORDER BY row_group_id`,
  )
  return rows.map(([text]) => textOf(text))
}

test('numbers have a Parquet dictionary where each stands four times or more, and none where fewer', async () => {
  const rows = 8192
  for (const [repeats, expected] of [
    [4, 'RLE_DICTIONARY'],
    [3, 'BYTE_STREAM_SPLIT'],
  ] as const) {
    const values = Array.from({ length: rows }, (_, index) => Math.floor(index / repeats) + 0.5)
    const frame = batch(rows, { length: rows, buffers: [none, float64s(...values)] })
    const { file } = await write(schema(field('x', float64)), [frame])
    assert.deepEqual(await encodings(file), [expected], `${repeats} times`)
  }
})

test('32-bit numbers that do not fit the packed encoding of Parquet, or whose differences do not, stand plain', async () => {
  const uint32 = { ...int32, signed: false }
  const day = { kind: 'date', unit: 'day' } as const
  const cases: [string, ArrowType, number, number, string][] = [
    ['uint32 below 2^31', uint32, 0, 2 ** 31 - 1, 'DELTA_BINARY_PACKED'],
    ['uint32 from 2^31 on', uint32, 2 ** 31, 2 ** 31 + 5000, 'PLAIN'],
    ['uint32 at its end', uint32, 2 ** 32 - 2, 2 ** 32 - 1, 'PLAIN'],
    ['int32 less than 2^31 apart', int32, -(2 ** 30), 2 ** 30 - 1, 'DELTA_BINARY_PACKED'],
    ['int32 further apart', int32, -(2 ** 31), 2 ** 31 - 1, 'PLAIN'],
    ['days of this century', day, 18_000, 22_000, 'DELTA_BINARY_PACKED'],
    ['days further apart', day, -700_000_000, 2 ** 31 - 3, 'PLAIN'],
  ]
  for (const [what, type, low, high, expected] of cases) {
    // Each value once, with the two ends beside each other.
    const values = Array.from({ length: 2000 }, (_, row) => (row % 2 === 0 ? low + row : high - row))
    if (what === 'uint32 at its end') values.splice(0, 2000, high, low)
    const bytes = bytesOf(Int32Array.from(values, (value) => value | 0))
    const frame = batch(values.length, { length: values.length, buffers: [none, bytes] })
    const { file } = await write(schema(field('x', type)), [frame])
    assert.deepEqual(await encodings(file), [expected], what)
    const sql = type === day ? `x - DATE '1970-01-01'` : 'x::BIGINT'
    const stored = await connection.run(`SELECT ${sql} FROM ${table(file)}`)
    assert.deepEqual(
      stored.map(([value]) => Number(value)),
      values,
      what,
    )
  }
})

test('a dictionary column has only pages that pyarrow reads as a dictionary', async () => {
  const column = dictionaryField('d', utf8, 1n, 32)
  const few = [dictionary(1n, 2, texts(2, [0, 1, 2], 'ab'))]
  const many = [
    dictionary(
      1n,
      900,
      texts(
        900,
        Array.from({ length: 901 }, (_, index) => index * 3),
        Array.from({ length: 900 }, (_, index) => String(index).padStart(3, '0')).join(''),
      ),
    ),
  ]
  const indices = (count: number, size: number) => ({
    length: count,
    buffers: [none, int32s(Array.from({ length: count }, (_, index) => index % size))],
  })
  const nulls = { length: 9, nullCount: 9, buffers: [new Uint8Array(2), int32s(Array<number>(9).fill(0))] }
  const cases: [string, Frame[], RegExp][] = [
    ['few values', [...few, batch(1000, indices(1000, 2))], /^RLE_DICTIONARY$/],
    ['many values', [...many, batch(900, indices(900, 900))], /^PLAIN$/],
    ['a single row', [...few, batch(1, indices(1, 2))], /^PLAIN$/],
    ['nulls alone', [batch(9, nulls)], /^PLAIN$/],
  ]
  for (const [what, frames, expected] of cases) {
    const { file } = await write(schema(column), frames)
    for (const text of await encodings(file)) assert.match(text, expected, what)
  }
  const { file } = await write(schema(field('t', utf8)), [batch(1, texts(1, [0, 1], 'a'))])
  assert.deepEqual(await encodings(file), ['DELTA_LENGTH_BYTE_ARRAY'])
})

/** A part of two columns: what to sort by, and where the row came from. */
function keyed(keys: readonly (number | null)[], start: number): [Schema, Frame[]] {
  const bits = new Uint8Array(keys.length)
  keys.forEach((key, index) => {
    if (key !== null) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
  })
  const nullCount = keys.filter((key) => key === null).length
  const frame = batch(
    keys.length,
    { length: keys.length, nullCount, buffers: [bits, int32s(keys.map((key) => key ?? 0))] },
    { length: keys.length, buffers: [none, int32s(keys.map((_, index) => start + index))] },
  )
  return [schema(field('Key', int32), field('from', int32)), [frame]]
}

test('a rewrite joins parts sorted; rows of equal keys keep their order', async () => {
  const [columns, first] = keyed([3, 1, null, 2, 1], 0)
  const [, second] = keyed([1, 3, 2], 10)
  const sources = [(await write(columns, second)).file, (await write(columns, first)).file]
  const joined = newPath()
  const input = {
    schema: columns,
    sources,
    path: joined,
    compressionLevel: 22,
    orderBy: ['Key'],
    metadata: { 'sterna:x': '1' },
  }
  const part = await writer.rewriteParts(input)
  assert.equal(part.rows, 8)
  assert.deepEqual(await connection.run(`FROM ${table(joined)}`), [
    [1, 10],
    [1, 1],
    [1, 4],
    [2, 12],
    [2, 3],
    [3, 11],
    [3, 0],
    [null, 2],
  ])
})

test('a column that older parts lack is null there after a rewrite', async () => {
  const [columns, frames] = keyed([1], 0)
  const old: Field[] = [field('Key', int32)]
  const sources = [
    (await write(schema(...old), [batch(1, { length: 1, buffers: [none, int32s([5])] })])).file,
    (await write(columns, frames)).file,
  ]
  const joined = newPath()
  await writer.rewriteParts({
    schema: columns,
    sources,
    path: joined,
    compressionLevel: 3,
    orderBy: [],
    metadata: {},
  })
  assert.deepEqual(await connection.run(`FROM ${table(joined)}`), [
    [5, null],
    [1, 0],
  ])
})

test('frames that lie fail as what they are, and leave no file', async () => {
  const before = readdirSync(directory)
  const bad = batch(2, texts(2, [0, 3, 1], 'abc'))
  await assert.rejects(write(schema(field('t', utf8)), [bad]), {
    code: 'IPC_MALFORMED',
    message: /^Column 't'/,
  })
  assert.deepEqual(readdirSync(directory), before)
})

test('a source that cannot be read fails the rewrite with DATA_CORRUPT, and leaves no file', async () => {
  const [columns, frames] = keyed([1, 2], 0)
  const { file } = await write(columns, frames)
  const cut = path.join(directory, 'cut.parquet')
  writeFileSync(cut, readFileSync(file).subarray(0, 100))
  const joined = newPath()
  const input = {
    schema: columns,
    sources: [file, cut],
    path: joined,
    compressionLevel: 3,
    orderBy: [],
    metadata: {},
  }
  await assert.rejects(writer.rewriteParts(input), { code: 'DATA_CORRUPT' })
  assert.equal(existsSync(joined), false)
})

test('an aborted write fails with CANCELLED, and leaves no file', async () => {
  const rows = 500_000
  const frame = batch(rows, { length: rows, buffers: [none, new Uint8Array(rows * 4)] })
  const columns = schema(field('n', int32))
  for (const abortAfterMs of [0, 5, 20]) {
    const file = newPath()
    const controller = new AbortController()
    const writing = writer.writePart({
      schema: columns,
      frames: Array<Frame>(20).fill(frame),
      path: file,
      compressionLevel: 3,
      metadata: {},
      signal: controller.signal,
    })
    setTimeout(() => controller.abort(), abortAfterMs)
    await assert.rejects(writing, { code: 'CANCELLED' })
    assert.equal(existsSync(file), false)
  }
})

test('a schema is checked without writing', () => {
  writer.checkSchema(schema(field('n', int32)))
  const interval = schema(field('i', { kind: 'interval', unit: 'dayTime' }))
  assert.throws(() => writer.checkSchema(interval), { code: 'TYPE_UNSUPPORTED', message: /'i'.*interval/ })
})
