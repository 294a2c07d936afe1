// Goal: several processes can change one catalog; none loses what another committed, and each sees it at once.
// Method: several connections to one file, which SQLite treats as it treats those of several processes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INT64, makePlace, part, paths, plain, put, ref, schemaOf } from './fixtures.ts'

const BTC = ref('BTC_USD')
const ETH = ref('ETH_USD')

test('what another process commits is seen at once', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  theirs.commit([put(BTC, [part('a.parquet')])])
  assert.deepEqual(plain(ours.state()), plain(theirs.state()))
})

test('the state is the same object until somebody commits', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  const state = ours.state()
  assert.equal(ours.state(), state)
  theirs.commit([put(BTC, [part('a.parquet')])])
  assert.notEqual(ours.state(), state)
  assert.equal(ours.state(), ours.state())
})

test('datasets that another process left alone stay the same objects', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  const before = ours.commit([put(BTC, [part('a.parquet')]), put(ETH, [part('b.parquet')])]).state
  theirs.state()
  theirs.commit([put(ETH, [part('c.parquet')])])
  assert.equal(ours.state().get(BTC), before.get(BTC))
  assert.notEqual(ours.state().get(ETH), before.get(ETH))
})

test('a replace or drop of what another process has changed meanwhile is a conflict; once seen, it is not', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  ours.commit([put(BTC, [part('a.parquet')])])
  for (const change of [put(BTC, [part('c.parquet')]), { kind: 'drop' as const, ref: BTC }]) {
    theirs.state()
    theirs.commit([put(BTC, [part(`${change.kind}.parquet`)])])
    assert.throws(() => ours.commit([change]), { code: 'COMMIT_CONFLICT' })
    ours.commit([change])
  }
  assert.deepEqual(plain(theirs.state()), plain(ours.state()))
})

test('commits to other datasets do not conflict', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  ours.commit([put(BTC, [part('a.parquet')])])
  theirs.commit([put(ETH, [part('b.parquet')])])
  ours.commit([put(BTC, [part('c.parquet')])])
  assert.deepEqual(paths(ours.state(), ETH), ['b.parquet'])
  assert.deepEqual(plain(theirs.state()), plain(ours.state()))
})

test('appends of two processes both stay', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  ours.commit([put(BTC, [part('a.parquet')])])
  theirs.commit([put(BTC, [part('b.parquet')], 'append')])
  ours.commit([put(BTC, [part('c.parquet')], 'append')])
  assert.deepEqual(paths(theirs.state(), BTC), ['a.parquet', 'b.parquet', 'c.parquet'])
})

test('an append to what another process has given other columns is refused', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  ours.commit([put(BTC, [part('a.parquet')])])
  theirs.state()
  theirs.commit([put(BTC, [part('b.parquet')], 'replace', schemaOf({ n: INT64 }))])
  assert.throws(() => ours.commit([put(BTC, [part('c.parquet')], 'append')]), { code: 'SCHEMA_MISMATCH' })
})

test('of two processes that create one key, one succeeds', (t) => {
  const place = makePlace(t)
  const [ours, theirs] = [place.open(), place.open()]
  theirs.commit([put(BTC, [part('a.parquet')], 'create')])
  assert.throws(() => ours.commit([put(BTC, [part('b.parquet')], 'create')]), { code: 'DATASET_EXISTS' })
})

test('a file whose parts were taken by several processes names each once', (t) => {
  const place = makePlace(t)
  const catalogs = [place.open(), place.open(), place.open()]
  for (let index = 0; index < 30; index++) {
    catalogs[index % 3]?.commit([put(ref(`k${index}`), [part(`${index}.parquet`)])])
  }
  const states = catalogs.map((catalog) => plain(catalog.state()))
  assert.deepEqual(states[0], states[1])
  assert.deepEqual(states[1], states[2])
  const ids = catalogs[0]
    ?.state()
    .list()
    .flatMap(({ tableId, parts }) => [tableId, ...parts.map((p) => -p.dataFileId)])
  assert.equal(new Set(ids).size, ids?.length)
})

test('a catalog that is locked for too long is busy, and works when it is free', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const other = place.database()
  other.exec('BEGIN IMMEDIATE')
  assert.throws(() => catalog.commit([put(BTC, [part('a.parquet')])]), { code: 'SERVER_BUSY' })
  other.exec('ROLLBACK')
  catalog.commit([put(BTC, [part('a.parquet')])])
})

test('a version never repeats, even where nothing in the file tells of a change', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const before = catalog.commit([put(BTC, [part('a.parquet'), part('b.parquet')])]).state.get(BTC)
  const other = place.database()
  // As an engine does that deletes a whole part and expires the snapshots before.
  other.exec(`INSERT INTO ducklake_snapshot SELECT 2, snapshot_time, schema_version, next_catalog_id, next_file_id
    FROM ducklake_snapshot WHERE snapshot_id = 1; DELETE FROM ducklake_data_file WHERE path = 'b.parquet'`)
  assert.deepEqual(paths(catalog.state(), BTC), ['a.parquet'])
  const after = catalog.state().get(BTC)
  assert.ok(after && before && after.version > before.version)
})
