// Goal: whatever text a client sends, the gate answers with a query over the lake or with an error that it knows, and
// no query shows what is not of the lake; spaces and comments change neither meaning nor key. What a statement that
// writes computes with is held to the same.
// Method: statements and attacks cut up and put together at random, checked and run in a hardened DuckDB whose
// directories also hold files that are not of the lake. Seed and path of a failure are printed.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { SternaError } from '../../src/errors.ts'
import { matchesGlob } from '../../src/query/gate/glob.ts'
import { QueryEngine } from '../../src/query/engine.ts'
import { normalize, plainSpaces, textOf, tokenize } from '../../src/query/gate/lexer.ts'
import { parseWrite, WriteEngine } from '../../src/query/write/write-engine.ts'
import { HIDDEN_VALUE, openGateLake } from '../support/gate-lake.ts'
import { NO_CHECKSUMS } from '../support/query-lake.ts'

const lake = await openGateLake()
after(() => lake.close())

const timeMs = 5000
const runs = { numRuns: 1_000_000, interruptAfterTimeLimit: timeMs, markInterruptAsFailure: false }

const stale = `${lake.dataDirectory}/cold/stale.parquet`
const link = `${lake.dataDirectory}/cold/link.parquet`
const secret = `${lake.outsideDirectory}/secret`

const statements = [
  'SELECT px, sym FROM BTC WHERE ts > 3 ORDER BY px DESC LIMIT 2',
  'WITH a AS (SELECT * FROM "BTC-USD"), b AS (FROM a) SELECT count(*) FROM b JOIN a USING (ts)',
  'WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t WHERE i < 3) FROM t, xay',
  `FROM read_parquet(['trades_*.parquet', 'xay.parquet'], union_by_name = true) SELECT *`,
  `SELECT t.px FROM 'cold/trades_*.parquet' AS t(a, b, px), "Größe"`,
  'EXPLAIN ANALYZE SELECT sum(px) OVER (PARTITION BY sym ORDER BY ts) FROM main.BTC',
  'SELECT list_transform(l, lambda x: x + 1), [y FOR y IN l] FROM BTC',
  'FROM (DESCRIBE BTC) UNION ALL FROM (SUMMARIZE many)',
  'SELECT (SELECT max(a) FROM many) FROM crypto.ETH WHERE EXISTS (FROM xay)',
  'FROM (SHOW TABLES) WHERE name = $$BTC$$',
  `SELECT E'a\\'b', 'it''s', "we""ird".a /* c /* d */ */ FROM "we""ird" -- end`,
]
const pieces = [
  stale,
  link,
  `${secret}.parquet`,
  `${secret}.csv`,
  `'${stale}'`,
  `"${stale}"`,
  `'${link}'`,
  `'${secret}.csv'`,
  `read_parquet('${stale}')`,
  `read_csv('${secret}.csv')`,
  `FROM '${stale}'`,
  `"${stale}" AS (SELECT 1)`,
  `WITH "${stale}" AS (FROM xay) `,
  `WITH RECURSIVE "${stale}" AS (`,
  `read_text('${secret}.csv')`,
  'FROM',
  'SELECT',
  '*',
  ',',
  '(',
  ')',
  '[',
  ']',
  '.',
  ';',
  "'",
  '"',
  '$$',
  '--',
  '/*',
  '*/',
  '\n',
  '\u00a0',
  'é',
  '😀',
  ' AS ',
  ' UNION ALL ',
  'BTC',
  'xay',
  'main.',
  'WITH',
  'RECURSIVE',
  'TABLE ',
  'DESCRIBE ',
  'SHOW TABLES',
  'EXPLAIN ',
  'read_parquet',
  "E'",
  "U&'",
  '$1',
  '?',
  '\\',
  '\0',
  'current_setting',
  'duckdb_settings',
  'COPY ',
  'recurring.',
]

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...pieces, ...statements) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }) },
)
const cut = fc.record({ at: fc.nat(200), length: fc.oneof(fc.constant(0), fc.nat(20)), insert: text })
const mutated = fc
  .tuple(fc.constantFrom(...statements), fc.array(cut, { minLength: 1, maxLength: 4 }))
  .map(([sql, cuts]) =>
    cuts.reduce((result, { at, length, insert }) => {
      const start = at % (result.length + 1)
      return result.slice(0, start) + insert + result.slice(start + length)
    }, sql),
  )
