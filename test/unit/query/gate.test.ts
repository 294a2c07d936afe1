// Goal: SQL that only reads the lake gives what DuckDB gives on tables of the same names, and nothing else passes.
// Method: tables of statements against real Parquet files in a hardened DuckDB, with a second DuckDB that holds the
// datasets as tables as the reference; beside the lake lie files that no statement may read.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import { SternaError, type ErrorCode } from '../../../src/errors.ts'
import { openGateLake, openReference, printed } from '../../support/gate-lake.ts'

const lake = await openGateLake()
const reference = await openReference(lake)
const filesBefore = readdirSync(lake.dataDirectory, { recursive: true }).toSorted()
after(() => {
  reference.close()
  lake.close()
})

/** Paths of the lake are only known when it is there. */
function filled(sql: string): string {
  return sql.replaceAll('$DATA', lake.dataDirectory).replaceAll('$OUT', lake.outsideDirectory)
}

async function refusal(sql: string): Promise<SternaError> {
  try {
    await lake.gate.check(filled(sql), lake.lake)
  } catch (error) {
    assert.ok(error instanceof SternaError, `${sql}: ${String(error)}`)
    return error
  }
  return assert.fail(`accepted: ${sql}`)
}

/** Statements over names of datasets: DuckDB itself says what they mean. */
const asTables = String.raw`
SELECT BTC.px FROM BTC
SELECT count(*) FROM "BTC-USD"
FROM main.BTC SELECT count(*)
FROM btc SELECT count(*)
SELECT "BTC".ts, b.ts FROM BTC, "BTC" b ORDER BY ALL LIMIT 9
SELECT main.BTC.px, "main" . /* x */ btc . l[1] FROM main.BTC ORDER BY Main.BTC.ts
SELECT main.BTC.px FROM BTC
FROM crypto.ETH
FROM CRYPTO.eth SELECT crypto.eth.a
FROM "crypto"."trades_20260203" SELECT count(*)
FROM "it's"
FROM "we""ird"
FROM "Größe", BTC
SELECT 'é€😀', * FROM "xay" /* é */ JOIN "Größe" ON true
FROM "BTC/USD"
FROM "a.b"
FROM "x*y"
FROM many ORDER BY a
TABLE BTC
TABLE many UNION BY NAME TABLE xay ORDER BY a
DESCRIBE BTC
DESC "BTC-USD"
SHOW BTC
DESCRIBE TABLE BTC
DESCRIBE SELECT px FROM BTC
SUMMARIZE many
SUMMARIZE SELECT px FROM BTC
SELECT * FROM (DESCRIBE BTC)
FROM (SUMMARIZE SELECT px FROM BTC) SELECT column_name
WITH BTC AS (SELECT 1 x) FROM BTC
WITH btc AS (SELECT 1 x) FROM BTC
WITH BTC AS (SELECT ts FROM BTC LIMIT 1) FROM BTC
WITH a AS (FROM BTC), b AS (FROM a), BTC AS (SELECT 9 z) SELECT (SELECT count(*) FROM b), z FROM BTC
WITH t AS (SELECT 5 AS a) FROM (DESCRIBE t)
WITH t AS MATERIALIZED (FROM xay) SELECT (SELECT a FROM t), (WITH t AS (SELECT 1) FROM t)
WITH main AS (SELECT 1 AS x) FROM main, main.xay
WITH "a.b" AS (SELECT 1 AS x) FROM "a.b"
WITH xay AS (SELECT 1 AS a), many AS (FROM xay) SELECT (SELECT max(a) FROM main.xay), a FROM many
WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM t WHERE i < 5) SELECT sum(i) FROM t
WITH RECURSIVE xay AS (SELECT a FROM xay UNION ALL SELECT a + 1 FROM xay WHERE a < 9) FROM xay
WITH RECURSIVE xay AS (SELECT a + 1 AS a FROM xay) FROM xay
WITH RECURSIVE t AS (WITH m AS (FROM many) SELECT 1 AS i UNION ALL SELECT i + 1 FROM t, m WHERE i < 2) FROM t
WITH RECURSIVE t(k, v) USING KEY (k) AS (SELECT 1, 1 UNION ALL SELECT k, v+1 FROM t WHERE v < (SELECT max(v) + 1 FROM recurring.t) AND v < 3) FROM t
SELECT (WITH BTC AS (SELECT 5) FROM BTC), count(*) FROM BTC
FROM (WITH BTC AS (SELECT 5 AS a) FROM BTC) JOIN many USING (a)
SELECT 1 AS a UNION ALL (WITH xay AS (SELECT 2 AS a) FROM xay) UNION ALL FROM xay
SELECT px, lag(px) OVER (PARTITION BY sym ORDER BY ts) FROM BTC QUALIFY row_number() OVER (ORDER BY ts) < 3
SELECT sym, sum(px) FROM BTC GROUP BY GROUPING SETS ((sym), ()) ORDER BY ALL
SELECT sym, GROUPING(sym) FROM BTC GROUP BY ROLLUP (sym) ORDER BY ALL
SELECT ts, count(*) FROM BTC GROUP BY CUBE (ts, sym) ORDER BY ALL
SELECT COLUMNS('p.*') FROM BTC
SELECT COLUMNS(c -> c LIKE 'p%'), COLUMNS(* EXCLUDE (l)) FROM BTC
SELECT * LIKE 'p%' FROM BTC
SELECT * EXCLUDE (l) REPLACE (px * 2 AS px) RENAME (sym AS s) FROM BTC
SELECT coalesce(*COLUMNS(['a', 'b'])) FROM many
SELECT list_transform(l, lambda x: x + 1), [x * 2 FOR x IN l IF x > 1], l[1:1] FROM BTC
SELECT list_reduce(l, lambda a, b: a + b) FROM BTC
SELECT b.px FROM BTC a ASOF JOIN "BTC-USD" b ON a.sym = b.sym AND a.ts >= b.ts
FROM BTC POSITIONAL JOIN many
SELECT * FROM BTC a, LATERAL (SELECT a.px * 2) t
SELECT count(*) FROM BTC JOIN "BTC-USD" USING (ts) SEMI JOIN many ON true
SELECT m.b FROM many AS m ANTI JOIN xay ON m.a = xay.a
SELECT * FROM (FROM BTC NATURAL JOIN "BTC-USD") LEFT JOIN many ON a = ts ORDER BY ts
FROM BTC TABLESAMPLE 100%
SELECT count(*) FROM BTC USING SAMPLE reservoir(100 ROWS) REPEATABLE (1)
PIVOT many ON a IN (1, 2) USING sum(b)
FROM BTC PIVOT (sum(px) FOR sym IN ('A0', 'A1')) ORDER BY ts
UNPIVOT many ON a, b
UNPIVOT (SELECT a, a * 2 AS b FROM xay) ON COLUMNS(*)
FROM BTC UNPIVOT (v FOR n IN (ts, px))
SELECT * FROM BTC AS t(a, b)
FROM t: BTC SELECT t.px
SELECT x: a FROM xay
SELECT ARRAY(SELECT px FROM BTC), EXISTS (FROM many), 1 IN (SELECT a FROM many), 1 = ANY (SELECT a FROM many), px > ALL (SELECT -1) FROM BTC
SELECT (SELECT max(px) FROM BTC WHERE sym = o.sym) FROM "BTC-USD" o
FROM BTC SELECT count(*) WHERE ts IN (SELECT ts FROM "BTC-USD" WHERE px > (SELECT min(px) FROM many, BTC)) GROUP BY ALL HAVING count(*) > (SELECT 0 FROM xay)
FROM many ORDER BY (SELECT a FROM xay), a LIMIT (SELECT 1 FROM "it's") OFFSET (SELECT 1 FROM "it's")
SELECT DISTINCT ON (sym) sym, px FROM BTC ORDER BY sym, px
SELECT sum(px) OVER w FROM BTC WINDOW w AS (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY px), mode(sym), string_agg(sym, ',' ORDER BY ts), list(px ORDER BY px DESC) FROM BTC
SELECT px.round(1), sym.lower().upper() FROM BTC
SELECT approx_quantile(px, 0.5), arg_max(sym, px), histogram(sym), sum(px) FILTER (WHERE ts > 2) FROM BTC
SELECT BTC FROM BTC
SELECT unnest(l) FROM BTC
FROM BTC, unnest(BTC.l) AS u(e) SELECT e
SELECT time_bucket(INTERVAL '1 minute', to_timestamp(ts)) t, first(px ORDER BY ts), max(px) FROM BTC GROUP BY 1 ORDER BY 1
VALUES (1), (2)
FROM (VALUES (1, 'a')) t(x, y)
FROM range(3) UNION ALL FROM generate_series(1, 2) EXCEPT SELECT 1
SELECT unnest(range(3)), generate_subscripts([4, 5, 6], 1)
SELECT * FROM unnest([1, 2]) WITH ORDINALITY
SELECT key, value FROM json_each('{"a": 1}')
FROM repeat('a', 2)
SELECT EXTRACT(year FROM DATE '2026-01-02'), TIMESTAMP '2026-01-01' AT TIME ZONE 'UTC', INTERVAL '1' DAY
SELECT 'a' SIMILAR TO 'a', 'a' LIKE 'b' ESCAPE 'c', 'a' GLOB 'a*', POSITION('a' IN 'ba'), trim(BOTH 'x' FROM 'xax'), substring('abc' FROM 1 FOR 2)
SELECT CASE WHEN px > 1 THEN 'a' ELSE 'b' END, px::DECIMAL(9,2), TRY_CAST(sym AS INT), if(px > 1, 1, 2), ifnull(px, 1), coalesce(px, 2), nullif(px, 3), TRY(px) FROM BTC
SELECT {'a': 1, 'b': [2]}, MAP {'k': 1}, ROW(1, 2), struct_pack(a := 1), (1, 2), {'a': 1}.a, MAP {'k': 1}['k'], ARRAY[1], array_value(1)
SELECT -px, px % 2, px // 2, px ** 2, 5!, @px, ~1, 1 << 2, 3 & 1, 2 | 1, NOT true, px BETWEEN 1 AND 2, px IS NULL, px IS DISTINCT FROM 1 FROM BTC
SELECT '{"a": [1]}'::JSON -> 'a' ->> 0, json_extract('{"a":1}', '$.a')
SELECT E'it\'s', $$dollar$$, $t$ 'quo"te' $t$, 'it''s', '-- no comment', '/*', 1_000.5e1
SELECT CAST(NULL AS STRUCT(a INT, b VARCHAR[])), 'x'::ENUM('x', 'y'), 'a' COLLATE NOCASE = 'A'
SELECT #1 FROM range(2)
SELECT 1 AS Select, 2 AS "from"
SELECT formatReadableSize(1000), pg_typeof(1), typeof(1), current_schema(), current_date IS NULL
/* opens */ SELECT /* nested /* deep */ */ 1;;
`
  .trim()
  .split('\n')

