// Goal: SQL sees frames in memory as exactly the values they hold, and frames that lie give an error, not a crash.
// Method: golden streams of pyarrow scanned through DuckDB against pyarrow's own values; hand-made frames for the rest.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Frame, parseSchema, type Schema } from '../../../flight/index.ts'
import { FramesTable } from '../../../src/query/frames-table.ts'
import { storageOf } from '../../../src/query/storage-types.ts'
import { goldenFrames, goldenJson, goldenNames } from '../flight/golden.ts'
import { openDuck, storedValues } from './duck-fixture.ts'
import {
  batch,
  bytesOf,
  dictionary,
  dictionaryField,
  field,
  type HandArray,
  int32s,
  none,
  schema,
  texts,
} from './hand-made-frames.ts'

/** Types without storage, and a column without a name. */
const refused = /interval|union|run_end|list_view|decimal256|metadata/

const { duck, connection } = await openDuck({ after })
const table = await FramesTable.of(duck)

function schemaOf(frames: readonly Frame[]): Schema {
  const [first] = frames
  assert.ok(first)
  return parseSchema(first.header)
}

/** The batches of the golden JSON one after the other, by column. */
function goldenColumns(name: string): unknown[][] {
  const { fields, batches } = goldenJson(name)
  return fields.map((_, index) => batches.flatMap((columns) => columns[index] ?? []))
}

/** What SQL sees, by column. */
async function scan(columns: Schema, frames: readonly Frame[]): Promise<unknown[][]> {
  const held = table.hold(columns, frames)
  try {
    return await storedValues(connection, storageOf(columns), held.sql)
  } catch (error) {
    throw held.failure ?? error
  } finally {
    held.release()
  }
}

for (const name of goldenNames.filter((golden) => !refused.test(golden))) {
  test(`SQL sees the values of the golden stream ${name}`, async () => {
    const frames = await goldenFrames(name)
    assert.deepEqual(await scan(schemaOf(frames), frames), goldenColumns(name))
  })
}

for (const name of goldenNames.filter((golden) => refused.test(golden))) {
  test(`the golden stream ${name} is refused`, async () => {
    const frames = await goldenFrames(name)
    await assert.rejects(scan(schemaOf(frames), frames), { code: 'TYPE_UNSUPPORTED' })
  })
}

for (const compression of ['lz4', 'zstd']) {
  test(`a batch whose ${compression} buffers are cut or changed is refused`, async () => {
    const frames = await goldenFrames(`ticks_${compression}`)
    for (let position = 0; position < 400; position += 7) {
      const changed = frames.map((frame): Frame => {
        const body = Buffer.concat(frame.body)
        if (body.length > position) body[position] = (body[position] ?? 0) ^ 0xff
        return { ...frame, body: [body] }
      })
      const held = table.hold(schemaOf(frames), changed)
      // A changed value may still be one; anything else must be an error of the frames.
      await storedValues(connection, storageOf(schemaOf(frames)), held.sql).catch(() => {
        assert.match(held.failure?.code ?? '', /IPC_MALFORMED|LIMIT_EXCEEDED/)
      })
      held.release()
    }
  })
}

test('batches of few rows are joined and long ones cut, in order', async () => {
  const numbers = Array.from({ length: 20_000 }, (_, index) => index)
  const frames: Frame[] = []
  for (let start = 0, count = 1; start < numbers.length; start += count, count = (count * 7) % 5003) {
    const part = numbers.slice(start, start + count)
    const odd = new Uint8Array(Math.ceil(part.length / 8))
    part.forEach((value, index) => {
      if (value % 3 !== 0) odd[index >> 3] = (odd[index >> 3] ?? 0) | (1 << (index & 7))
    })
    const names = part.map((value) => 'n'.repeat(value % 20) + String(value))
    const offsets = names.reduce((ends, name) => [...ends, (ends.at(-1) ?? 0) + name.length], [0])
    const nullCount = part.filter((value) => value % 3 === 0).length
    frames.push(
      batch(
        part.length,
        { length: part.length, nullCount, buffers: [odd, int32s(part)] },
        texts(part.length, offsets, names.join('')),
      ),
    )
  }
  const columns = schema(
    field('n', { kind: 'int', bitWidth: 32, signed: true }),
    field('t', { kind: 'utf8' }),
  )
  const [values, names] = await scan(columns, frames)
  assert.deepEqual(
    values,
    numbers.map((value) => (value % 3 === 0 ? null : String(value))),
  )
  assert.deepEqual(
    names,
    numbers.map((value) => 'n'.repeat(value % 20) + String(value)),
  )
})

