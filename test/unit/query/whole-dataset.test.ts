// Goal: a statement for a whole dataset that is in memory is answered with the very batches, where these are what
// DuckDB would give, and by DuckDB where anything else is asked.
// Method: an engine over a lake that has real parts and the frames they were written from; frames are compared as
// objects, values with what the same statement gives without the frames.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { QueryEngine } from '../../../src/query/engine.ts'
import type { Lake } from '../../../src/store/parts.ts'
import { columnOf, fieldOf, openTestDuck, run, schemaOf, tableOf } from '../../support/query-frames.ts'
import { QueryLake } from '../../support/query-lake.ts'

const opened = await openTestDuck()
const { duck, directory } = opened
const lake = new QueryLake(opened)
const held = new Map<string, readonly Frame[]>()
const inMemory: Lake = {
  pin: () => Object.assign(lake.pin(), { frames: ({ key }: { key: string }) => held.get(key) }),
}
const [warm, cold] = [inMemory, lake].map(
  (from) => new QueryEngine({ duck, lake: from, dataDirectory: directory }),
) as [QueryEngine, QueryEngine]
after(async () => {
  await Promise.all([warm.close(), cold.close()])
  opened.close()
})

const int64 = { kind: 'int', bitWidth: 64, signed: true } as const
const utf8 = { kind: 'utf8' } as const

async function put(key: string, sql: string, schema: Schema): Promise<void> {
  const rows = await run(duck, sql, schema)
  await lake.put(key, rows)
  held.set(key, rows.frames)
}

const TEXTS = `SELECT i, CASE WHEN i % 3 > 0 THEN 'text ' || i END AS s FROM range(100000) t(i)`
await put('plain', TEXTS, schemaOf(fieldOf('i', int64, { nullable: false }), fieldOf('s', utf8)))
await put('large', TEXTS, schemaOf(fieldOf('i', int64), fieldOf('s', { kind: 'largeUtf8' })))
const dictionary = {
  id: 1n,
  indexType: { kind: 'int', bitWidth: 32, signed: true },
  isOrdered: false,
} as const
await put(
  'coded',
  `SELECT i, 'text ' || i % 9 AS s FROM range(1000) t(i)`,
  schemaOf(fieldOf('i', int64), fieldOf('s', utf8, { dictionary })),
)

async function framesOf(engine: QueryEngine, sql: string): Promise<{ schema: Schema; frames: Frame[] }> {
  const { schema, frames } = await engine.run({ sql })
  const all = []
  for await (const frame of frames) all.push(frame)
  return { schema, frames: all }
}

for (const { sql, isHeld } of [
  { sql: 'SELECT * FROM plain', isHeld: true },
  { sql: 'FROM main.plain', isHeld: true },
  { sql: 'TABLE plain', isHeld: true },
  { sql: 'SELECT * FROM plain AS p', isHeld: true },
  { sql: 'SELECT * FROM plain AS p(a, b)', isHeld: true },
  { sql: 'SELECT s, i FROM plain', isHeld: false },
  { sql: 'SELECT *, i FROM plain', isHeld: false },
  { sql: 'SELECT * EXCLUDE (s) FROM plain', isHeld: false },
  { sql: 'SELECT * REPLACE (-i AS i) FROM plain', isHeld: false },
  { sql: 'SELECT * RENAME (s AS t) FROM plain', isHeld: false },
  { sql: `SELECT COLUMNS('i') FROM plain`, isHeld: false },
  { sql: `SELECT * LIKE 's' FROM plain`, isHeld: false },
  { sql: 'SELECT * FROM plain WHERE i > 5', isHeld: false },
  { sql: 'SELECT * FROM plain LIMIT 5', isHeld: false },
  { sql: 'SELECT * FROM plain ORDER BY i DESC', isHeld: false },
  { sql: `FROM read_parquet('plain.parquet')`, isHeld: false },
  { sql: 'SELECT * FROM large', isHeld: false },
  { sql: 'SELECT * FROM coded', isHeld: false },
]) {
  test(`${sql} is ${isHeld ? 'what is in memory' : 'answered by DuckDB'}`, async () => {
    const got = await framesOf(warm, sql)
    assert.equal(
      got.frames.some((frame) => held.get('plain')?.includes(frame)),
      isHeld,
    )
    const expected = await framesOf(cold, sql)
    assert.deepEqual(got.schema, expected.schema)
    assert.deepEqual(got.schema, (await warm.describe({ sql })).schema)
    const [table, reference] = [await tableOf(got), await tableOf(expected)]
    for (const index of got.schema.fields.keys()) {
      assert.deepEqual(columnOf(table, index), columnOf(reference, index))
    }
    assert.equal(lake.pinCount, 0)
  })
}
