// Goal: a lost catalog is made again from what the parts tell, whole or not at all, and the old one is kept.
// Method: rebuild over a catalog, over a damaged file and over nothing.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { encodeSchema } from '../../../flight/ipc/schema.ts'
import { Catalog } from '../../../src/store/catalog/catalog.ts'
import { type FoundDataset, rebuildCatalog } from '../../../src/store/catalog/rebuild.ts'
import { TICKS, makePlace, part, paths, put, ref } from './fixtures.ts'

function found(key: string, ...names: string[]): FoundDataset {
  const parts = names.map((name) => ({ ...part(name), columns: [] }))
  return { ref: ref(key), schemaHeader: encodeSchema(TICKS), schema: TICKS, parts }
}

test('a catalog is made where there is none', (t) => {
  const place = makePlace(t)
  const result = rebuildCatalog(place.file, place.options, [
    found('a', 'a.parquet', 'a.1.parquet'),
    found('b', 'b.parquet'),
  ])
  assert.deepEqual(result, { datasets: 2, skipped: [] })
  const state = place.open().state()
  assert.deepEqual(paths(state, ref('a')), ['a.parquet', 'a.1.parquet'])
  assert.deepEqual(state.get(ref('a'))?.schema, TICKS)
})

test('the old file is kept beside the new one', (t) => {
  const place = makePlace(t)
  const before = Catalog.open(place.file, place.options)
  before.commit([put(ref('old'), [part('old.parquet')])])
  before.close()
  rebuildCatalog(place.file, place.options, [found('new', 'new.parquet')])
  assert.deepEqual(
    place
      .open()
      .state()
      .list()
      .map((dataset) => dataset.ref.key),
    ['new'],
  )
  const old = Catalog.open(`${place.file}.old`, place.options)
  t.after(() => old.close())
  assert.deepEqual(
    old
      .state()
      .list()
      .map((dataset) => dataset.ref.key),
    ['old'],
  )
})

test('a damaged file and what is left of an earlier try are no obstacle', (t) => {
  const place = makePlace(t)
  for (const suffix of ['', '-wal', '.old', '.new', '.new-journal'])
    writeFileSync(place.file + suffix, 'x'.repeat(5000))
  rebuildCatalog(place.file, place.options, [found('a', 'a.parquet')])
  assert.equal(place.open().state().list().length, 1)
  assert.equal(readFileSync(`${place.file}.old`, 'utf8').length, 5000)
  assert.ok(existsSync(`${place.file}.old-wal`))
  assert.ok(!readdirSync(path.dirname(place.file)).some((name) => name.includes('.new')))
})

test('a dataset that cannot stand in a catalog is skipped, and keeps no other out', (t) => {
  const place = makePlace(t)
  const many = Array.from({ length: 700 }, (_, index) => found(`k${index}`, `${index}.parquet`))
  const result = rebuildCatalog(place.file, place.options, [
    ...many,
    found('K5', 'K5.parquet'),
    found('last', 'last.parquet'),
  ])
  assert.equal(result.datasets, 701)
  assert.deepEqual(
    result.skipped.map(({ ref: { key }, error }) => [key, error.code]),
    [['K5', 'KEY_INVALID']],
  )
  assert.equal(place.open().state().list().length, 701)
})
