// Goal: every type that a part can hold comes back from it exactly, nulls included, with and without its Arrow schema.
// Method: DuckDB writes columns computed from the row number, as the store has them stored; the frames that are read
// back are parsed by another Arrow library and compared with the same computation in JavaScript.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { field, sharedReader, type PartOptions, roundTrip, type StoredColumn } from './support.ts'

const reader = sharedReader()

interface TestColumn extends StoredColumn {
  /** What row `i` holds; every seventh row, and all in a column named `…_null`, are null instead. */
  readonly expected: (i: number) => unknown
}

const DAY_MS = 86_400_000
const SECONDS_SQL = '((i - 500) * 1000003)'

const COLUMNS: readonly TestColumn[] = [
  integer(8, true, '((i % 256) - 128)::TINYINT', (i) => (i % 256) - 128),
  integer(16, true, '((i * 37) % 65536 - 32768)::SMALLINT', (i) => ((i * 37) % 65_536) - 32_768),
  integer(32, true, '(i * 1000003 % 2000000000 - 1000000000)::INTEGER', (i) => ((i * 1_000_003) % 2e9) - 1e9),
  integer(
    64,
    true,
    '(i % 1000 * 9007199254740993 - 4611686018427387904)::BIGINT',
    (i) => BigInt(i % 1000) * 9007199254740993n - 2n ** 62n,
  ),
  integer(8, false, '(i % 256)::UTINYINT', (i) => i % 256),
  integer(16, false, '(i % 65536)::USMALLINT', (i) => i % 65_536),
  integer(32, false, '(i * 1000003 % 2000000000)::UINTEGER', (i) => (i * 1_000_003) % 2e9),
  integer(64, false, '(18446744073709551615 - i)::UBIGINT', (i) => 2n ** 64n - 1n - BigInt(i)),
  column(field('float64', { kind: 'float', bitWidth: 64 }), floatsSql('DOUBLE'), floats),
  column(field('float32', { kind: 'float', bitWidth: 32 }), floatsSql('FLOAT'), (i) =>
    Math.fround(floats(i)),
  ),
  column(field('float16', { kind: 'float', bitWidth: 16 }), '((i % 2048) / 1024)::FLOAT', (i) =>
    halfBits((i % 2048) / 1024),
  ),
  column(field('bool', { kind: 'bool' }), 'i % 3 = 0', (i) => i % 3 === 0),
  text('utf8', `'é' || repeat('x', (i % 40)::INTEGER)`, (i) => 'é' + 'x'.repeat(i % 40)),
  text('largeUtf8', `CASE WHEN i % 5 = 0 THEN '' ELSE '漢' || i END`, (i) => (i % 5 === 0 ? '' : `漢${i}`)),
  text('utf8View', `repeat('ab', (i % 12)::INTEGER)`, (i) => 'ab'.repeat(i % 12)),
  text('binary', `encode(i::VARCHAR)`, (i) => hex(String(i))),
  text('largeBinary', `encode(i::VARCHAR)`, (i) => hex(String(i))),
  text('binaryView', `encode(repeat('v', (i % 30)::INTEGER))`, (i) => hex('v'.repeat(i % 30))),
  column(
    field('fixed', { kind: 'fixedSizeBinary', byteWidth: 4 }),
    `encode(lpad((i % 1000)::VARCHAR, 4, '0'))`,
    (i) => hex(String(i % 1000).padStart(4, '0')),
  ),
  decimal(4, 2, 128, 'i % 100', (i) => BigInt(i % 100) * 100n),
  decimal(9, 3, 32, '-i', (i) => BigInt(-i) * 1000n),
  decimal(18, 4, 64, 'i * 1000', (i) => BigInt(i) * 10_000_000n),
  decimal(38, 0, 128, `i * 10000000000000000000000000000::DECIMAL(38, 0)`, (i) => BigInt(i) * 10n ** 28n),
  decimal(38, 2, 256, `i - 500`, (i) => BigInt(i - 500) * 100n),
  column(
    field('day', { kind: 'date', unit: 'day' }),
    `DATE '1970-01-01' + (i - 500)::INTEGER`,
    (i) => i - 500,
  ),
  column(
    field('date_ms', { kind: 'date', unit: 'ms' }),
    `make_timestamp_ms((i - 500) * ${DAY_MS})::TIMESTAMP_MS`,
    (i) => BigInt((i - 500) * DAY_MS),
  ),
  time('s', 32, '(i * 60)', 1_000_000, (i) => (i * 60) % 86_400),
  time('ms', 32, '(i * 60001)', 1000, (i) => (i * 60_001) % DAY_MS),
  time('us', 64, '(i * 60000001)', 1, (i) => BigInt((i * 60_000_001) % (DAY_MS * 1000))),
  column(
    field('time_ns', { kind: 'time', unit: 'ns', bitWidth: 64 }),
    '(i * 60000000001)::BIGINT',
    (i) => BigInt(i) * 60_000_000_001n,
  ),
  instant('s', null, `make_timestamp_ms(${SECONDS_SQL} * 1000)::TIMESTAMP_MS`, seconds),
  instant(
    'ms',
    null,
    `make_timestamp_ms(${SECONDS_SQL} * 1000 + i)::TIMESTAMP_MS`,
    (i) => seconds(i) * 1000n + BigInt(i),
  ),
  instant(
    'us',
    null,
    `make_timestamp(${SECONDS_SQL} * 1000000 + i)`,
    (i) => seconds(i) * 1_000_000n + BigInt(i),
  ),
  instant(
    'ns',
    null,
    `make_timestamp_ns(${SECONDS_SQL} * 1000000000 + i)`,
    (i) => seconds(i) * 1_000_000_000n + BigInt(i),
  ),
  instant('s', 'Europe/Paris', `make_timestamp(${SECONDS_SQL} * 1000000)::TIMESTAMPTZ`, seconds),
  instant(
    'ms',
    'UTC',
    `make_timestamp(${SECONDS_SQL} * 1000000 + i * 1000)::TIMESTAMPTZ`,
    (i) => seconds(i) * 1000n + BigInt(i),
  ),
  instant(
    'us',
    'America/New_York',
    `make_timestamp(${SECONDS_SQL} * 1000000 + i)::TIMESTAMPTZ`,
    (i) => seconds(i) * 1_000_000n + BigInt(i),
  ),
  instant(
    'ns',
    'UTC',
    `make_timestamp_ns(${SECONDS_SQL} * 1000000000 + i)`,
    (i) => seconds(i) * 1_000_000_000n + BigInt(i),
  ),
  column(
    field('duration', { kind: 'duration', unit: 'ns' }),
    '(i % 1000 * 9007199254740993)::BIGINT',
    (i) => BigInt(i % 1000) * 9007199254740993n,
  ),
  column(
    field(
      'list',
      { kind: 'list' },
      { children: [field('item', { kind: 'int', bitWidth: 16, signed: true })] },
    ),
    `CASE WHEN i % 4 = 0 THEN []::SMALLINT[] ELSE [(i % 100)::SMALLINT, NULL] END`,
    (i) => (i % 4 === 0 ? [] : [i % 100, null]),
  ),
  column(
    field('large_list', { kind: 'largeList' }, { children: [field('item', { kind: 'utf8' })] }),
    `list_transform(range(i % 3), lambda x: 's' || x)`,
    (i) => Array.from({ length: i % 3 }, (_, x) => `s${x}`),
  ),
  column(
    field(
      'struct',
      { kind: 'struct' },
      { children: [field('a', { kind: 'int', bitWidth: 64, signed: true }), field('b', { kind: 'utf8' })] },
    ),
    `{'a': i, 'b': CASE WHEN i % 5 = 0 THEN NULL ELSE 'b' || i END}`,
    (i) => ({ a: BigInt(i), b: i % 5 === 0 ? null : `b${i}` }),
  ),
  column(
    field(
      'map',
      { kind: 'map', keysSorted: false },
      {
        children: [
          field(
            'entries',
            { kind: 'struct' },
            {
              nullable: false,
              children: [
                field('key', { kind: 'utf8' }, { nullable: false }),
                field('value', { kind: 'float', bitWidth: 64 }),
              ],
            },
          ),
        ],
      },
    ),
    `MAP {'k' || i: i::DOUBLE, 'z': -1::DOUBLE}`,
    (i) => ({ [`k${i}`]: i, z: -1 }),
  ),
  { field: field('nothing', { kind: 'null' }), sql: 'NULL::INTEGER', expected: () => null },
]

