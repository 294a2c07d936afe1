// Goal: statements that write are told from others and taken apart as they are meant; everything else is refused, by
// name where it is a clause of such a statement.
// Method: texts with the places where mistakes hide: keywords as names, brackets, comments, quotes, parameters.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SternaError } from '../../../src/errors.ts'
import { boundRows, typedValues, valuesOf } from '../../../src/query/write/compose.ts'
import { parseWrite } from '../../../src/query/write/parse.ts'

test('what only reads is not taken for a statement that writes', () => {
  for (const sql of [
    'SELECT 1',
    'FROM t',
    `SELECT 'insert into t values (1)'`,
    'SELECT "update" FROM t',
    'WITH deleted AS (SELECT 1) SELECT * FROM deleted',
    'EXPLAIN SELECT 1',
    'DESCRIBE t',
    "COPY t TO 'x'",
    'SELECT update FROM t',
  ]) {
    assert.equal(parseWrite(sql), null, sql)
  }
})

test('an INSERT is cut into its table, its columns and its query', () => {
  assert.deepEqual(parseWrite('/* a */ insert into s."T x" (a, "B") -- c\n values (1, ?), (?, 2) ;'), {
    kind: 'insert',
    table: { schema: 's', name: 'T x' },
    columns: ['a', 'B'],
    isByName: false,
    query: 'values (1, $1), ($2, 2)',
  })
  const byName = parseWrite("INSERT INTO t BY NAME SELECT a FROM u WHERE b = 'RETURNING'")
  assert.deepEqual(byName, {
    kind: 'insert',
    table: { schema: null, name: 't' },
    columns: null,
    isByName: true,
    query: `SELECT a FROM u WHERE b = 'RETURNING'`,
  })
  const bracketed = parseWrite('INSERT INTO t (SELECT 1)')
  assert.ok(bracketed?.kind === 'insert' && bracketed.columns === null && bracketed.query === '(SELECT 1)')
})

test('an UPDATE is cut at its own words only', () => {
  const sql = `UPDATE t AS x SET a = (SELECT max(b) FROM u WHERE c), "where" = ['FROM', $n], d = DEFAULT
    FROM v, (SELECT 1 AS where_) w WHERE x.a = v.a`
  assert.deepEqual(parseWrite(sql), {
    kind: 'update',
    table: { schema: null, name: 't' },
    alias: 'x',
    set: [
      { column: 'a', expression: '(SELECT max(b) FROM u WHERE c)' },
      { column: 'where', expression: `['FROM', $n]` },
      { column: 'd', expression: null },
    ],
    from: 'v, (SELECT 1 AS where_) w',
    where: 'x.a = v.a',
  })
})

test('a sign after = is that of the value', () => {
  const statement = parseWrite('UPDATE t SET a=-1, b=+b WHERE c=-2')
  assert.ok(statement?.kind === 'update')
  assert.deepEqual(statement.set, [
    { column: 'a', expression: '-1' },
    { column: 'b', expression: '+b' },
  ])
})

test('a MERGE has its branches in their order', () => {
  const sql = `MERGE INTO t USING (FROM u) AS s ON t.id = s.id WHEN MATCHED AND s.n = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED BY SOURCE THEN DO NOTHING
    WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`
  const statement = parseWrite(sql)
  assert.ok(statement?.kind === 'merge')
  assert.deepEqual(
    statement.branches.map(({ match, condition, action }) => [match, condition, action.kind]),
    [
      ['matched', 's.n = 0', 'delete'],
      ['matched', null, 'update'],
      ['target', null, 'nothing'],
      ['source', null, 'insert'],
    ],
  )
  assert.deepEqual([statement.source, statement.sourceAlias], ['(FROM u)', 's'])
})

test('what is not supported is refused by name', () => {
  for (const [sql, code, text] of [
    ['INSERT INTO t VALUES (1) RETURNING a', 'NOT_IMPLEMENTED', /RETURNING/],
    ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 'NOT_IMPLEMENTED', /ON CONFLICT/],
    ['INSERT OR REPLACE INTO t VALUES (1)', 'NOT_IMPLEMENTED', /OR REPLACE/],
    ['CREATE TABLE t (a INT PRIMARY KEY)', 'NOT_IMPLEMENTED', /constraint/],
    ['CREATE TABLE t (a INT, UNIQUE (a))', 'NOT_IMPLEMENTED', /constraint/],
    ['CREATE TABLE t (a INT DEFAULT 1)', 'NOT_IMPLEMENTED', /DEFAULT/],
    ['CREATE MACRO f() AS 1', 'SQL_INVALID', /MACRO/],
    ['CREATE INDEX i ON t (a)', 'SQL_INVALID', /INDEX/],
    ['CREATE SEQUENCE s', 'SQL_INVALID', /SEQUENCE/],
    ['CREATE SECRET s (TYPE s3)', 'SQL_INVALID', /SECRET/],
    ['DROP MACRO f', 'SQL_INVALID', /MACRO/],
    ['ALTER VIEW v RENAME TO w', 'SQL_INVALID', /VIEW/],
    ['ALTER TABLE t RENAME TO u', 'NOT_IMPLEMENTED', /Renaming/],
    ['UPDATE t SET (a, b) = (1, 2)', 'NOT_IMPLEMENTED', /SET/],
    ['UPDATE t SET a.b = 1', 'NOT_IMPLEMENTED', /member/],
    ['EXPLAIN DELETE FROM t', 'NOT_IMPLEMENTED', /EXPLAIN/],
    ['INSERT INTO other.main.t VALUES (1)', 'SQL_INVALID', /catalog/],
    ['DELETE FROM t; DROP TABLE t', 'SQL_FORBIDDEN', /several/],
    ['DELETE FROM t WHERE a) OR (b', 'SQL_INVALID', /end/],
    ['UPDATE t SET a = 1) FROM (u', 'SQL_INVALID', /./],
    ['DROP TABLE', 'SQL_INVALID', /the end/],
  ] as const) {
    assert.throws(
      () => parseWrite(sql),
      (error) => error instanceof SternaError && error.code === code && text.test(error.message),
      sql,
    )
  }
})

test('VALUES are cut into rows and items, and other queries are left alone', () => {
  assert.deepEqual(valuesOf(`VALUES (1, 'a,(b'), ([2, 3], f(4, 5))`), [
    ['1', `'a,(b'`],
    ['[2, 3]', 'f(4, 5)'],
  ])
  for (const query of [
    'VALUES (1) ORDER BY 1',
    'VALUES (1) UNION SELECT 2',
    'SELECT 1',
    'VALUES (1), (2) LIMIT 1',
  ]) {
    assert.equal(valuesOf(query), null, query)
  }
  assert.equal(
    typedValues([['1', 'DEFAULT']], ['BIGINT', 'DATE']),
    'VALUES (CAST((1\n) AS BIGINT), CAST((NULL\n) AS DATE))',
  )
})

test('a row of values becomes a query of bound rows only where that means the same', () => {
  const query = boundRows(['$2', 'upper($1)', '1'], ['BIGINT', 'VARCHAR', 'INTEGER']) ?? ''
  assert.match(query, /sterna_bound\."p2".*upper\(sterna_bound\."p1"\)/s)
  assert.equal(boundRows(['$name'], ['BIGINT']), null)
  assert.equal(boundRows(['(SELECT $1)'], ['BIGINT']), null)
})
