// Goal: a statement keeps its text but for the names of tables; what is known of it is right; and it is kept.
// Method: compare rewritten texts byte for byte, count the texts that the parser is given, change the snapshot.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SternaError } from '../../../src/errors.ts'
import { type CheckOptions, Gate } from '../../../src/query/gate.ts'
import { openGateLake, pinned, printed } from '../../support/gate-lake.ts'

const lake = await openGateLake()
after(() => lake.close())

/** With the names of batches in memory as #1, #2, … */
async function rewritten(sql: string, options: CheckOptions = {}): Promise<string> {
  const query = await lake.gate.check(sql, lake.lake, options)
  return query.frames.reduce(
    (text, { handle }, index) => text.replaceAll(handle, `#${index + 1}`),
    query.sql.replaceAll(lake.dataDirectory, '$DATA'),
  )
}

const input = { schema: { fields: [], metadata: new Map<string, string>() }, source: { frames: [] } }

async function refusal(promise: Promise<unknown>): Promise<SternaError> {
  const error: unknown = await promise.then(
    () => assert.fail('accepted'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SternaError, String(error))
  return error
}

const BTC = `read_parquet(['$DATA/cold/BTC.2.parquet'], hive_partitioning=false)`
const MANY = `read_parquet(['$DATA/cold/many.parquet', '$DATA/cold/many.2.parquet'], union_by_name=true, hive_partitioning=false)`
const XAY = `read_parquet(['$DATA/cold/xay.parquet'], hive_partitioning=false)`

const rewrites: readonly (readonly [sql: string, text: string])[] = [
  ['SELECT 1', 'SELECT 1'],
  ['  SELECT 1 ; -- end', '  SELECT 1'],
  ['SELECT  px\tFROM BTC\n WHERE px>1 -- x', `SELECT  px\tFROM ${BTC} AS "BTC"\n WHERE px>1`],
  [`SELECT 'é😀' /* é */ FROM BTC b`, `SELECT 'é😀' /* é */ FROM ${BTC} b`],
  ['FROM main . /* x */ "BTC" AS b', `FROM ${BTC} AS b`],
  ['FROM b : BTC', `FROM b : ${BTC}`],
  ['FROM btc', `FROM ${BTC} AS "btc"`],
  ['FROM many JOIN xay USING (a)', `FROM ${MANY} AS "many" JOIN ${XAY} AS "xay" USING (a)`],
  ['TABLE xay', `SELECT * FROM ${XAY} AS "xay"`],
  ['SUMMARIZE xay', `SUMMARIZE FROM ${XAY} AS "xay"`],
  ['EXPLAIN /* é */ ANALYZE FROM xay', `EXPLAIN /* é */ ANALYZE FROM ${XAY} AS "xay"`],
  ['FROM "x*y"', `FROM read_parquet(['$DATA/cold/x[*]y.parquet'], hive_partitioning=false) AS "x*y"`],
  [`FROM "it's"`, `FROM read_parquet(['$DATA/cold/it''s.parquet'], hive_partitioning=false) AS "it's"`],
  [`FROM 'cold/xay.parquet'`, `FROM ${XAY} AS "xay"`],
  [`FROM main.read_parquet( 'xay.parquet' ) t`, `FROM ${XAY} t`],
  [
    `FROM parquet_scan(['xay.parquet'], filename := 'it''s', hive_partitioning = true)`,
    `FROM parquet_scan(['$DATA/cold/xay.parquet'], hive_partitioning=true, filename='it''s')`,
  ],
  ['SELECT main.xay.a FROM main.xay', `SELECT xay.a FROM ${XAY} AS "xay"`],
  ['SELECT main.xay.a FROM xay AS xay', `SELECT main.xay.a FROM ${XAY} AS xay`],
  ['FROM BTC AT (VERSION => 0)', `FROM ${BTC} AS "BTC" `],
  [
    'SELECT b.px FROM BTC AS b AT (VERSION => 0) WHERE b.px > 1',
    `SELECT b.px FROM ${BTC} AS b  WHERE b.px > 1`,
  ],
  [
    'FROM BTC b(v) at /* x */ (version => 0) JOIN xay ON true',
    `FROM ${BTC} b(v)  JOIN ${XAY} AS "xay" ON true`,
  ],
  ['FROM BTC AT (VERSION => 0), BTC c AT (VERSION => 0)', `FROM ${BTC} AS "BTC" , ${BTC} c `],
  ['SELECT "at", version FROM BTC AT (VERSION => 0)', `SELECT "at", version FROM ${BTC} AS "BTC" `],
  [`FROM 'cold/xay.parquet' AT (VERSION => 0)`, `FROM ${XAY} AS "xay" `],
  ['SHOW TABLES FROM crypto', `SELECT unnest(['ETH', 'trades_20260203']::VARCHAR[]) AS "name"`],
]

for (const [sql, text] of rewrites) {
  test(`is rewritten in place: ${sql}`, async () => {
    assert.equal(await rewritten(sql), text)
  })
}

test('the table input means the batches of the call, and a dataset or nothing without them', async () => {
  assert.equal(
    await rewritten('SELECT Input.a FROM INPUT', { input }),
    `SELECT Input.a FROM sterna_frames('#1') AS "INPUT"`,
  )
  assert.equal(
    await rewritten('FROM input, xay', { input }),
    `FROM sterna_frames('#1') AS "input", ${XAY} AS "xay"`,
  )
  assert.equal(
    await rewritten('WITH input AS (SELECT 1) FROM input', { input }),
    'WITH input AS (SELECT 1) FROM input',
  )
  assert.equal((await refusal(lake.gate.check('FROM input', lake.lake))).code, 'DATASET_NOT_FOUND')
  const query = await lake.gate.check('FROM input', lake.lake, { input })
  assert.deepEqual([query.datasets, query.isVolatile], [[], true])
  assert.deepEqual(query.frames, [{ ...input, handle: query.frames[0]?.handle }])
})

test('what is known of a statement', async () => {
  const facts = async (sql: string): Promise<unknown[]> => {
    const { kind, isOrdered, isVolatile, datasets } = await lake.gate.check(sql, lake.lake)
    return [kind, isOrdered, isVolatile, datasets.map(({ ref }) => ref.key).join()]
  }
  assert.deepEqual(await facts('FROM BTC ORDER BY px'), ['select', true, false, 'BTC'])
  assert.deepEqual(await facts('FROM (FROM BTC ORDER BY px)'), ['select', false, false, 'BTC'])
  assert.deepEqual(await facts('FROM BTC UNION FROM BTC ORDER BY ALL'), ['select', true, false, 'BTC'])
  assert.deepEqual(await facts('FROM xay, BTC, xay x'), ['select', false, false, 'xay,BTC'])
  assert.deepEqual(await facts('FROM "trades_*"'), [
    'select',
    false,
    false,
    'trades_20260203,trades_20260204',
  ])
  assert.deepEqual(await facts('DESCRIBE BTC'), ['describe', false, false, 'BTC'])
  assert.deepEqual(await facts('SHOW TABLES'), ['describe', false, true, ''])
  assert.deepEqual(await facts('EXPLAIN FROM BTC ORDER BY px'), ['explain', true, true, 'BTC'])
  for (const sql of [
    'SELECT now()',
    'SELECT (SELECT list_transform([1], lambda x: x + random()))',
    'SELECT Current_Date',
    'SELECT localtimestamp',
    `SELECT age(TIMESTAMP '2026-01-01')`,
    'SELECT count(*) FROM xay USING SAMPLE 1 ROWS',
    'FROM (FROM BTC TABLESAMPLE 10%)',
    'FROM (SELECT 1 FROM BTC USING SAMPLE 1) UNION SELECT 1',
  ]) {
    assert.equal((await facts(sql))[2], true, sql)
  }
  assert.equal((await facts('FROM BTC USING SAMPLE reservoir(1 ROWS) REPEATABLE (7)'))[2], false)
})

test('only rows of one table, each computed by itself, come in the same order each time', async () => {
  const isScan = async (sql: string): Promise<boolean> => (await lake.gate.check(sql, lake.lake)).isScan
  for (const sql of [
    'FROM BTC',
    'SELECT px * 2, upper(px::VARCHAR) FROM BTC b WHERE px > 1 AND px IN (2, 3)',
    `FROM read_parquet('BTC.parquet')`,
    'FROM "trades_*"',
  ]) {
    assert.equal(await isScan(sql), true, sql)
  }
  for (const sql of [
    'SELECT 1',
    'FROM range(3)',
    'FROM BTC ORDER BY px',
    'FROM BTC LIMIT 3',
    'SELECT DISTINCT px FROM BTC',
    'SELECT px FROM BTC GROUP BY px',
    'SELECT px, count(*) FROM BTC GROUP BY ALL',
    'SELECT count(*) FROM BTC',
    'SELECT 1 + MAX(px) FROM BTC',
    'SELECT json_group_array(px) FROM BTC',
    'SELECT row_number() OVER () FROM BTC',
    'FROM BTC QUALIFY row_number() OVER () > 1',
    'FROM BTC TABLESAMPLE 10% (bernoulli, 7)',
    'FROM BTC USING SAMPLE reservoir(1 ROWS) REPEATABLE (7)',
    'FROM BTC, BTC b',
    'FROM (FROM BTC)',
    'WITH b AS (FROM BTC) FROM b',
    'FROM BTC UNION ALL FROM BTC',
    'FROM BTC WHERE px IN (SELECT px FROM BTC)',
    'SELECT px, random() FROM BTC',
    'DESCRIBE BTC',
    'SUMMARIZE BTC',
    'EXPLAIN FROM BTC',
  ]) {
    assert.equal(await isScan(sql), false, sql)
  }
})

test('a statement seen before over the same data is not parsed again', async () => {
  const sql = 'SELECT max(px) FROM BTC, "trades_*" -- kept'
  const first = await lake.gate.check(sql, lake.lake)
  const count = lake.parseCount()
  assert.deepEqual(await lake.gate.check(sql, pinned(lake.dataDirectory)), first)
  assert.equal(lake.parseCount(), count)
})

test('a new snapshot gives a new query and a new key', async () => {
  const sql = 'SELECT max(px) FROM BTC -- snapshot'
  const first = await lake.gate.check(sql, lake.lake)
  const second = await lake.gate.check(sql, pinned(lake.dataDirectory, 2))
  assert.notEqual(second.cacheKey, first.cacheKey)
  assert.deepEqual(
    second.datasets.map(({ id }) => id),
    ['main/BTC@2'],
  )
})

test('the input of one call is not used for another', async () => {
  const sql = 'FROM input, xay -- handles'
  const [first, second] = [
    await lake.gate.check(sql, lake.lake, { input }),
    await lake.gate.check(sql, lake.lake, { input }),
  ]
  for (const { sql: text, frames } of [first, second]) {
    assert.ok(text.includes(`sterna_frames('${frames[0]?.handle}')`), text)
  }
  assert.notEqual(first.frames[0]?.handle, second.frames[0]?.handle)
})

test('texts that mean the same over the same data share a key, others do not', async () => {
  const keyOf = async (sql: string): Promise<string> => (await lake.gate.check(sql, lake.lake)).cacheKey
  const key = await keyOf('SELECT px FROM BTC')
  assert.equal(await keyOf('select /* c */ px\nfrom BTC;'), key)
  for (const sql of ['SELECT px AS PX FROM BTC', 'SELECT px FROM "BTC-USD"', 'EXPLAIN SELECT px FROM BTC']) {
    assert.notEqual(await keyOf(sql), key, sql)
  }
})

test('files of the data directory stay its own whatever its path holds', async () => {
  const odd = await openGateLake(`env=prod it's é`)
  try {
    for (const [sql, rows] of [
      ['FROM "x*y", xay', [[4, 5]]],
      [
        'FROM many ORDER BY a',
        [
          [1, null],
          [2, 3],
        ],
      ],
      [`FROM 'x?y.parquet' ORDER BY a`, [[4], [5]]],
    ] as const) {
      const query = await odd.gate.check(sql, odd.lake)
      assert.deepEqual(printed(await odd.connection.run(query.sql), true), rows)
    }
  } finally {
    odd.close()
  }
})

test('a parser that puts a table elsewhere than it is does not get its text run', async () => {
  const tree = (location: number): string =>
    JSON.stringify({
      error: false,
      statements: [
        {
          node: {
            type: 'SELECT_NODE',
            from_table: { type: 'BASE_TABLE', table_name: 'xay', query_location: location },
          },
        },
      ],
    })
  for (const location of [0, 4, 6, 10, 99]) {
    const gate = new Gate(async () => tree(location), { dataDirectory: lake.dataDirectory })
    assert.equal(
      (await refusal(gate.check('FROM xay, xay', lake.lake))).code,
      'SQL_INVALID',
      String(location),
    )
  }
})

test('a node, a field or a kind of node that is not known is refused', async () => {
  const trees: readonly object[] = [
    { type: 'STATEMENT_NODE' },
    { type: 'constructor' },
    { type: 'SELECT_NODE', new_field: null },
    { type: 'SELECT_NODE', from_table: { type: 'COLUMN_DATA' } },
    { type: 'SELECT_NODE', from_table: { type: 'EMPTY', valueOf: 1 } },
    { type: 'SELECT_NODE', select_list: [{ class: 'TYPE', type: 'TYPE' }] },
    { type: 'SELECT_NODE', select_list: { class: 'STAR' } },
    { type: 'SELECT_NODE', modifiers: [{ type: 'NEW_MODIFIER' }] },
  ]
  for (const node of trees) {
    const json = JSON.stringify({ error: false, statements: [{ node }] })
    const gate = new Gate(async () => json, { dataDirectory: lake.dataDirectory })
    const error = await refusal(gate.check('SELECT 1', lake.lake))
    assert.equal(error.code, 'SQL_FORBIDDEN')
    assert.match(error.message, /form that is not allowed/)
  }
})

test('a filter is one expression', async () => {
  const filters: readonly (readonly [string, string])[] = [
    [`px > 1 and sym = 'A''0' -- x`, `px > 1 AND sym = 'A''0'`],
    [' (a OR b) /* ) */ AND now() > ts ', '( a OR b ) AND now ( ) > ts'],
    ['list_contains(l, 3)', 'list_contains ( l , 3 )'],
    ['COLUMNS(*) > 0', 'COLUMNS ( * ) > 0'],
    [`sym LIKE 'a;--' ;`, `sym LIKE 'a;--'`],
    [`sym = 'a'\n'b'`, `sym = 'a'\n'b'`],
  ]
  for (const [filter, text] of filters) assert.equal(await lake.gate.checkExpression(filter), text)
  const count = lake.parseCount()
  await lake.gate.checkExpression(filters[0]?.[0] ?? '')
  assert.equal(lake.parseCount(), count)
})

const badFilters: readonly (readonly [filter: string, code: string])[] = [
  ['', 'SQL_INVALID'],
  ['1 = 1) OR (1 = 1', 'SQL_INVALID'],
  [')(', 'SQL_INVALID'],
  ['1 = 1) FROM BTC WHERE (true', 'SQL_INVALID'],
  ['(1 = 1', 'SQL_INVALID'],
  ['a /* ', 'SQL_INVALID'],
  ['a, b', 'SQL_FORBIDDEN'],
  ['a; b', 'SQL_FORBIDDEN'],
  ['*', 'SQL_FORBIDDEN'],
  ['DISTINCT a', 'SQL_FORBIDDEN'],
  ['a b', 'SQL_FORBIDDEN'],
  ['b: a', 'SQL_FORBIDDEN'],
  ['a FROM BTC', 'SQL_FORBIDDEN'],
  ['a WHERE b', 'SQL_FORBIDDEN'],
  ['a UNION SELECT 1', 'SQL_FORBIDDEN'],
  ['a LIMIT 1', 'SQL_FORBIDDEN'],
  ['SELECT 1', 'SQL_INVALID'],
  ['a IN (SELECT 1)', 'SQL_FORBIDDEN'],
  ['EXISTS (FROM BTC)', 'SQL_FORBIDDEN'],
  [`a = (FROM read_csv('x'))`, 'SQL_FORBIDDEN'],
  ['a AS b', 'SQL_FORBIDDEN'],
  ['a ORDER BY b', 'SQL_FORBIDDEN'],
  ['a > $1', 'SQL_FORBIDDEN'],
  ['a > ?', 'SQL_FORBIDDEN'],
  ['row_number() OVER () = 1', 'SQL_FORBIDDEN'],
  ['sleep_ms(1) IS NULL', 'SQL_FORBIDDEN'],
  ['EXPLAIN a', 'SQL_FORBIDDEN'],
  [`a > repeat('x', 999999999)`, 'LIMIT_EXCEEDED'],
  ['a >', 'SQL_INVALID'],
  ['a\0b', 'SQL_INVALID'],
]

for (const [filter, code] of badFilters) {
  test(`is no filter: ${filter.replace('\0', '\\0')}`, async () => {
    assert.equal((await refusal(lake.gate.checkExpression(filter))).code, code)
  })
}