for (const sql of asTables) {
  test(`gives what DuckDB gives on tables: ${sql}`, async () => {
    const query = await lake.gate.check(sql, lake.lake)
    assert.deepEqual(
      printed(await lake.connection.run(query.sql), query.isOrdered),
      printed(await reference.run(sql), query.isOrdered),
    )
  })
}

/** Statements over files, patterns and lists, with their rows as JSON. */
const overFiles: readonly (readonly [sql: string, rows: string])[] = [
  [`FROM "trades_*" SELECT count(*), count(late)`, '[[7,4]]'],
  [`FROM "trades_2026020[!4]" SELECT count(*)`, '[[3]]'],
  [`FROM "trades_2026020?" t SELECT count(t.ts)`, '[[7]]'],
  [`FROM crypto."t*" SELECT count(*)`, '[[5]]'],
  [`FROM 'trades_*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM $$trades_*.parquet$$ SELECT count(*)`, '[[7]]'],
  [`FROM E'trades_\\x2a.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM 'trades_'\n'*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM "trades_*.parquet" SELECT count(*)`, '[[7]]'],
  [`FROM 'cold/trades_*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM './cold/trades_*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM '$DATA/cold/trades_*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM '$DATA/trades_*.parquet' SELECT count(*)`, '[[7]]'],
  [`FROM read_parquet('trades_*.parquet') SELECT count(*)`, '[[7]]'],
  [`FROM read_parquet(['trades_20260203.parquet', 'crypto/ETH.parquet']) SELECT count(*)`, '[[4]]'],
  [`FROM read_parquet('**/trades_*.parquet', filename = true) SELECT count(DISTINCT filename)`, '[[3]]'],
  [`FROM read_parquet('**/trades_*.parquet', filename := 'f') SELECT count(DISTINCT f)`, '[[3]]'],
  [`FROM read_parquet('*/trades_*.parquet') SELECT count(*)`, '[[12]]'],
  [`FROM read_parquet('crypto/trades_*.parquet') SELECT count(*)`, '[[5]]'],
  [`FROM read_parquet('BTC%2FUSD.parquet')`, '[[6]]'],
  [`FROM parquet_scan('trades_2026020[3-3].parquet', union_by_name => false) SELECT count(*)`, '[[3]]'],
  [`FROM main.read_parquet ( /* ) */ 'BTC.parquet' ) AS z SELECT max(z.px)`, '[[13.5]]'],
  [`FROM z : READ_PARQUET(ARRAY['xay.parquet']) SELECT z.a`, '[[5]]'],
  [`SELECT read_parquet.a FROM "read_parquet"('xay.parquet')`, '[[5]]'],
  [`SELECT max(trades_20260203.px) FROM 'trades_20260203.parquet'`, '[[3]]'],
  [`FROM read_parquet('many.parquet', file_row_number = true) SELECT count(file_row_number)`, '[[2]]'],
  [
    `WITH a AS (FROM 'xay.parquet'), b AS (FROM read_parquet('x?y.parquet')) FROM a, b ORDER BY ALL`,
    '[[5,4],[5,5]]',
  ],
  [`FROM "Mixed"`, '[[8]]'],
  [`FROM 'mixed.parquet'`, '[[9]]'],
  [`FROM sqlite_master`, '[[10]]'],
  [`FROM empty e SELECT count(e.a), typeof(max(ts))`, '[[0,"TIMESTAMP"]]'],
  [`FROM (DESCRIBE empty) SELECT column_name, column_type`, '[["ts","TIMESTAMP"],["a","DOUBLE"]]'],
  [`TABLE empty UNION ALL BY NAME TABLE xay`, '[[null,5]]'],
  [`SELECT count(read_parquet.a) FROM read_parquet('empty.parquet')`, '[[0]]'],
  [`SELECT count(r.a) FROM read_parquet(['empty.parquet']) r`, '[[0]]'],
  [`FROM "[xe]*" ORDER BY ALL`, '[[4],[5]]'],
  [`FROM (SUMMARIZE 'trades_*.parquet') SELECT max(count)`, '[[7]]'],
  [`SHOW TABLES FROM crypto`, '[["ETH"],["trades_20260203"]]'],
  [`FROM (SHOW TABLES) WHERE name LIKE 'B%' ORDER BY name DESC`, '[["BTC/USD"],["BTC-USD"],["BTC"]]'],
  [`SELECT count(*) FROM (SHOW ALL TABLES) a, (DESCRIBE) b WHERE a.name = b.name AND a."rows" > 1`, '[[1]]'],
  [
    `SELECT name FROM (SHOW TABLES) WHERE name LIKE 'crypto.%'`,
    '[["crypto.ETH"],["crypto.trades_20260203"]]',
  ],
  [`SELECT\u00a0a\u2003FROM\u3000xay -- \u00a0 ends`, '[[5]]'],
  [`SELECT 'a\u00a0b', a FROM xay`, '[["a\u00a0b",5]]'],
]