/** Tokens changed for others of their kind: mostly still statements. */
const names = [
  'BTC',
  'xay',
  'many',
  'a',
  't',
  'main',
  `"${stale}"`,
  '"trades_*"',
  'duckdb_settings',
  'recurring',
  'px',
]
const texts = [`'${stale}'`, `'${secret}.csv'`, `'xay.parquet'`, `'A0'`, '$$x$$', `E'\\''`]
const marks = [',', '.', '(', ')', '*', '=', ' UNION ', ' FROM xay ', ' WHERE ', ' AS ']
const swapped = fc
  .tuple(
    fc.constantFrom(...statements),
    fc.array(fc.tuple(fc.nat(60), fc.nat(60), fc.boolean()), { minLength: 1, maxLength: 3 }),
  )
  .map(([sql, swaps]) => {
    const tokens = tokenize(sql)
    const parts = tokens.map((token) => textOf(sql, token))
    for (const [at, choice, isLike] of swaps) {
      const index = at % tokens.length
      const kind = tokens[index]?.kind
      const others = kind === 'text' ? texts : kind === 'word' || kind === 'name' ? names : marks
      const pool = isLike ? others : [...names, ...texts, ...marks]
      parts[index] = pool[choice % pool.length] ?? ''
    }
    return parts.join(' ')
  })
const assembled = fc.array(text, { maxLength: 12 }).map((parts) => parts.join(' '))

/** What a query gives, or the error of DuckDB; cut short after a moment, since some would run for long. */
async function outcome(sql: string): Promise<string> {
  const timer = setTimeout(() => lake.connection.interrupt(), 200)
  try {
    return JSON.stringify(await lake.connection.run(sql), (_name, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
  } catch (error) {
    assert.ok(error instanceof SternaError, String(error))
    // A path that the hardening has to stop has come through the gate.
    assert.notEqual(error.code, 'SQL_FORBIDDEN', sql)
    return error.message
  } finally {
    clearTimeout(timer)
  }
}

test('any text is a query over the lake or an error that is known', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(swapped, mutated, assembled), async (sql) => {
      let checked
      try {
        checked = await lake.gate.check(sql, lake.lake)
      } catch (error) {
        assert.ok(error instanceof SternaError, String(error))
        assert.notEqual(error.code, 'BUG')
        assert.ok(error.message.length < 1000)
        return
      }
      assert.ok(!(await outcome(checked.sql)).includes(HIDDEN_VALUE), checked.sql)
    }),
    runs,
  )
})

/** Statements that write, with a place for an expression. */
const writes = [
  'INSERT INTO xay (a) VALUES (!)',
  'INSERT INTO xay (a) SELECT ! FROM BTC',
  'INSERT INTO xay (a) WITH w AS (SELECT ! AS x) SELECT 1 FROM w',
  'UPDATE xay SET a = !',
  'UPDATE xay AS t SET a = 2 WHERE ! IS NULL',
  'UPDATE xay SET a = 3 FROM (SELECT ! AS x) AS s',
  'DELETE FROM xay WHERE ! IS NOT NULL',
  'DELETE FROM xay USING (SELECT ! AS x) AS s WHERE a = 1',
  'MERGE INTO xay USING (SELECT ! AS x) AS s ON a = 1 WHEN MATCHED THEN DELETE',
  'MERGE INTO xay USING BTC AS s ON xay.a = 1 AND ! IS NULL WHEN MATCHED THEN DELETE',
  'MERGE INTO xay USING BTC AS s ON xay.a = 1 WHEN MATCHED AND ! IS NULL THEN UPDATE SET a = 1',
  'MERGE INTO xay USING BTC AS s ON xay.a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (!)',
  'CREATE TABLE made AS SELECT ! AS x',
]
const hostile = [
  `(SELECT max(secret) FROM read_csv('${secret}.csv'))`,
  `(SELECT max(secret) FROM '${secret}.parquet')`,
  `(SELECT max(secret) FROM "${link}")`,
  `(SELECT max(secret) FROM read_parquet('${stale}'))`,
  `(SELECT max(content) FROM read_text('${secret}.csv'))`,
  `(SELECT max(file) FROM glob('${lake.outsideDirectory}/*'))`,
  '(SELECT max(value) FROM duckdb_settings())',
  `(SELECT max(a) FROM "sterna$write"."part")`,
  `(SELECT max(x) FROM query('SELECT 1 AS x'))`,
  `getenv('HOME')`,
  `current_setting('temp_directory')`,
  `nextval('s')`,
  '1); DROP TABLE BTC; SELECT (1',
  '1; DELETE FROM BTC',
]
const around = [
  '(!)',
  'coalesce(NULL, !)',
  'CASE WHEN ! IS NULL THEN 1 END',
  '(SELECT max(x) FROM (SELECT ! AS x))',
  'CAST(! AS VARCHAR)',
  '/* 1 */ !',
  '[!]',
  `{'a': !}`,
  'list_transform([1], lambda x: !)',
  'EXISTS (WITH w AS (SELECT !) FROM w)',
]