/** Without its Arrow schema a part has lists where the schema has lists of one size. */
const FIXED_LIST = column(
  field(
    'fixed_list',
    { kind: 'fixedSizeList', listSize: 2 },
    { children: [field('item', { kind: 'float', bitWidth: 64 })] },
  ),
  `[i::DOUBLE, NULL]`,
  (i) => [i, null],
)

test('every type comes back exactly from a part of the store', async (t) => {
  await assertRoundTrip(t, [...COLUMNS, FIXED_LIST], { rows: 2000 })
})

test('every type comes back exactly from several row groups, cut anywhere', async (t) => {
  await assertRoundTrip(t, [...COLUMNS, FIXED_LIST], { rows: 5003, rowGroupRows: 2048 })
})

test('every type comes back exactly from a part without its Arrow schema', async (t) => {
  await assertRoundTrip(t, COLUMNS, { rows: 2000, hasSchema: false })
})

test('one row comes back', async (t) => {
  await assertRoundTrip(t, [...COLUMNS, FIXED_LIST], { rows: 1 })
})

test('columns without a null come back without validity', async (t) => {
  const columns = COLUMNS.filter(({ field: { type } }) => type.kind !== 'null')
  const full = columns.map(({ field: own, sql }) => ({ field: own, sql: sqlWithoutNulls(sql) }))
  const { table } = await roundTrip(t, reader, full, { rows: 100 })
  assert.deepEqual(
    columns.flatMap((own) => (table.getChild(own.field.name)?.nullCount === 0 ? [] : [own.field.name])),
    [],
  )
})

