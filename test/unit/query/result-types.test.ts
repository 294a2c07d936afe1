// Goal: each type that DuckDB can give a result has one Arrow type, the same when described and when run.
// Method: statements of a real DuckDB, prepared and run; the schema is compared as value and as bytes.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { encodeSchema, type Field } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../../src/errors.ts'
import { statementColumns } from '../../../src/query/describe.ts'
import type { Parameters } from '../../../src/query/duckdb.ts'
import { resultColumns, resultSchema } from '../../../src/query/result-types.ts'
import { openTestDuck } from '../../support/query-frames.ts'

const { duck, close } = await openTestDuck()
const connection = await duck.connect()
after(() => {
  connection.close()
  close()
})

async function described(sql: string, parameters?: Parameters): Promise<readonly Field[]> {
  const statement = await connection.prepare(sql)
  const schema = resultSchema(await statementColumns(connection, statement, sql, parameters))
  if (parameters !== undefined) statement.bind(parameters)
  if (parameters !== undefined || statement.parameterCount === 0) {
    const run = resultSchema(resultColumns(await statement.execute()))
    const [a, b] = [schema, run].map(({ fields }) => fields.map(({ type, children }) => ({ type, children })))
    assert.deepEqual(a, b, sql)
    assert.deepEqual(
      encodeSchema(schema),
      encodeSchema({ ...run, fields: rename(run.fields, schema.fields) }),
    )
  }
  statement.close()
  return schema.fields
}

function rename(fields: readonly Field[], names: readonly Field[]): Field[] {
  return fields.map((field, index) => ({ ...field, name: names[index]?.name ?? '' }))
}

/** A type in short, with its children. */
function short({ type, children, dictionary, nullable, name }: Field, isChild = false): string {
  const parts = Object.entries(type).map(([key, value]) =>
    key === 'kind' ? String(value) : `${key}=${String(value)}`,
  )
  const index =
    dictionary === null
      ? ''
      : ` by ${dictionary.indexType.signed ? '' : 'u'}int${dictionary.indexType.bitWidth} #${dictionary.id}`
  const inner = children.length === 0 ? '' : ` <${children.map((child) => short(child, true)).join(', ')}>`
  return `${isChild ? `${name}: ` : ''}${parts.join(' ')}${index}${inner}${nullable ? '' : ' not null'}`
}

const types: readonly (readonly [sql: string, arrow: string])[] = [
  ['BOOLEAN', 'bool'],
  ['TINYINT', 'int bitWidth=8 signed=true'],
  ['SMALLINT', 'int bitWidth=16 signed=true'],
  ['INTEGER', 'int bitWidth=32 signed=true'],
  ['BIGINT', 'int bitWidth=64 signed=true'],
  ['UTINYINT', 'int bitWidth=8 signed=false'],
  ['USMALLINT', 'int bitWidth=16 signed=false'],
  ['UINTEGER', 'int bitWidth=32 signed=false'],
  ['UBIGINT', 'int bitWidth=64 signed=false'],
  ['HUGEINT', 'decimal precision=38 scale=0 bitWidth=128'],
  ['UHUGEINT', 'decimal precision=38 scale=0 bitWidth=128'],
  ['FLOAT', 'float bitWidth=32'],
  ['DOUBLE', 'float bitWidth=64'],
  ['DECIMAL(4, 1)', 'decimal precision=4 scale=1 bitWidth=128'],
  ['DECIMAL(38, 10)', 'decimal precision=38 scale=10 bitWidth=128'],
  ['VARCHAR', 'utf8'],
  ['JSON', 'utf8'],
  ['UUID', 'utf8'],
  ['TIMETZ', 'utf8'],
  ['BLOB', 'binary'],
  ['DATE', 'date unit=day'],
  ['TIME', 'time unit=us bitWidth=64'],
  ['TIME_NS', 'time unit=ns bitWidth=64'],
  ['TIMESTAMP_S', 'timestamp unit=s timezone=null'],
  ['TIMESTAMP_MS', 'timestamp unit=ms timezone=null'],
  ['TIMESTAMP', 'timestamp unit=us timezone=null'],
  ['TIMESTAMP_NS', 'timestamp unit=ns timezone=null'],
  ['TIMESTAMPTZ', 'timestamp unit=us timezone=UTC'],
  ['INTERVAL', 'interval unit=monthDayNano'],
  [`ENUM('a', 'b')`, 'utf8 by uint8 #0'],
  ['DOUBLE[]', 'list <item: float bitWidth=64>'],
  ['DOUBLE[3]', 'fixedSizeList listSize=3 <item: float bitWidth=64>'],
  ['STRUCT(a DOUBLE, b VARCHAR[])', 'struct <a: float bitWidth=64, b: list <item: utf8>>'],
  [
    'MAP(VARCHAR, DATE)',
    'map keysSorted=false <entries: struct <key: utf8 not null, value: date unit=day> not null>',
  ],
  ['UNION(a DOUBLE, b VARCHAR)', 'union mode=sparse typeIds=0,1 <a: float bitWidth=64, b: utf8>'],
]