for (const [sql, rows] of overFiles) {
  test(`means the parts of the snapshot: ${sql}`, async () => {
    const query = await lake.gate.check(filled(sql), lake.lake)
    assert.equal(JSON.stringify(printed(await lake.connection.run(query.sql), true)), rows)
  })
}

for (const sql of [
  'EXPLAIN FROM BTC',
  'EXPLAIN ANALYZE SELECT count(*) FROM BTC',
  'explain (analyze, format json) FROM BTC',
  'EXPLAIN /* é */ (SELECT px FROM BTC)',
  'EXPLAIN SHOW TABLES',
]) {
  test(`explains: ${sql}`, async () => {
    const query = await lake.gate.check(sql, lake.lake)
    assert.equal(query.kind, 'explain')
    assert.equal((await lake.connection.run(query.sql)).length, 1)
  })
}

/** Statements that do something else than read, by the word that the message names. */
const others = String.raw`
INSERT INTO BTC VALUES (1)
WITH a AS (SELECT 1) INSERT INTO BTC FROM a
UPDATE BTC SET px = 1
DELETE FROM BTC
MERGE INTO BTC USING many ON true WHEN MATCHED THEN DELETE
CREATE TABLE x (a INT)
CREATE TABLE x AS FROM BTC
CREATE TEMP VIEW v AS FROM BTC
CREATE MACRO f() AS 1
CREATE OR REPLACE MACRO f() AS TABLE FROM read_csv('/etc/passwd')
CREATE SECRET s (TYPE s3)
CREATE SCHEMA s
CREATE TYPE t AS ENUM ('a')
CREATE SEQUENCE s
CREATE INDEX i ON BTC (px)
DROP TABLE BTC
ALTER TABLE BTC ADD COLUMN x INT
TRUNCATE BTC
COPY BTC TO '$DATA/x.csv'
COPY (FROM BTC) TO '$DATA/x.parquet'
COPY BTC FROM '/etc/passwd'
EXPORT DATABASE '$DATA/x'
IMPORT DATABASE '$DATA/x'
ATTACH '$DATA/x.db'
ATTACH ':memory:' AS m
DETACH memory
USE memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL httpfs
UPDATE EXTENSIONS
SET memory_limit = '1TB'
SET VARIABLE x = 1
RESET memory_limit
PRAGMA version
CALL pragma_version()
CHECKPOINT
VACUUM
ANALYZE
BEGIN
COMMIT
ROLLBACK
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
COMMENT ON TABLE BTC IS 'x'
`
  .trim()
  .split('\n')

