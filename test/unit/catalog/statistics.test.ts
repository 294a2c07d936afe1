// Goal: bounds of a table are never narrower than its values: other engines skip what lies outside them.
// Method: values as DuckDB prints them, in pairs; parts added one by one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ColumnSummary,
  EMPTY_SUMMARY,
  addToSummary,
  compareBounds,
  widestBounds,
} from '../../../src/store/catalog/statistics.ts'
import type { Database } from '../../../src/store/catalog/database.ts'
import { FLOAT64, INT64, UTF8, makePlace, part, put, ref, schemaOf } from './fixtures.ts'

const ordered: readonly (readonly [type: string, ...values: string[]])[] = [
  ['int64', '-9223372036854775808', '-10', '-9', '0', '7', '10', '9223372036854775807'],
  ['uint64', '0', '9', '18446744073709551615'],
  ['float64', '-inf', '-1e+300', '-1.5', '0.0', '2.0', '10.0', '1e+300', 'inf'],
  ['decimal(10,2)', '-12.50', '-1.25', '0.00', '9.99', '10.00'],
  ['varchar', '', 'A', 'B', 'a', 'é', '\uffee', '😀'],
  ['boolean', 'false', 'true'],
  ['date', '-infinity', '0044-03-15', '1999-12-31', '2026-02-03', 'infinity'],
  [
    'timestamp',
    '-infinity',
    '2026-02-03 04:05:06',
    '2026-02-03 04:05:06.001',
    '2026-02-03 04:05:06.5',
    '2026-02-04 00:00:00',
  ],
  ['timestamptz', '2026-02-03 04:05:06+00', '2026-02-03 04:05:06.5+00', '2026-02-03 04:05:07+00'],
  ['timestamp_ns', '2026-02-03 04:05:06.000000001', '2026-02-03 04:05:06.00000001'],
  ['time', '00:00:00', '09:30:00', '09:30:00.25', '23:59:59'],
]

const unordered: readonly (readonly [type: string, a: string, b: string])[] = [
  ['timestamptz', '2026-02-03 05:05:06+01', '2026-02-03 04:05:06+00'],
  ['date', '0044-03-15 (BC)', '2026-02-03'],
  ['date', '12020-01-01', '2026-02-03'],
  ['blob', '00', '01'],
  ['int64', 'x', '1'],
  ['float64', 'nan', '1'],
]

function stats(min: string | null, max: string | null, nullCount = 0, containsNan: boolean | null = null) {
  return { min, max, nullCount, containsNan }
}

test('values are ordered as DuckDB orders them', () => {
  for (const [type, ...values] of ordered) {
    values.forEach((a, i) => {
      values.forEach((b, j) =>
        assert.equal(compareBounds(a, b, type), Math.sign(i - j) || 0, `${type} ${a} ${b}`),
      )
    })
  }
})

test('values whose order their texts do not tell have none', () => {
  for (const [type, a, b] of unordered) assert.equal(compareBounds(a, b, type), null, type)
})

test('the widest bounds of a type hold for all its values', () => {
  for (const [type, ...values] of ordered) {
    const widest = widestBounds(type)
    assert.ok(widest, type)
    for (const value of values) {
      assert.ok((compareBounds(widest.min, value, type) ?? 1) <= 0, `${type} ${value}`)
      assert.ok((compareBounds(widest.max, value, type) ?? -1) >= 0, `${type} ${value}`)
    }
  }
  assert.deepEqual(widestBounds('int8'), { min: '-128', max: '127' })
  assert.deepEqual(widestBounds('uint16'), { min: '0', max: '65535' })
  assert.deepEqual(widestBounds('decimal(4,4)'), { min: '-0.9999', max: '0.9999' })
  assert.equal(widestBounds('blob'), null)
})

function summary(...parts: [ReturnType<typeof stats> | undefined, rows?: number][]): ColumnSummary {
  return parts.reduce((sum, [of, rows = 10]) => addToSummary(sum, of, rows, 'int64'), EMPTY_SUMMARY)
}

