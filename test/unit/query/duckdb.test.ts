// Goal: SQL stays inside the data directory and cannot change that, parameters arrive as what they are, and every
// failure of DuckDB is one of our errors, without paths or values.
// Method: a real instance, driven into each failure where one can be made on any machine.
import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { SternaError } from '../../../src/errors.ts'
import { assertStreamEnded, bindings, mapDuckError, type Parameters } from '../../../src/query/duckdb.ts'
import { openDuck } from './duck-fixture.ts'

const { duck, connection, directory, outside } = await openDuck({ after })
const part = path.join(directory, 'part.parquet')
await connection.run(`COPY (SELECT range AS n, 'row ' || range AS t FROM range(10000)) TO '${part}'`)

async function failure(sql: string, parameters?: Parameters): Promise<SternaError> {
  const error: unknown = await connection.run(sql, parameters).then(
    () => new Error(`${sql} did not fail`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SternaError, String(error))
  return error
}

test('SQL reads and writes files of the data directory', async () => {
  assert.deepEqual(await connection.run(`SELECT count(*) FROM read_parquet('${part}')`), [[10000n]])
})

test('SQL reads and writes no file elsewhere, on whatever way', async () => {
  writeFileSync(path.join(outside, 'secret.csv'), 'a\n1\n')
  symlinkSync(outside, path.join(directory, 'link'))
  for (const sql of [
    `FROM read_csv('${outside}/secret.csv')`,
    `FROM read_csv('${directory}/../outside/secret.csv')`,
    `FROM read_csv('${directory}/link/secret.csv')`,
    `FROM '/etc/passwd'`,
    `COPY (SELECT 1) TO '${outside}/x.parquet'`,
    `ATTACH '${outside}/x.duckdb'`,
    `FROM 'https://example.com/x.parquet'`,
    `LOAD httpfs`,
    `INSTALL httpfs`,
  ]) {
    const { code, message } = await failure(sql)
    assert.match(code, /^(SQL_FORBIDDEN|SQL_INVALID|DISK_FAILED)$/, `${sql}: ${code} ${message}`)
    assert.doesNotMatch(message, /sterna-duck|\/etc|\/outside\//, sql)
  }
})

test('SQL cannot loosen the configuration, nor another connection', async () => {
  for (const setting of [
    'enable_external_access = true',
    `allowed_directories = ['/']`,
    'lock_configuration = false',
    `allowed_configs = ['threads']`,
    'threads = 1',
    `temp_directory = '${outside}'`,
  ]) {
    assert.equal((await failure(`SET ${setting}`)).code, 'SQL_FAILED', setting)
  }
  await connection.run(`SET GLOBAL TimeZone = 'Asia/Tokyo'`)
  // Allowed, since a session's zone is; every connection has its own.
  const other = await duck.connect()
  const settings = await other.run(
    `SELECT current_setting('TimeZone'), current_setting('preserve_insertion_order'),
            current_setting('streaming_buffer_size'), current_setting('enable_progress_bar_print')`,
  )
  other.close()
  assert.deepEqual(settings, [['UTC', true, '976.5 KiB', false]])
})

const failures: [string, string, RegExp][] = [
  ['SELEC 1', 'SQL_INVALID', /syntax error/],
  ['SELECT nope', 'SQL_INVALID', /"nope"/],
  ['FROM nope', 'SQL_INVALID', /nope does not exist/],
  ['SELECT nope(1)', 'SQL_INVALID', /nope/],
  [`SELECT 'secret'::INT`, 'SQL_FAILED', /Could not convert/],
  [`SELECT t::INT FROM read_parquet('${part}')`, 'SQL_FAILED', /Could not convert/],
  ['SELECT 4000000000::INT', 'SQL_FAILED', /out of range/],
  [`SELECT strptime('secret', '%Y')`, 'SQL_FAILED', /Could not parse/],
  [
    'SELECT sum(x) FROM (VALUES (170141183460469231731687303715884105727::HUGEINT), (1)) v(x)',
    'SQL_FAILED',
    /HUGEINT/,
  ],
  [`SELECT regexp_matches('a', '(')`, 'SQL_FAILED', /missing/],
  ['SELECT 1; SELECT 2', 'SQL_INVALID', /multiple statements/],
  [`FROM read_parquet('${directory}/gone.parquet')`, 'DATA_CORRUPT', /^Part gone\.parquet is missing$/],
]

for (const [sql, code, message] of failures) {
  test(`${sql.replace(/'[^']*\/([^/']*)'/, `'$1'`)} fails with ${code}`, async () => {
    const error = await failure(sql)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /sterna-duck|secret|row 0|4000000000|LINE 1|[.!]$/)
  })
}

test('a Parquet file that is cut or changed fails with DATA_CORRUPT', async () => {
  const bytes = readFileSync(part)
  const broken = path.join(directory, 'broken.parquet')
  const changes: [string, (copy: Buffer) => Buffer][] = [
    ['cut', (copy) => copy.subarray(0, copy.length - 20)],
    ['empty', () => Buffer.alloc(0)],
    ['without its pages', (copy) => copy.fill(0xff, 4, 2000)],
    ['without its footer', (copy) => copy.fill(0xff, copy.length - 300, copy.length - 8)],
  ]
  for (const [what, change] of changes) {
    writeFileSync(broken, change(Buffer.from(bytes)))
    const error = await failure(`SELECT max(t), sum(n) FROM read_parquet('${broken}')`)
    assert.equal(error.code, 'DATA_CORRUPT', `${what}: ${String(error.cause)}`)
    assert.match(error.message, /^(A part|Part broken\.parquet) cannot be read as Parquet$/)
  }
})

test('a query that needs more memory than it may have fails with LIMIT_EXCEEDED', async (t) => {
  const small = await openDuck(t, { memoryLimit: '50MB' })
  const sql = 'SELECT list(range) FROM range(50000000)'
  await assert.rejects(small.connection.run(sql), { code: 'LIMIT_EXCEEDED' })
})

// What no test can bring about on every machine, as DuckDB words it.
const worded: [string, string][] = [
  ['IO Error: Could not write file "/data/tmp/x": No space left on device', 'DISK_FULL'],
  ['IO Error: Cannot open file "/data/cold/x.parquet": Too many open files', 'DISK_FAILED'],
  ['INTERNAL Error: Attempted to access index 3 within vector of size 3', 'BUG'],
  ['FATAL Error: Failed: database has been invalidated', 'BUG'],
  ['Not implemented Error: Unimplemented type for cast', 'NOT_IMPLEMENTED'],
  ['Permission Error: Cannot access file "/data/my files/x.parquet"', 'SQL_FORBIDDEN'],
  ['Invalid Error: TProtocolException: Invalid data', 'DATA_CORRUPT'],
  [`Invalid Input Error: No magic bytes found at end of file '/data/cold/x.parquet'`, 'DATA_CORRUPT'],
]

for (const [text, code] of worded) {
  test(`${text.slice(0, text.indexOf(':'))} becomes ${code}`, () => {
    const error = mapDuckError(new Error(text))
    assert.equal(error.code, code)
    assert.doesNotMatch(error.message, /\/data|vector|invalidated/)
    assert.equal((error.cause as Error).message, text)
  })
}

test('an error that is not of DuckDB stays what it is', () => {
  const own = new SternaError('LIMIT_EXCEEDED', 'x')
  assert.equal(mapDuckError(own), own)
  assert.equal(mapDuckError(new Error('boom')).code, 'BUG')
  assert.equal(mapDuckError('boom').code, 'BUG')
})

const parameters: [string, Parameters, unknown[]][] = [
  ['SELECT ?, ?, ?, ?, ?', [1, 1.5, 'a', true, null], [1, 1.5, 'a', true, null]],
  ['SELECT typeof($1), typeof($2), typeof($3)', [1, 2 ** 40, 0.5], ['INTEGER', 'BIGINT', 'DOUBLE']],
  ['SELECT $b - $a', { a: 1, b: 5 }, [4]],
  ['SELECT $1 + $1', [4], [8]],
  ['SELECT $1::HUGEINT, $2', [2n ** 100n, -(2n ** 63n) + 1n], [2n ** 100n, -(2n ** 63n) + 1n]],
  [`SELECT DATE '2026-01-01' + $1 = DATE '2026-01-08'`, [7], [true]],
  [`SELECT TIMESTAMP '2026-01-02 00:00:00' > $1`, ['2026-01-01'], [true]],
  ['SELECT list_sum($1), list_contains($2, $3)', [[1, 2, null], ['a', 'b'], 'b'], [3n, true]],
  ['SELECT count(*) FROM range(10) t(i) WHERE i IN (SELECT unnest($1))', [[1, 2.5, 3]], [2n]],
  ['SELECT 1 / $1 < 0', [-0], [true]],
]

for (const [sql, given, row] of parameters) {
  test(`${sql} takes its parameters`, async () => {
    const [found] = await connection.run(sql, given)
    assert.deepEqual(found, row)
  })
}

const wrongParameters: [string, Parameters, RegExp][] = [
  ['SELECT ?', [], /takes 1 parameters, 0 were given/],
  ['SELECT 1', [1], /takes 0 parameters, 1 were given/],
  ['SELECT $a', { b: 1 }, /no parameter 'b'/],
  ['SELECT $a + $b', { a: 1 }, /'b' has no value/],
  ['SELECT $a', { a: { b: 1 } }, /object/],
  ['SELECT $1', [[1, 'a']], /different kinds/],
  ['SELECT $1', [2n ** 200n], /127 bits/],
]

for (const [sql, given, message] of wrongParameters) {
  test(`${sql} with ${JSON.stringify(given, (_, value: unknown) => (typeof value === 'bigint' ? 'big' : value))} fails with SQL_INVALID`, async () => {
    const error = await failure(sql, given)
    assert.equal(error.code, 'SQL_INVALID')
    assert.match(error.message, message)
  })
}

const endless = 'SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b'

for (const [when, delayMs] of [
  ['as it runs', 50],
  ['before its thread has begun', 0],
] as const) {
  test(`a statement that is interrupted ${when} fails with CANCELLED, and its connection goes on`, async () => {
    const statement = await connection.prepare(endless)
    const running = statement.execute()
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    const stop = connection.interruptAgain()
    await assert.rejects(running, { code: 'CANCELLED' })
    stop()
    statement.close()
    assert.deepEqual(await connection.run('SELECT 1'), [[1]])
  })
}

test('a stream tells its end from an interruption', async () => {
  const complete = await connection.stream('SELECT range FROM range($1)', [5000])
  let rows = 0
  for (;;) {
    const chunk = await bindings.fetch_chunk(complete)
    if (chunk === null || bindings.data_chunk_get_size(chunk) === 0) break
    rows += bindings.data_chunk_get_size(chunk)
  }
  assertStreamEnded(complete)
  assert.equal(rows, 5000)

  const broken = await connection.stream(`SELECT range FROM range(1000000000)`)
  connection.interrupt()
  for (;;) {
    const chunk = await bindings.fetch_chunk(broken)
    if (chunk === null || bindings.data_chunk_get_size(chunk) === 0) break
  }
  assert.throws(() => assertStreamEnded(broken), { code: 'SQL_FAILED' })
})