for (const sql of others) {
  test(`is named and refused: ${sql}`, async () => {
    const word = (/INSERT/.exec(sql) ?? /^\w+/.exec(sql))?.[0] ?? ''
    for (const text of [sql, `EXPLAIN ANALYZE ${sql}`, `/* SELECT */ ${sql};`]) {
      const { code, message } = await refusal(text)
      // The parser itself refuses to explain a few of them.
      if (text.startsWith('EXPLAIN') && code === 'SQL_INVALID') continue
      assert.equal(code, 'SQL_FORBIDDEN')
      assert.match(message, new RegExp(`^${word} is not allowed`))
      const isWrite = /^(ALTER|COMMENT|CREATE|DELETE|DROP|INSERT|MERGE|TRUNCATE|UPDATE)$/.test(word)
      assert.match(
        message,
        isWrite ? new RegExp(`by Flight SQL .* begins with ${word}$`) : /SQL can SELECT, /,
      )
    }
  })
}

/** Table functions that read files, settings or the catalog, or run SQL. */
const tableFunctions = String.raw`
read_csv('$OUT/secret.csv')
"read_csv"('x')
READ_CSV('x')
main.read_csv('x')
system.main.read_csv('x')
read_csv_auto('BTC')
read_text('/etc/passwd')
read_blob('/etc/passwd')
read_json('x')
read_ndjson_objects('x')
read_duckdb('x')
glob('*')
sniff_csv('x')
parquet_metadata('BTC.parquet')
parquet_schema('BTC.parquet')
parquet_kv_metadata('BTC.parquet')
parquet_bloom_probe('BTC.parquet', 'a', 1)
query('SELECT 1')
query_table('BTC')
query_table(['BTC'])
duckdb_settings()
duckdb_secrets()
duckdb_tables()
pragma_version()
pragma_database_size()
enable_logging(storage_path := '/x')
enable_profiling()
checkpoint()
test_all_types()
sql_auto_complete('SEL')
json_execute_serialized_sql('x')
which_secret('x', 's3')
seq_scan('x')
arrow_scan(1, 2, 3)
histogram(BTC, px)
summary((FROM BTC))
sterna_frames('abc')
current_date()
`
  .trim()
  .split('\n')