for (const [sql, arrow] of types) {
  test(`${sql} is ${arrow}`, async () => {
    const [field] = await described(`SELECT NULL::${sql} AS v`)
    assert.ok(field !== undefined)
    assert.equal(field.name, 'v')
    assert.equal(short(field), arrow)
  })
}

for (const sql of ['BIT', 'BIGNUM', 'VARIANT', 'STRUCT(a BIT)[]']) {
  test(`${sql} is refused with the column and the way out`, async () => {
    await assert.rejects(described(`SELECT 1, NULL::${sql} AS bad`), (error: unknown) => {
      assert.ok(error instanceof SternaError)
      assert.equal(error.code, 'TYPE_UNSUPPORTED')
      assert.match(error.message, /^Column 'bad[^']*' is of type \w+, .*: cast it to VARCHAR$/)
      return true
    })
  })
}

test('an untyped NULL is an int32, as DuckDB gives it', async () => {
  const [field] = await described('SELECT NULL')
  assert.ok(field !== undefined)
  assert.equal(short(field), 'int bitWidth=32 signed=true')
})

test('an enum of many values has wider indices, and each its own dictionary', async () => {
  const values = Array.from({ length: 300 }, (_, index) => `'v${index}'`).join(', ')
  const fields = await described(`SELECT 'a'::ENUM('a') AS a, ['v1'::ENUM(${values})] AS b`)
  assert.deepEqual(
    fields.map((field) => short(field)),
    ['utf8 by uint8 #0', 'list <item: utf8 by uint16 #1>'],
  )
})

test('columns may share a name', async () => {
  const fields = await described('SELECT 1 AS a, 2 AS a')
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['a', 'a'],
  )
})

test('values of parameters decide types that depend on them', async () => {
  const typesOf = async (sql: string, parameters?: Parameters): Promise<string[]> =>
    (await described(sql, parameters)).map((field) => short(field))
  assert.deepEqual(await typesOf('SELECT coalesce($1, 1) AS v', [2]), ['int bitWidth=32 signed=true'])
  assert.deepEqual(await typesOf('SELECT coalesce($1, 1) AS v', [2.5]), ['float bitWidth=64'])
  assert.deepEqual(await typesOf('SELECT $a AS v', { a: 'x' }), ['utf8'])
  assert.deepEqual(await typesOf('SELECT * FROM range($1)', [3]), ['int bitWidth=64 signed=true'])
  assert.deepEqual(await typesOf('SELECT $1 AS v'), ['int bitWidth=32 signed=true'])
})

test('a statement is described without running it', async () => {
  // Run, the first would fail and the second take days.
  assert.equal((await described('SELECT error($1) AS v, 1 AS n -- never')).length, 2)
  const sql = 'SELECT sum(hash(a.range + b.range + $1)) AS v FROM range(10000000000) a, range(1000) b'
  const statement = await connection.prepare(sql)
  assert.equal((await statementColumns(connection, statement, sql, [1])).length, 1)
  statement.close()
})
