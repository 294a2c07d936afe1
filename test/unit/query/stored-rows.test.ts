// Goal: a statement for rows and columns of a dataset in memory is answered with the very batches or views of them, where
// these are what DuckDB would give, and by DuckDB where anything else is asked.
// Method: an engine over a lake that has real parts and the frames they were written from; memory is compared by its
// buffers, values with what the same statement gives without the frames.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../../flight/request.ts'
import { QueryEngine } from '../../../src/query/engine.ts'
import { FrameIndex } from '../../../src/store/cache/frame-index.ts'
import { valueRanges } from '../../../src/store/cache/value-ranges.ts'
import type { PartFilter } from '../../../src/store/part-filter.ts'
import type { Lake, PinnedDataset, SelectedRows } from '../../../src/store/parts.ts'
import { columnOf, fieldOf, openTestDuck, run, schemaOf, tableOf } from '../../support/query-frames.ts'
import { NO_CHECKSUMS, QueryLake } from '../../support/query-lake.ts'

const opened = await openTestDuck()
const { duck, directory } = opened
const lake = new QueryLake(opened)
const held = new Map<string, readonly Frame[]>()
const index = new FrameIndex()
const inMemory: Lake = {
  pin: () => {
    const pinned = lake.pin()
    const stored = pinned.resolve.bind(pinned)
    const resolve = (ref: DatasetRef): PinnedDataset | undefined => {
      const dataset = stored(ref)
      return dataset && { ...dataset, rowsWith: (filters) => rowsWith(dataset, filters) }
    }
    return Object.assign(pinned, { resolve, frames: ({ key }: { key: string }) => held.get(key) })
  },
}

/** As the store finds them; all conditions of the test are on `i`. */
function rowsWith({ ref, schema }: PinnedDataset, filters: readonly PartFilter[]): SelectedRows | undefined {
  const conditions = filters.flatMap((filter) => {
    const field = schema.fields.find(({ name }) => name === 'i' && name === filter.column)
    const ranges = field ? valueRanges(filter, 'int64', field) : null
    return ranges === null ? [] : [{ column: 0, ranges }]
  })
  const found = index.select(held.get(ref.key) ?? [], schema, conditions)
  return found && { ...found, isExact: found.isExact && conditions.length === filters.length }
}

const [warm, cold] = [inMemory, lake].map(
  (from) => new QueryEngine({ duck, lake: from, comparer: NO_CHECKSUMS, dataDirectory: directory }),
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

/** What the bodies of the frames in memory are views of. */
const buffers = new Set(
  [...held.values()].flatMap((frames) => frames.flatMap(({ body }) => body.map(({ buffer }) => buffer))),
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
  { sql: 'SELECT * FROM plain WHERE i >= 0', isHeld: true },
  { sql: 'SELECT * FROM plain WHERE i > 5', isHeld: true },
  { sql: 'SELECT * FROM plain WHERE i = 5', isHeld: true },
  { sql: 'SELECT s FROM plain WHERE 70000 <= i AND 70010 > i', isHeld: true },
  { sql: 'SELECT p.s AS a, I, i FROM plain AS p WHERE p.i IN (70000, 3, 4)', isHeld: true },
  { sql: 'SELECT * FROM plain WHERE i BETWEEN 7 AND 5', isHeld: false },
  { sql: `SELECT s FROM plain WHERE i = 5 AND s > 'a'`, isHeld: false },
  { sql: 'SELECT s FROM plain WHERE i = 5 OR i = 6', isHeld: false },
  { sql: 'SELECT s FROM plain WHERE i = 5.5', isHeld: false },
  { sql: 'SELECT s || s FROM plain WHERE i = 6', isHeld: false },
  { sql: 'SELECT unnest([s, s]) FROM plain WHERE i = 6', isHeld: false },
  { sql: 'SELECT count(*), max(s) FROM plain WHERE i < 5000', isHeld: false },
  { sql: 'SELECT s, count(*) FROM plain WHERE i < 50 GROUP BY ROLLUP (s) ORDER BY ALL', isHeld: false },
  { sql: 'SELECT DISTINCT s FROM plain WHERE i = 5', isHeld: false },
  { sql: 'SELECT s FROM plain WHERE i = 5 LIMIT 0', isHeld: false },
  { sql: 'SELECT s FROM (SELECT * FROM plain) WHERE i = 5', isHeld: false },
  { sql: 'SELECT s FROM coded WHERE i = 5', isHeld: false },
  { sql: 'SELECT i FROM coded WHERE i >= 990', isHeld: true },
  { sql: 'SELECT s, i FROM coded WHERE i IN (1, 10, 19) AND s IS NOT NULL', isHeld: false },
  { sql: 'SELECT * FROM plain LIMIT 5', isHeld: false },
  { sql: 'SELECT * FROM plain ORDER BY i DESC', isHeld: false },
  { sql: `FROM read_parquet('plain.parquet')`, isHeld: false },
  { sql: 'SELECT * FROM large', isHeld: false },
  { sql: 'SELECT * FROM coded', isHeld: false },
]) {
  test(`${sql} is ${isHeld ? 'what is in memory' : 'answered by DuckDB'}`, async () => {
    const got = await framesOf(warm, sql)
    assert.equal(
      got.frames.some(({ body }) => body.some((piece) => buffers.has(piece.buffer))),
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