for (const call of tableFunctions) {
  test(`is no table: ${call}`, async () => {
    const name = /(\w+)"?\(/.exec(call)?.[1]?.toLowerCase() ?? ''
    for (const sql of [
      `FROM ${call}`,
      `WITH a AS (FROM ${call}) SELECT 1`,
      `SELECT (SELECT 1 FROM ${call})`,
    ]) {
      const { code, message } = await refusal(sql)
      assert.equal(code, 'SQL_FORBIDDEN')
      assert.match(message, new RegExp(`Table function ${name}\\(\\) is not allowed`))
    }
  })
}

/** Functions that show settings, wait, write, or take SQL as a text. */
const functions = String.raw`
getenv('HOME')
current_setting('memory_limit')
"current_setting"('memory_limit')
main.current_setting('memory_limit')
system.main.current_setting('memory_limit')
sym.current_setting()
current_query()
pg_catalog.current_query()
pg_sleep(1)
sleep_ms(1)
nextval('s')
write_log('x')
json_serialize_plan('FROM read_csv(''/etc/passwd'')')
json_serialize_sql('SELECT 1')
json_deserialize_sql('x')
read_text('/etc/passwd')
txid_current()
getvariable('x')
in_search_path('a', 'b')
pg_get_viewdef(1)
format_type(1, 2)
finalize(1)
stats(px)
create_sort_key(px, 'ASC')
__internal_decompress_string(1)
variant_bytes_to_variant(1)
no_such_function(1)
`
  .trim()
  .split('\n')

for (const call of functions) {
  test(`is not called: ${call}`, async () => {
    const name = /(\w+)"?\([^(]*(\(.*)?$/.exec(call)?.[1] ?? ''
    const { code, message } = await refusal(`SELECT ${call} FROM BTC`)
    assert.equal(code, 'SQL_FORBIDDEN')
    assert.equal(message, `Function ${name}() is not allowed`)
  })
}

/** Every place of a statement that can hold an expression; `!` is a function that is not allowed. */
const places = String.raw`
SELECT * FROM BTC WHERE px > !
SELECT (SELECT 1 FROM (SELECT !))
SELECT list_transform([1], lambda x: !)
SELECT list_transform([1], x -> !)
SELECT [! FOR x IN [1]]
SELECT [x FOR x IN [!]]
SELECT [x FOR x IN [1] IF ! IS NULL]
SELECT COLUMNS(c -> ! = 'x') FROM BTC
SELECT * REPLACE (! AS sym) FROM BTC
SELECT sum(px) FILTER (WHERE ! IS NULL) FROM BTC
SELECT sum(px) OVER (PARTITION BY ! ORDER BY ts) FROM BTC
SELECT sum(px) OVER (ORDER BY !) FROM BTC
SELECT sum(px) OVER (ORDER BY ts ROWS ! PRECEDING) FROM BTC
SELECT sum(px) OVER (ORDER BY ts ROWS BETWEEN 1 PRECEDING AND ! FOLLOWING) FROM BTC
SELECT sum(px) FILTER (WHERE ! = 1) OVER () FROM BTC
SELECT lag(px, !) OVER (ORDER BY ts) FROM BTC
SELECT lag(px, 1, !) OVER (ORDER BY ts) FROM BTC
SELECT first_value(px ORDER BY !) OVER () FROM BTC
SELECT sum(px) OVER w FROM BTC WINDOW w AS (ORDER BY !)
SELECT list(px ORDER BY !) FROM BTC
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY !) FROM BTC
SELECT 1 ORDER BY !
SELECT 1 LIMIT !
SELECT 1 OFFSET !
SELECT 1 LIMIT (!)%
SELECT DISTINCT ON (!) 1
SELECT 1 GROUP BY !
SELECT 1 GROUP BY GROUPING SETS ((!), ())
SELECT count(*) FROM BTC HAVING ! IS NULL
SELECT 1 FROM BTC QUALIFY ! IS NULL
SELECT 1 FROM BTC a JOIN BTC b ON ! IS NULL
SELECT 1 FROM BTC a ASOF JOIN BTC b ON a.ts >= !
SELECT 1 FROM BTC a, LATERAL (SELECT !) b
VALUES (1), (!)
FROM (VALUES (!))
SELECT CASE WHEN ! IS NULL THEN 1 END
SELECT CASE WHEN true THEN ! END
SELECT CASE ! WHEN 1 THEN 1 ELSE 2 END
SELECT CASE 1 WHEN 1 THEN 1 ELSE ! END
SELECT 1 BETWEEN ! AND 2
SELECT ! BETWEEN 1 AND 2
SELECT 1 BETWEEN 1 AND !
SELECT !::INT
SELECT TRY_CAST(! AS INT)
SELECT ! COLLATE NOCASE
SELECT 1 IN (!)
SELECT ! IN (SELECT 1)
SELECT ! = ANY (SELECT 1)
SELECT EXISTS (SELECT !)
SELECT ARRAY(SELECT !)
SELECT {'a': !}
SELECT MAP {!: 1}
SELECT [1][!]
SELECT [1][1:!]
SELECT (1, !)
SELECT TRY(!)
SELECT if(!, 1, 2)
SELECT coalesce(1, !)
SELECT struct_pack(a := !)
SELECT 'a' || !
SELECT NOT !
SELECT - !
SELECT a.b FROM (SELECT ! AS b) a
SELECT EXTRACT(year FROM !)
SELECT ! AT TIME ZONE 'UTC'
SELECT count(*) FROM range(!)
SELECT count(*) FROM range(1 ORDER BY !)
SELECT * FROM unnest([!])
SELECT * FROM json_each((SELECT !))
SELECT 1 UNION SELECT !
SELECT 1 EXCEPT (SELECT 1 INTERSECT SELECT !)
(SELECT 1) ORDER BY !
WITH a AS (SELECT !) SELECT 1
WITH RECURSIVE t AS (SELECT 1 i UNION ALL SELECT i + ! FROM t) FROM t
WITH RECURSIVE t AS (SELECT ! i UNION ALL SELECT i + 1 FROM t) FROM t
PIVOT BTC ON sym IN ('A') USING sum(!)
UNPIVOT (SELECT !) ON COLUMNS(*)
FROM (SELECT !) PIVOT (sum(px) FOR sym IN ('x'))
DESCRIBE SELECT !
SUMMARIZE SELECT !
FROM (DESCRIBE SELECT !)
EXPLAIN SELECT !
`
  .trim()
  .split('\n')

