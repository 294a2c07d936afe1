// Goal: the catalog forgets what only past snapshots could see, and nothing else; while history is kept, it keeps it.
// Method: count the rows of every table of the file; put the instants of snapshots back instead of waiting.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../../src/store/catalog/database.ts'
import { INT64, type Place, makePlace, part, put, ref, schemaOf } from './fixtures.ts'

const BTC = ref('BTC_USD')

/** Rows by table, without tables that are empty. */
function counts(db: Database): Record<string, number> {
  const tables = db.all<[string]>(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
  const rows = tables.map(
    ([name]) => [name, db.get<[number]>(`SELECT count(*) FROM ${name}`)?.[0] ?? 0] as const,
  )
  return Object.fromEntries(rows.filter(([, count]) => count > 0))
}

function snapshots(place: Place): number[] {
  return place
    .database()
    .all<[number]>('SELECT snapshot_id FROM ducklake_snapshot ORDER BY 1')
    .map(([id]) => id)
}

test('without history there is one snapshot, and no row of what is gone', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  const once = counts(place.database())
  catalog.commit([put(BTC, [part('b.parquet')])])
  catalog.commit([put(BTC, [part('c.parquet')], 'replace', schemaOf({ other: INT64, n: INT64 }))])
  catalog.commit([put(ref('x'), [part('x.parquet')]), put(BTC, [part('d.parquet')])])
  catalog.commit([{ kind: 'drop', ref: ref('x') }])
  assert.deepEqual(counts(place.database()), {
    ...once,
    ducklake_snapshot_changes: 6,
    sterna_arrow_schema: 2,
  })
})

test('schemas that no dataset has are gone when the catalog is opened again', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')], 'replace', schemaOf({ n: INT64 }))])
  catalog.commit([put(BTC, [part('b.parquet')])])
  catalog.close()
  place.open()
  assert.equal(counts(place.database())['sterna_arrow_schema'], 1)
})

test('what snapshots changed is known longer than they are, for engines that started before', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  catalog.commit([put(BTC, [part('b.parquet')], 'append')], 'nightly load')
  catalog.commit([put(BTC, [part('c.parquet')])])
  catalog.commit([put(BTC, [part('d.parquet')], 'replace', schemaOf({ n: INT64 }))])
  catalog.commit([put(ref('a"b', 'desk'), [part('desk/x.parquet')])])
  catalog.commit([{ kind: 'drop', ref: BTC }])
  assert.deepEqual(snapshots(place), [6])
  const rows = place
    .database()
    .all<[string, string | null]>(
      'SELECT changes_made, commit_message FROM ducklake_snapshot_changes ORDER BY snapshot_id',
    )
  assert.deepEqual(rows, [
    ['created_schema:"main"', null],
    ['created_table:"main"."BTC_USD",inserted_into_table:1', null],
    ['inserted_into_table:1', 'nightly load'],
    ['deleted_from_table:1,inserted_into_table:1', null],
    ['dropped_table:1,created_table:"main"."BTC_USD",inserted_into_table:2', null],
    ['created_schema:"desk",created_table:"desk"."a""b",inserted_into_table:4', null],
    ['dropped_table:2', null],
  ])
})

test('the list of changes does not grow for ever', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  for (let index = 0; index < 1010; index++) catalog.commit([put(BTC, [])])
  assert.equal(counts(place.database())['ducklake_snapshot_changes'], 1001)
})

test('while history is kept, files stay named and are not handed over', (t) => {
  const place = makePlace(t, 60_000)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  const { retired } = catalog.commit([put(BTC, [part('b.parquet')])])
  assert.deepEqual(retired, [])
  assert.deepEqual(catalog.paths(), new Set(['a.parquet', 'b.parquet']))
  assert.deepEqual(snapshots(place), [0, 1, 2])
})

/** Puts three snapshots back by years, the last one by an engine in another zone: at the same hour, by its clock. */
const LONG_AGO = `
  UPDATE ducklake_snapshot SET snapshot_time = '2020-01-01 00:00:00+00' WHERE snapshot_id = 0;
  UPDATE ducklake_snapshot SET snapshot_time = '2020-01-01 00:00:00.5+00' WHERE snapshot_id = 1;
  UPDATE ducklake_snapshot SET snapshot_time = '2020-01-01 01:00:00.6+01' WHERE snapshot_id = 2`

test('the next commit forgets snapshots that no instant of the history means', (t) => {
  const place = makePlace(t, 60_000)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  catalog.commit([put(BTC, [part('b.parquet')])])
  place.database().exec(LONG_AGO)
  catalog.state()
  // The second put was the current one until now: a mistake of today can be taken back.
  const { retired } = catalog.commit([put(BTC, [part('c.parquet')])])
  assert.deepEqual(retired, ['a.parquet'])
  assert.deepEqual(snapshots(place), [2, 3])
})

test('snapshots that become too old are forgotten without a commit as well', (t) => {
  const place = makePlace(t, 60_000)
  const catalog = place.open()
  for (const name of ['a', 'b', 'c']) catalog.commit([put(BTC, [part(`${name}.parquet`)])])
  assert.deepEqual(catalog.expire(), { oldest: 0, retired: [] })
  place.database().exec(LONG_AGO)
  assert.deepEqual(catalog.expire(), { oldest: 2, retired: ['a.parquet'] })
  assert.deepEqual(snapshots(place), [2, 3])
  assert.deepEqual(catalog.expire(), { oldest: 2, retired: [] })
  catalog.close()
  place.options.historyMs = 0
  const without = place.open()
  assert.deepEqual(without.expire(), { oldest: 3, retired: ['b.parquet'] })
  assert.deepEqual(snapshots(place), [3])
})

test('the statistics of a table cover every part that a kept snapshot names', (t) => {
  const stats = `SELECT s.record_count, c.min_value, c.max_value FROM ducklake_table_stats s
    JOIN ducklake_table_column_stats c USING (table_id) WHERE c.column_id = 1`
  for (const [historyMs, expected] of [
    [0, [10, '5', '6']],
    [60_000, [20, '-1', '6']],
  ] as const) {
    const place = makePlace(t, historyMs)
    const catalog = place.open()
    catalog.commit([put(BTC, [part('a.parquet', -1, 3)])])
    catalog.commit([put(BTC, [part('b.parquet', 5, 6)])])
    assert.deepEqual(place.database().get(stats), expected)
  }
})