test('a buffer may lie across two pieces of a body', async () => {
  const whole = batch(5, texts(5, [0, 3, 6, 6, 20, 25], 'abcdefghijklmnopqrstuvwxy'))
  const body = Buffer.concat(whole.body)
  const columns = schema(field('t', { kind: 'utf8' }))
  const expected = [['abc', 'def', '', 'ghijklmnopqrst', 'uvwxy']]
  for (const cut of [1, 21, 24, 30, 48]) {
    const pieces = [body.subarray(0, cut), body.subarray(cut)]
    assert.deepEqual(await scan(columns, [{ ...whole, body: pieces }]), expected)
  }
})

test('only the columns that a query names are read', async () => {
  const columns = schema(
    field('good', { kind: 'int', bitWidth: 32, signed: true }),
    field('bad', { kind: 'utf8' }),
  )
  const good: HandArray = { length: 2, buffers: [none, int32s([1, 2])] }
  const held = table.hold(columns, [batch(2, good, texts(2, [0, 90, 1], 'x'))])
  assert.deepEqual(await connection.run(`SELECT sum(good), count(*) FROM ${held.sql}`), [[3n, 2n]])
  assert.deepEqual(await connection.run(`SELECT count(*) FROM ${held.sql}`), [[2n]])
  await assert.rejects(connection.run(`SELECT bad FROM ${held.sql}`))
  assert.equal(held.failure?.code, 'IPC_MALFORMED')
})

test('several scans read the same frames at once', async () => {
  const frames = await goldenFrames('ticks')
  const held = table.hold(schemaOf(frames), frames)
  const others = await Promise.all([duck.connect(), duck.connect()])
  const sql = `SELECT count(*) FROM ${held.sql} AS a POSITIONAL JOIN ${held.sql} AS b WHERE a IS NOT DISTINCT FROM b`
  const counts = await Promise.all([connection, ...others].map((each) => each.run(sql)))
  others.forEach((each) => each.close())
  assert.deepEqual(counts, Array(3).fill([[BigInt(held.rows)]]))
})

test('frames cannot be read once they are released, nor under a guessed handle', async () => {
  const frames = await goldenFrames('int32')
  const held = table.hold(schemaOf(frames), frames)
  held.release()
  await assert.rejects(connection.run(`FROM ${held.sql}`), { code: 'SQL_INVALID' })
  await assert.rejects(connection.run(`FROM sterna_frames('x')`), { code: 'SQL_INVALID' })
})

test('what stands behind a null is not read', async () => {
  const bits = Uint8Array.of(0b01)
  const far = bytesOf(BigInt64Array.of(1n, 2n ** 63n - 1n))
  const columns = schema(
    field('t', { kind: 'utf8' }),
    field('s', { kind: 'timestamp', unit: 's', timezone: null }),
    field('d', { kind: 'decimal', precision: 3, scale: 0, bitWidth: 64 }),
    dictionaryField('x', { kind: 'utf8' }, 1n),
  )
  const frames = [
    dictionary(1n, 1, texts(1, [0, 1], 'v')),
    batch(
      2,
      { length: 2, nullCount: 1, buffers: [bits, int32s([0, 1, 3]), Uint8Array.of(0x61, 0xff, 0xfe)] },
      { length: 2, nullCount: 1, buffers: [bits, far] },
      { length: 2, nullCount: 1, buffers: [bits, far] },
      { length: 2, nullCount: 1, buffers: [bits, Uint8Array.of(0, 99)] },
    ),
  ]
  assert.deepEqual(await scan(columns, frames), [
    ['a', null],
    ['1', null],
    ['1', null],
    ['v', null],
  ])
})

test('a value in a null struct is null to SQL', async () => {
  const columns = schema(
    field('s', { kind: 'struct' }, [field('a', { kind: 'int', bitWidth: 32, signed: true })]),
  )
  const frame = batch(
    2,
    { length: 2, nullCount: 1, buffers: [Uint8Array.of(0b10)] },
    { length: 2, buffers: [none, int32s([7, 8])] },
  )
  const held = table.hold(columns, [frame])
  assert.deepEqual(await connection.run(`SELECT s.a, s FROM ${held.sql}`), [
    [null, null],
    [8, { a: 8 }],
  ])
})

test('a list of more values than a vector has rows is read whole, nulls at its end too', async () => {
  const count = 10_000
  const bits = new Uint8Array(count / 8).fill(0xff)
  bits[bits.length - 1] = 0x7f
  const columns = schema(
    field('l', { kind: 'list' }, [field('item', { kind: 'int', bitWidth: 32, signed: true })]),
  )
  const numbers = Array.from({ length: count }, (_, index) => index)
  const frame = batch(
    2,
    { length: 2, buffers: [none, int32s([0, 9000, count])] },
    { length: count, nullCount: 1, buffers: [bits, int32s(numbers)] },
  )
  const expected = numbers.map((value) => (value === count - 1 ? null : String(value)))
  assert.deepEqual(await scan(columns, [frame]), [[expected.slice(0, 9000), expected.slice(9000)]])
})