for (const place of places) {
  test(`is searched for functions: ${place}`, async () => {
    const { code, message } = await refusal(place.replace('!', 'sleep_ms(1)'))
    assert.deepEqual([code, message], ['SQL_FORBIDDEN', 'Function sleep_ms() is not allowed'])
    const query = `(SELECT 1 FROM read_text('/etc/passwd'))`
    // Where no query can stand, the parser says so.
    assert.match((await refusal(place.replace('!', query))).code, /^SQL_(FORBIDDEN|INVALID)$/)
  })
}

/** Everything else that is refused, with the code and part of the message. */
const refused: readonly (readonly [sql: string, code: ErrorCode, message: RegExp])[] = [
  ['SELECT 1; SELECT 2', 'SQL_FORBIDDEN', /several statements/],
  ['SELECT 1; DROP TABLE BTC', 'SQL_FORBIDDEN', /several statements/],
  ['SELECT 1;;--x\nSELECT 2', 'SQL_FORBIDDEN', /several statements/],
  ['EXPLAIN SELECT 1; SELECT 2', 'SQL_FORBIDDEN', /several statements/],
  ['', 'SQL_INVALID', /no statement/],
  ['; ;', 'SQL_INVALID', /no statement/],
  ['-- only a comment', 'SQL_INVALID', /no statement/],
  ['/* only a comment */', 'SQL_INVALID', /no statement/],
  ['EXPLAIN', 'SQL_INVALID', /needs a statement/],
  ['EXPLAIN EXPLAIN SELECT 1', 'SQL_FORBIDDEN', /EXPLAIN is not allowed/],
  [`EXPLAIN (FORMAT 'x') SELECT 1`, 'SQL_INVALID', /options of EXPLAIN/],
  [`EXPLAIN (ANALYZE, COPY (SELECT 1) TO 'x') SELECT 1`, 'SQL_INVALID', /./],
  ['selec 1', 'SQL_INVALID', /^Syntax error at or near "selec" \(line 1, column 1\)$/],
  ['SELECT 1\n  FROM é WHERE WHERE', 'SQL_INVALID', /near "WHERE" \(line 2, column 16\)/],
  [`SELECT 'é', lag(1, 2, 3, 4) OVER ()`, 'SQL_INVALID', /Incorrect number of parameters/],
  [
    `SELECT 'é' FROM BTC PIVOT (sum(px) FOR 1 IN (1))`,
    'SQL_INVALID',
    /constant value .* \(line 1, column 40\)/,
  ],
  [`SELECT 'open`, 'SQL_INVALID', /Unterminated quoted string/],
  ['SELECT "open', 'SQL_INVALID', /Unterminated quoted identifier/],
  ['SELECT $$open', 'SQL_INVALID', /Unterminated dollar-quoted string/],
  ['SELECT /* open', 'SQL_INVALID', /./],
  ['SELECT 1\0; DROP TABLE BTC', 'SQL_INVALID', /NUL/],
  ['SELECT \ud800', 'SQL_INVALID', /not valid Unicode/],
  ['SELECT 1e999', 'SQL_INVALID', /too large/],
  [`SELECT U&'\\0041'`, 'SQL_INVALID', /./],
  ['SELECT 1 INTO x', 'SQL_INVALID', /INTO/],
  ['SELECT * FROM BTC FOR UPDATE', 'SQL_INVALID', /locking/],
  ['WITH a AS (DELETE FROM BTC RETURNING *) FROM a', 'SQL_INVALID', /CTE needs a SELECT/],
  ['FROM ONLY BTC', 'SQL_INVALID', /write FROM name/],
  ['FROM nothing', 'DATASET_NOT_FOUND', /^Dataset "nothing" does not exist; SHOW TABLES/],
  [
    'FROM nothing AT (VERSION => 0)',
    'DATASET_NOT_FOUND',
    /^Dataset "nothing" does not exist in version 0; SHOW TABLES tells what there is now/,
  ],
  ['FROM BTX', 'DATASET_NOT_FOUND', /the closest are "BTC"/],
  ['FROM trades_20260205', 'DATASET_NOT_FOUND', /closest are "trades_20260203", "trades_20260204", "crypto"/],
  ['FROM "nothing_*"', 'DATASET_NOT_FOUND', /"nothing_\*" does not exist/],
  [`FROM 'nothing_*.parquet'`, 'DATASET_NOT_FOUND', /File "nothing_\*.parquet" does not exist/],
  [`FROM read_parquet(['BTC.parquet', 'nothing_*.parquet'])`, 'DATASET_NOT_FOUND', /nothing_/],
  [`FROM '${'*'.repeat(3000)}.parquet'`, 'DATASET_NOT_FOUND', /^.{1,300}$/],
  ['FROM nowhere.BTC', 'DATASET_NOT_FOUND', /"nowhere.BTC" does not exist/],
  ['FROM memory.main.BTC', 'DATASET_NOT_FOUND', /"memory.main.BTC"/],
  ['FROM a.b', 'DATASET_NOT_FOUND', /"a.b" in quotes does/],
  ['FROM MIXED', 'SQL_INVALID', /ambiguous: "Mixed", "mixed"/],
  ['SELECT (WITH BTC2 AS (SELECT 1) FROM BTC2) FROM BTC2', 'DATASET_NOT_FOUND', /"BTC2"/],
  ['WITH a AS (FROM b), b AS (SELECT 1) FROM a', 'DATASET_NOT_FOUND', /"b"/],
  ['WITH a AS (WITH b AS (SELECT 1) FROM b) FROM b', 'DATASET_NOT_FOUND', /"b"/],
  ['SELECT 1 FROM (WITH b AS (SELECT 1) FROM b), b', 'DATASET_NOT_FOUND', /"b"/],
  ['WITH RECURSIVE t AS (SELECT 1 FROM t UNION ALL SELECT 1) FROM t', 'DATASET_NOT_FOUND', /"t"/],
  ['WITH t AS (SELECT 1) FROM recurring.t', 'DATASET_NOT_FOUND', /recurring/],
  ['WITH "a.c" AS (SELECT 1) FROM a.c', 'DATASET_NOT_FOUND', /a\.c/],
  ['WITH É AS (SELECT 1) FROM é', 'DATASET_NOT_FOUND', /é/],
  [`WITH "x.parquet" AS (SELECT 1) SELECT (FROM 'y.parquet')`, 'DATASET_NOT_FOUND', /y\.parquet/],
  [`WITH RECURSIVE "stale.parquet" AS (FROM "stale.parquet") SELECT 1`, 'DATASET_NOT_FOUND', /stale/],
  [`FROM '/etc/passwd'`, 'DATASET_NOT_FOUND', /./],
  [`FROM '/etc/x.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '../outside/secret.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '$OUT/secret.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '$OUT/secret.csv'`, 'DATASET_NOT_FOUND', /./],
  [`FROM '$OUT/*.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '$DATA/../outside/secret.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '$DATA/cold/../../outside/secret.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM '**/../*.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM 'cold/link.parquet'`, 'DATASET_NOT_FOUND', /link/],
  [`FROM 'stale.parquet'`, 'DATASET_NOT_FOUND', /stale/],
  [`FROM '$DATA/cold/stale.parquet'`, 'DATASET_NOT_FOUND', /stale/],
  [`FROM 'BTC.2.parquet'`, 'DATASET_NOT_FOUND', /BTC\.2/],
  [`FROM 'http://localhost/x.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM 's3://bucket/x.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM 'file:///etc/x.parquet'`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM 'x.csv'`, 'DATASET_NOT_FOUND', /x\.csv/],
  [`FROM 'x.json'`, 'DATASET_NOT_FOUND', /x\.json/],
  [`FROM read_parquet('$OUT/secret.parquet')`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM read_parquet(['BTC.parquet', '$OUT/secret.parquet'])`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM parquet_scan('$OUT/secret.parquet')`, 'SQL_FORBIDDEN', /outside the lake/],
  [`WITH a AS (FROM read_parquet('$OUT/*.parquet')) FROM a`, 'SQL_FORBIDDEN', /outside the lake/],
  [`FROM read_parquet('BTC' || '.parquet')`, 'SQL_FORBIDDEN', /text literals only/],
  [`FROM read_parquet((SELECT 'BTC.parquet'))`, 'SQL_FORBIDDEN', /text literals only/],
  ['FROM read_parquet($1)', 'SQL_FORBIDDEN', /text literals only/],
  ['FROM read_parquet(?)', 'SQL_FORBIDDEN', /text literals only/],
  [`FROM read_parquet(['BTC.parquet', $1])`, 'SQL_FORBIDDEN', /text literals only/],
  [`FROM read_parquet('BTC.parquet'::VARCHAR)`, 'SQL_FORBIDDEN', /text literals only/],
  ['FROM read_parquet()', 'SQL_FORBIDDEN', /needs a name/],
  ['FROM read_parquet(*)', 'SQL_FORBIDDEN', /needs a name/],
  ['FROM read_parquet([])', 'SQL_FORBIDDEN', /needs a name/],
  ['FROM read_parquet(NULL)', 'SQL_FORBIDDEN', /text literals only/],
  [`FROM read_parquet('BTC.parquet', 'many.parquet')`, 'SQL_FORBIDDEN', /one name or one list/],
  [
    `FROM read_parquet('BTC.parquet', encryption_config = {footer_key: 'x'})`,
    'SQL_FORBIDDEN',
    /encryption_config/,
  ],
  [`FROM read_parquet('BTC.parquet', schema := NULL)`, 'SQL_FORBIDDEN', /Option schema/],
  [`FROM read_parquet('BTC.parquet', union_by_name = 'x')`, 'SQL_FORBIDDEN', /true or false/],
  [`FROM read_parquet('BTC.parquet', filename = getenv('HOME'))`, 'SQL_FORBIDDEN', /literal/],
  [`FROM read_parquet([${`'BTC.parquet',`.repeat(1001)}])`, 'LIMIT_EXCEEDED', /1001 files; at most 1000/],
  ['FROM duckdb_settings', 'SQL_FORBIDDEN', /SHOW TABLES/],
  ['FROM information_schema.tables', 'SQL_FORBIDDEN', /SHOW TABLES/],
  ['FROM pg_catalog.pg_class', 'SQL_FORBIDDEN', /SHOW TABLES/],
  ['FROM pg_class', 'SQL_FORBIDDEN', /SHOW TABLES/],
  ['FROM sqlite_schema', 'SQL_FORBIDDEN', /SHOW TABLES/],
  ['FROM BTC AT (VERSION => 3)', 'VERSION_NOT_FOUND', /not kept/],
  ['FROM BTC AT (TIMESTAMP => now())', 'SQL_FORBIDDEN', /AT of "BTC" takes a literal/],
  ['FROM BTC AT (VERSION => $1)', 'SQL_FORBIDDEN', /takes a literal: AT \(VERSION => 3\)/],
  ['FROM BTC AT (VERSION => 1 + 1)', 'SQL_FORBIDDEN', /literal/],
  ['FROM BTC AT (VERSION => -1)', 'SQL_FORBIDDEN', /literal/],
  [`FROM BTC AT (VERSION => (SELECT 1))`, 'SQL_FORBIDDEN', /literal/],
  [`FROM BTC AT (TIMESTAMP => '2026-02-03'::VARCHAR)`, 'SQL_FORBIDDEN', /literal/],
  ['WITH a AS (SELECT 1) FROM a AT (VERSION => 0)', 'SQL_FORBIDDEN', /no table of the lake/],
  ['SHOW DATABASES', 'SQL_FORBIDDEN', /SHOW DATABASES/],
  ['SHOW SCHEMAS', 'SQL_FORBIDDEN', /SHOW SCHEMAS/],
  ['SHOW VARIABLES', 'SQL_FORBIDDEN', /SHOW VARIABLES/],
  ['SHOW TIME ZONE', 'SQL_FORBIDDEN', /SHOW TIMEZONE/],
  ['SHOW TABLES FROM a.b', 'SQL_FORBIDDEN', /FROM a catalog/],
  ['SHOW memory_limit', 'DATASET_NOT_FOUND', /memory_limit/],
  ['FROM (SHOW DATABASES)', 'SQL_FORBIDDEN', /SHOW DATABASES/],
  ['PIVOT BTC ON sym USING sum(px)', 'SQL_FORBIDDEN', /PIVOT … ON column IN/],
  ['WITH p AS (PIVOT BTC ON sym USING sum(px)) FROM p', 'SQL_FORBIDDEN', /PIVOT … ON column IN/],
  ['FROM BTC PIVOT (sum(px) FOR sym IN my_enum)', 'SQL_FORBIDDEN', /ENUM/],
  ['SELECT sum(px) EXPORT_STATE FROM BTC', 'SQL_FORBIDDEN', /EXPORT_STATE/],
  [`SELECT repeat('x', 2000000000)`, 'LIMIT_EXCEEDED', /2000000000 elements; at most 10000000/],
  [`SELECT lpad('x', 1e9::INT, 'y')`, 'LIMIT_EXCEEDED', /1000000000 elements/],
  ['SELECT range(1000000000)', 'LIMIT_EXCEEDED', /range/],
  ['SELECT generate_series(10, -10000000000, -5)', 'LIMIT_EXCEEDED', /generate_series/],
  ['SELECT list_resize([1], 1000000000)', 'LIMIT_EXCEEDED', /list_resize/],
  [`${'/*'.repeat(50)}${'*/'.repeat(50)} SELECT 1`, 'LIMIT_EXCEEDED', /comments more than 16 deep/],
  [`SELECT 1${' + 1'.repeat(30_000)}`, 'LIMIT_EXCEEDED', /more than 50000 tokens/],
  [`SELECT 1${' + 1'.repeat(10_000)}`, 'SQL_INVALID', /depth/],
  [`SELECT '${'x'.repeat(1024 * 1024)}'`, 'LIMIT_EXCEEDED', /1048585 bytes; at most 1048576/],
]

for (const [sql, code, message] of refused) {
  test(`is refused: ${sql.slice(0, 80).replaceAll('\0', '\\0')}`, async () => {
    const error = await refusal(sql)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
  })
}

test('nothing of all this has made, changed or removed a file', () => {
  assert.deepEqual(readdirSync(lake.dataDirectory, { recursive: true }).toSorted(), filesBefore)
})
