// Goal: each kept snapshot can be read as it was, schema and parts and all, whatever was done since.
// Method: a state of the past has to equal the one that a commit gave then; instants are put back instead of waited for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SternaError } from '../../../src/errors.ts'
import type { CatalogState } from '../../../src/store/catalog/state.ts'
import { INT64, UTF8, makePlace, part, paths, put, ref, schemaOf } from './fixtures.ts'

const BTC = ref('BTC_USD')
const NOTED = schemaOf({ ts: INT64, symbol: UTF8 }, { source: 'second feed' })

/** What a state says of its datasets, without what it says of logs and versions. */
function content(state: CatalogState): unknown {
  return state.list().map(({ ref: name, schema, parts, rows, blocked }) => ({
    name,
    schema,
    rows,
    blocked,
    parts: parts.map(({ path, dataFileId }) => [path, dataFileId]),
  }))
}

function refused(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof SternaError && error.code === code && message.test(error.message)
}

test('every kept snapshot is read as it was', (t) => {
  const place = makePlace(t, 60_000)
  const catalog = place.open()
  const states = [
    catalog.state(),
    catalog.commit([put(BTC, [part('a.parquet')])]).state,
    catalog.commit([put(BTC, [part('b.parquet')], 'append'), put(ref('x'), [part('x.parquet')])]).state,
    catalog.commit([put(BTC, [part('c.parquet')], 'replace', NOTED)]).state,
    catalog.commit([put(BTC, [part('d.parquet')], 'replace', schemaOf({ n: INT64 }))]).state,
    catalog.commit([{ kind: 'drop', ref: ref('x') }]).state,
    catalog.commit([put(ref('x'), [], 'create')]).state,
    catalog.commit([{ kind: 'drop', ref: BTC }]).state,
  ]
  const again = place.open()
  for (const state of states) {
    for (const reader of [catalog, again]) {
      const past = reader.stateAt({ version: state.snapshotId })
      assert.equal(past.snapshotId, state.snapshotId)
      assert.deepEqual(content(past), content(state))
    }
  }
})

test('what did not change since is the very object that is current', (t) => {
  const catalog = makePlace(t, 60_000).open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  const { state } = catalog.commit([put(ref('x'), [part('x.parquet')])])
  assert.equal(catalog.stateAt({ version: 1 }).get(BTC), state.get(BTC))
})

test('an instant means the last snapshot that there was', (t) => {
  const place = makePlace(t, 3650 * 86_400_000)
  const catalog = place.open()
  for (const name of ['a', 'b', 'c']) catalog.commit([put(BTC, [part(`${name}.parquet`)])])
  place.database().exec(`
    UPDATE ducklake_snapshot SET snapshot_time = '2026-02-01 00:00:00+00' WHERE snapshot_id = 0;
    UPDATE ducklake_snapshot SET snapshot_time = '2026-02-03 10:00:00.5+00' WHERE snapshot_id = 1;
    UPDATE ducklake_snapshot SET snapshot_time = '2026-02-03 13:00:00+02' WHERE snapshot_id = 2`)
  for (const [timestamp, path] of [
    ['2026-02-03 10:00:00.5', 'a.parquet'],
    ['2026-02-03T10:59:59.999999Z', 'a.parquet'],
    ['2026-02-03T12:00:00+01:00', 'b.parquet'],
    ['2026-02-04', 'b.parquet'],
    ['2100-01-01', 'c.parquet'],
  ] as const) {
    assert.deepEqual(paths(catalog.stateAt({ timestamp }), BTC), [path], timestamp)
  }
  assert.throws(
    () => catalog.stateAt({ timestamp: '2026-01-31' }),
    refused('VERSION_NOT_FOUND', /oldest version that is kept is 0, of 2026-02-01 00:00:00/),
  )
  for (const timestamp of ['yesterday', '2026-02-30', '2026-13-01', '', '1']) {
    assert.throws(() => catalog.stateAt({ timestamp }), refused('REQUEST_INVALID', /no timestamp/))
  }
})

test('a version that is not kept, or not there yet, is refused with the one that is', (t) => {
  const catalog = makePlace(t).open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  catalog.commit([put(BTC, [part('b.parquet')])])
  assert.throws(
    () => catalog.stateAt({ version: 1 }),
    refused('VERSION_NOT_FOUND', /Version 1 is not kept any more; the oldest version that is kept is 2/),
  )
  assert.throws(() => catalog.stateAt({ version: 3 }), refused('VERSION_NOT_FOUND', /the latest is 2/))
  assert.deepEqual(paths(catalog.stateAt({ version: 2 }), BTC), ['b.parquet'])
})