test('a statement that writes computes with nothing that a query may not read', async () => {
  const lakeNow = { pin: () => lake.lake }
  const engine = new QueryEngine({
    duck: lake.duck,
    lake: lakeNow,
    comparer: NO_CHECKSUMS,
    dataDirectory: lake.dataDirectory,
  })
  const writer = new WriteEngine(engine)
  const describe = async (sql: string): Promise<unknown> => {
    const statement = parseWrite(sql)
    assert.ok(statement !== null, sql)
    return writer.describe(statement, undefined, lakeNow)
  }
  try {
    // The places take an expression: what is refused below is not the statement.
    for (const sql of writes) await describe(sql.replace('!', '1'))
    const refused = fc.tuple(
      fc.constantFrom(...writes),
      fc.constantFrom(...hostile),
      fc.array(fc.constantFrom(...around), { maxLength: 3 }),
    )
    await fc.assert(
      fc.asyncProperty(refused, async ([sql, expression, wrappers]) => {
        const inner = wrappers.reduce((result, wrapper) => wrapper.replace('!', () => result), expression)
        const text = sql.replace('!', () => inner)
        const error = await describe(text).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        assert.ok(error instanceof SternaError, `${text}: ${String(error)}`)
        const codes = ['SQL_FORBIDDEN', 'SQL_INVALID', 'DATASET_NOT_FOUND']
        assert.ok(codes.includes(error.code), `${text}: ${error.message}`)
      }),
      { ...runs, interruptAfterTimeLimit: 3000 },
    )
  } finally {
    await engine.close()
  }
})

test('any text is a filter or an error that is known', async () => {
  const conditions = ['px > 1', `sym = 'A0'`, '(a OR b)', 'COLUMNS(*) > 0', '1 IN (1, 2)', ...pieces]
  const filter = fc.array(fc.constantFrom(...conditions), { maxLength: 6 }).map((parts) => parts.join(' '))
  await fc.assert(
    fc.asyncProperty(filter, async (condition) => {
      try {
        const text = await lake.gate.checkExpression(condition)
        const query = await lake.gate.check(`SELECT * FROM BTC WHERE (${text})`, lake.lake)
        assert.deepEqual(
          query.datasets.map(({ ref }) => ref.key),
          ['BTC'],
        )
      } catch (error) {
        assert.ok(error instanceof SternaError, String(error))
        assert.notEqual(error.code, 'BUG')
      }
    }),
    { ...runs, interruptAfterTimeLimit: 2000 },
  )
})

test('spaces and comments between tokens change neither key nor rows', async () => {
  const space = fc.constantFrom(' ', '\n', '\t', ' /* x */ ', '/* /* ; */ */', ' -- y\n', '\u00a0', '\u3000')
  const plain = statements.filter((sql) => !/^EXPLAIN|'it''s'/.test(sql))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...plain),
      fc.array(space, { minLength: 60, maxLength: 60 }),
      async (sql, spaces) => {
        const tokens = tokenize(sql)
        const spaced = tokens
          .map((token, index) => textOf(sql, token) + (spaces[index % spaces.length] ?? ''))
          .join('')
        const [first, second] = [
          await lake.gate.check(sql, lake.lake),
          await lake.gate.check(spaced, lake.lake),
        ]
        assert.equal(second.cacheKey, first.cacheKey)
        assert.equal(await outcome(second.sql), await outcome(first.sql))
      },
    ),
    { ...runs, interruptAfterTimeLimit: 2000 },
  )
})

test('a normalised text is its own normalised text', () => {
  fc.assert(
    fc.property(fc.oneof(swapped, mutated, assembled), (sql) => {
      let once: string
      try {
        const spaced = plainSpaces(sql)
        once = normalize(spaced, tokenize(spaced))
      } catch (error) {
        assert.ok(error instanceof SternaError)
        return
      }
      assert.equal(normalize(once, tokenize(once)), once)
    }),
    { ...runs, interruptAfterTimeLimit: 1000 },
  )
})

test('a glob matches what its regular expression does', () => {
  const globs = fc.array(fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]', '[a-b]', '-'), { maxLength: 8 })
  const expression = (parts: readonly string[]): RegExp =>
    new RegExp(
      `^${parts.map((part) => part.replace('!', '^').replace(/^\*$/, '.*').replace(/^\?$/, '.')).join('')}$`,
      's',
    )
  fc.assert(
    fc.property(
      globs,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-', '\n'), maxLength: 8 }),
      (parts, name) => {
        assert.equal(matchesGlob(parts.join(''), name), expression(parts).test(name))
      },
    ),
    { ...runs, interruptAfterTimeLimit: 1000 },
  )
})
