// Goal: what metadata commands say is true of the engine, and their filters are LIKE.
// Method: hold the lists against DuckDB's own and the gate's; match patterns; write values and read them with apache-arrow.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableFromIPC } from 'apache-arrow'
import { batchOf, encodeSchema, makeFrame, type Schema, writeIpcStream } from '../../../flight/index.ts'
import { SCALAR_FUNCTIONS } from '../../../src/query/gate/functions.ts'
import { matchesLike } from '../../../src/server/sql/like.ts'
import {
  DATETIME_FUNCTIONS,
  KEYWORDS,
  NUMERIC_FUNCTIONS,
  STRING_FUNCTIONS,
  SYSTEM_FUNCTIONS,
} from '../../../src/server/sql/sql-info.ts'
import { field, INT32 } from '../../support/raw-flight.ts'
import { openDuck } from '../query/duck-fixture.ts'

test('every function that SqlInfo names may be called', () => {
  const named = [...NUMERIC_FUNCTIONS, ...STRING_FUNCTIONS, ...SYSTEM_FUNCTIONS, ...DATETIME_FUNCTIONS]
  assert.deepEqual(
    named.filter((name) => !SCALAR_FUNCTIONS.has(name)),
    [],
  )
})

test('every keyword that SqlInfo names is one of the engine', async (t) => {
  const { connection } = await openDuck(t)
  const rows = await connection.run('SELECT upper(keyword_name) FROM duckdb_keywords()')
  const known = new Set(rows.map(([name]) => name))
  assert.deepEqual(
    KEYWORDS.filter((word) => !known.has(word)),
    [],
  )
})

test('a filter is LIKE with a backslash as its escape', () => {
  const cases: [string | null, string, boolean][] = [
    [null, 'anything', true],
    ['', '', true],
    ['', 'a', false],
    ['%', '', true],
    ['a%', 'abc', true],
    ['a%', 'ba', false],
    ['a_c', 'abc', true],
    ['a_c', 'a😀c', true],
    ['a_c', 'ac', false],
    ['a\\_c', 'a_c', true],
    ['a\\_c', 'abc', false],
    ['100\\%', '100%', true],
    ['100\\%', '1000', false],
    ['a\\\\b', 'a\\b', true],
    ['a\\b', 'a\\b', true],
    ['a.*(b', 'a.*(b', true],
    ['a.*(b', 'axx(b', false],
    ['A', 'a', false],
    ['a%b', 'a\nb', true],
  ]
  for (const [pattern, text, expected] of cases) {
    assert.equal(matchesLike(pattern, text), expected, `${pattern} ${text}`)
  }
})

test('values in memory are a batch that another reader reads', async () => {
  const schema: Schema = {
    fields: [
      field('number', INT32),
      field('text', { kind: 'utf8' }, { nullable: false }),
      field('flag', { kind: 'bool' }),
      field('list', { kind: 'list' }, { children: [field('item', { kind: 'utf8' })] }),
    ],
    metadata: new Map(),
  }
  const rows = [
    [1, 'a', true, ['x', null]],
    [null, '', null, null],
    [-(2 ** 31), 'é€😀', false, []],
  ]
  const frames = [makeFrame(encodeSchema(schema), [], { kind: 'schema' }), batchOf(schema, rows)]
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames)) chunks.push(chunk)
  const table = tableFromIPC(Buffer.concat(chunks))
  const plain = table.toArray().map((row) => JSON.parse(JSON.stringify(row)) as Record<string, unknown>)
  assert.deepEqual(
    plain.map((row) => Object.values(row)),
    rows,
  )
})

test('a null where a column takes none is the mistake of who writes it', () => {
  const schema: Schema = { fields: [field('number', INT32, { nullable: false })], metadata: new Map() }
  assert.throws(() => batchOf(schema, [[null]]), /'number' has a null/)
})