const views = Buffer.alloc(16)
views.writeInt32LE(20, 0)
views.writeInt32LE(3, 8)

const int8: HandArray = { length: 1, buffers: [none, Uint8Array.of(5)] }
const lies: [string, Schema, Frame[]][] = [
  ['offsets that go down', schema(field('c', { kind: 'utf8' })), [batch(2, texts(2, [0, 3, 1], 'abc'))]],
  ['offsets past the data', schema(field('c', { kind: 'utf8' })), [batch(1, texts(1, [0, 4], 'abc'))]],
  ['negative offsets', schema(field('c', { kind: 'utf8' })), [batch(1, texts(1, [-2, 1], 'abc'))]],
  [
    'huge 64-bit offsets',
    schema(field('c', { kind: 'largeBinary' })),
    [
      batch(1, {
        length: 1,
        buffers: [none, bytesOf(BigInt64Array.of(0n, 2n ** 32n + 1n)), Buffer.from('abc')],
      }),
    ],
  ],
  [
    'text that is not UTF-8',
    schema(field('c', { kind: 'utf8' })),
    [batch(1, texts(1, [0, 2], Uint8Array.of(0x61, 0xff)))],
  ],
  [
    'text that is cut inside a character',
    schema(field('c', { kind: 'utf8' })),
    [batch(2, texts(2, [0, 1, 2], 'é'))],
  ],
  [
    'views outside their buffers',
    schema(field('c', { kind: 'binaryView' })),
    [batch(1, { length: 1, buffers: [none, views, Buffer.alloc(8)], variadicCount: 1 })],
  ],
  [
    'list offsets past the child',
    schema(field('c', { kind: 'list' }, [field('item', { kind: 'int', bitWidth: 8, signed: true })])),
    [batch(1, { length: 1, buffers: [none, int32s([0, 2])] }, int8)],
  ],
  [
    'indices past the dictionary',
    schema(dictionaryField('c', { kind: 'utf8' }, 1n)),
    [dictionary(1n, 1, texts(1, [0, 1], 'v')), batch(1, int8)],
  ],
  [
    'negative indices',
    schema(dictionaryField('c', { kind: 'utf8' }, 1n)),
    [
      dictionary(1n, 300, texts(300, Array<number>(301).fill(0), '')),
      batch(1, { length: 1, buffers: [none, Uint8Array.of(0xff)] }),
    ],
  ],
  ['indices without a dictionary', schema(dictionaryField('c', { kind: 'utf8' }, 1n)), [batch(1, int8)]],
  [
    'a time that its storage cannot hold',
    schema(field('c', { kind: 'timestamp', unit: 's', timezone: 'UTC' })),
    [batch(1, { length: 1, buffers: [none, bytesOf(BigInt64Array.of(2n ** 60n))] })],
  ],
  [
    'a decimal of more digits than it says',
    schema(field('c', { kind: 'decimal', precision: 3, scale: 0, bitWidth: 128 })),
    [batch(1, { length: 1, buffers: [none, bytesOf(BigInt64Array.of(70_000n, 0n))] })],
  ],
  [
    'a map with a null key',
    schema(
      field('c', { kind: 'map', keysSorted: false }, [
        field('entries', { kind: 'struct' }, [
          field('key', { kind: 'utf8' }),
          field('value', { kind: 'null' }),
        ]),
      ]),
    ),
    [
      batch(
        1,
        { length: 1, buffers: [none, int32s([0, 1])] },
        { length: 1, buffers: [none] },
        { length: 1, nullCount: 1, buffers: [Uint8Array.of(0), int32s([0, 1]), Buffer.from('a')] },
        { length: 1, nullCount: 1, buffers: [] },
      ),
    ],
  ],
]

for (const [what, columns, frames] of lies) {
  test(`a batch with ${what} is refused, naming the column`, async () => {
    await assert.rejects(scan(columns, frames), { code: 'IPC_MALFORMED', message: /^Column 'c/ })
  })
}

test('a list of more nulls than memory is refused', async () => {
  const columns = schema(field('c', { kind: 'list' }, [field('item', { kind: 'null' })]))
  const frame = batch(
    1,
    { length: 1, buffers: [none, int32s([0, 2 ** 31 - 1])] },
    { length: 2 ** 31 - 1, nullCount: 2 ** 31 - 1, buffers: [] },
  )
  await assert.rejects(scan(columns, [frame]), { code: 'LIMIT_EXCEEDED' })
})