test('bounds of parts add up', () => {
  const { min, max, containsNull } = summary([stats('5', '9')], [stats('-3', '7')], [stats('6', '60', 1)])
  assert.deepEqual([min, max, containsNull], ['-3', '60', true])
})

test('parts without rows or with nulls alone leave the bounds as they are', () => {
  const { min, max } = summary(
    [stats(null, null, 10)],
    [stats('5', '9')],
    [undefined, 0],
    [stats(null, null, 10)],
  )
  assert.deepEqual([min, max], ['5', '9'])
  assert.equal(summary([stats(null, null, 10)]).hasValues, false)
})

test('one part of unknown bounds makes those of all unknown, whatever comes after', () => {
  for (const unknown of [undefined, stats(null, null, 3)]) {
    const { min, max, hasValues } = summary([stats('5', '9')], [unknown], [stats('1', '2')])
    assert.deepEqual([min, max, hasValues], [null, null, true])
  }
})

interface Row {
  readonly recordCount: number
  readonly min: string | null
  readonly max: string | null
  readonly containsNull: number | null
}

function readStats(db: Database, columnId: number): Row {
  const row = db.get<[number, string | null, string | null, number | null]>(
    `SELECT s.record_count, c.min_value, c.max_value, c.contains_null FROM ducklake_table_stats s
     JOIN ducklake_table_column_stats c USING (table_id) WHERE c.column_id = ?`,
    columnId,
  )
  assert.ok(row)
  const [recordCount, min, max, containsNull] = row
  return { recordCount, min, max, containsNull }
}

test('what is known of a table follows its parts', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const BTC = ref('BTC_USD')
  catalog.commit([put(BTC, [part('a.parquet', 5, 6)])])
  catalog.commit([put(BTC, [part('b.parquet', -2, 5), part('c.parquet', 7, 11)], 'append')])
  assert.deepEqual(readStats(place.database(), 1), { recordCount: 30, min: '-2', max: '11', containsNull: 0 })
  catalog.commit([put(BTC, [part('d.parquet', 8, 9)])])
  assert.deepEqual(readStats(place.database(), 1), { recordCount: 10, min: '8', max: '9', containsNull: 0 })
})

test('unknown bounds become the widest, and the count of rows says that they are not exact', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const BTC = ref('BTC_USD')
  catalog.commit([put(BTC, [{ ...part('a.parquet'), columns: [] }])])
  catalog.commit([put(BTC, [part('b.parquet', 5, 6)], 'append')])
  const { min, max } = widestBounds('int64') ?? {}
  assert.deepEqual(readStats(place.database(), 1), { recordCount: 21, min, max, containsNull: null })
  catalog.commit([put(BTC, [part('c.parquet', 5, 6)])])
  assert.deepEqual(readStats(place.database(), 1), { recordCount: 10, min: '5', max: '6', containsNull: 0 })
})

test('a NaN and a NUL make no bounds', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const known = { nullCount: 0, compressedBytes: 10 }
  const columns = [
    { name: 'x', fieldId: 1, min: null, max: null, containsNan: true, ...known },
    { name: 's', fieldId: 2, min: 'a\0b', max: 'c', containsNan: null, ...known },
    { name: 'n', fieldId: 3, min: '1', max: '2', containsNan: null, ...known },
  ]
  const schema = schemaOf({ x: FLOAT64, s: UTF8, n: INT64 })
  catalog.commit([put(ref('k'), [{ ...part('a.parquet'), columns }], 'create', schema)])
  const rows = place
    .database()
    .all('SELECT column_id, min_value, max_value, contains_nan FROM ducklake_table_column_stats ORDER BY 1')
  assert.deepEqual(rows, [
    [1, null, null, 1],
    [2, '', '\u{10ffff}\u{10ffff}', null],
    [3, '1', '2', null],
  ])
})