async function assertRoundTrip(
  t: TestContext,
  columns: readonly TestColumn[],
  options: PartOptions,
): Promise<void> {
  const { table, values } = await roundTrip(t, reader, columns, options)
  assert.equal(table.numRows, options.rows)
  for (const {
    field: { name },
    expected,
  } of columns) {
    const rows = Array.from({ length: options.rows }, (_, i) => (i % 7 === 6 ? null : expected(i)))
    assert.deepEqual(values(name), rows, name)
  }
}

function column(own: TestColumn['field'], sql: string, expected: (i: number) => unknown): TestColumn {
  return { field: own, sql: `CASE WHEN i % 7 = 6 THEN NULL ELSE ${sql} END`, expected }
}

function sqlWithoutNulls(sql: string): string {
  return sql.replace('CASE WHEN i % 7 = 6 THEN NULL ELSE ', '(').replace(/ END$/, ')')
}

function integer(
  bitWidth: 8 | 16 | 32 | 64,
  signed: boolean,
  sql: string,
  expected: (i: number) => unknown,
): TestColumn {
  return column(
    field(`${signed ? 'int' : 'uint'}${bitWidth}`, { kind: 'int', bitWidth, signed }),
    sql,
    expected,
  )
}

function text(
  kind: 'utf8' | 'largeUtf8' | 'utf8View' | 'binary' | 'largeBinary' | 'binaryView',
  sql: string,
  expected: (i: number) => unknown,
): TestColumn {
  return column(field(kind, { kind }), sql, expected)
}

function decimal(
  precision: number,
  scale: number,
  bitWidth: 32 | 64 | 128 | 256,
  sql: string,
  expected: (i: number) => unknown,
): TestColumn {
  const name = `decimal${bitWidth}_${precision}_${scale}`
  return column(
    field(name, { kind: 'decimal', precision, scale, bitWidth }),
    `(${sql})::DECIMAL(${precision}, ${scale})`,
    expected,
  )
}

function time(
  unit: 's' | 'ms' | 'us',
  bitWidth: 32 | 64,
  sql: string,
  factor: number,
  expected: (i: number) => unknown,
): TestColumn {
  const micros = `(${sql} * ${factor} % ${DAY_MS * 1000})`
  const value = `make_time((${micros} // 3600000000)::BIGINT, (${micros} // 60000000 % 60)::BIGINT, ${micros} % 60000000 / 1000000)`
  return column(field(`time_${unit}`, { kind: 'time', unit, bitWidth }), value, expected)
}

function instant(
  unit: 's' | 'ms' | 'us' | 'ns',
  timezone: string | null,
  sql: string,
  expected: (i: number) => bigint,
): TestColumn {
  return column(
    field(`instant_${unit}_${timezone ?? 'local'}`, { kind: 'timestamp', unit, timezone }),
    sql,
    expected,
  )
}

/** Seconds before and after 1970. */
function seconds(i: number): bigint {
  return BigInt((i - 500) * 1_000_003)
}

function floats(i: number): number {
  return [Number.NaN, -0, Infinity, -Infinity, 1.5 * i, 1e-30][i % 6] ?? 0
}

function floatsSql(type: string): string {
  const values = [`'NaN'`, `-0.0`, `'inf'`, `'-inf'`, `1.5 * i`, `1e-30`]
  return `CASE i % 6 ${values.map((value, k) => `WHEN ${k} THEN ${value}::${type}`).join(' ')} END`
}

function hex(value: string): string {
  return Buffer.from(value).toString('hex')
}

/** The bits of a half float in [0, 2) that is one exactly. */
function halfBits(value: number): number {
  if (value === 0) return 0
  const exponent = Math.floor(Math.log2(value))
  if (exponent < -14) return value * 2 ** 24
  return ((exponent + 15) << 10) | ((value / 2 ** exponent - 1) * 1024)
}
