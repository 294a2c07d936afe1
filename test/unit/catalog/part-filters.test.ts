/**
 * Filters of parts as the catalog keeps them, in pieces: a look-up reads one block, wherever it lies, and says what the
 * whole filter says. Bounds and filters stay right for those who hold an older snapshot.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Catalog } from '../../../src/store/catalog/catalog.ts'
import { partsWithValue, readFilters, writeFilter } from '../../../src/store/catalog/part-filters.ts'
import type { CatalogDataset, NewPart } from '../../../src/store/catalog/state.ts'
import type { PartFilter } from '../../../src/store/part-filter.ts'
import { partsThatCan } from '../../../src/store/part-pruning.ts'
import { BLOCK_BYTES, hashValue, makeValueFilter } from '../../../src/store/value-filter.ts'
import { makePlace, part, put, ref } from './fixtures.ts'

/** The column `symbol` of parts of the fixtures. */
const SYMBOL = 2

function withFilter(name: string, values: readonly string[]): NewPart {
  const { columns, ...whole } = part(name)
  const filter = makeValueFilter(values.map(hashValue))
  return {
    ...whole,
    columns: columns.map((column) => (column.fieldId === SYMBOL ? { ...column, filter } : column)),
  }
}

/** As many values as fill some pieces. */
function valuesOf(name: string): string[] {
  return Array.from({ length: 10_000 }, (_, index) => `${name} ${index}`)
}

function isValue(value: string): PartFilter {
  return { column: 'symbol', values: [{ kind: 'text', value }] }
}

async function opened(catalog: Catalog, dataset: CatalogDataset, filter: PartFilter): Promise<string[]> {
  return (await partsThatCan(catalog.bounds, dataset, [filter])).map(({ path }) => path)
}

function find(catalog: Catalog): CatalogDataset {
  const dataset = catalog.state().get(ref('n'))
  assert.ok(dataset)
  return dataset
}

test('a block that is looked up is the block of the whole filter, in filters of any size', (t) => {
  const place = makePlace(t)
  place.open()
  const db = place.database()
  for (const blocks of [1, 2, 124, 125, 126, 250, 251, 2048]) {
    const filter = randomBytes(blocks * BLOCK_BYTES)
    writeFilter(db, blocks, SYMBOL, filter)
    assert.deepEqual(readFilters(db, blocks), new Map([[SYMBOL, filter]]))
    let found = 0
    for (let index = 0; index < 300; index += 1) {
      const hash = hashValue(`value ${index}`)
      const start = Number((BigInt(hash.place) * BigInt(blocks)) >> 32n) * BLOCK_BYTES
      const own = Buffer.from(makeValueFilter([hash]))
      const has = own.every((byte, at) => ((filter[start + at] ?? 0) & byte) === byte)
      const [seems] = partsWithValue(db, SYMBOL, [{ dataFileId: blocks, blocks }], hash)
      assert.equal(seems, has ? blocks : undefined)
      found += Number(has)
    }
    assert.ok(found < 30, `${found}`)
    const value = hashValue('there')
    const start = Number((BigInt(value.place) * BigInt(blocks)) >> 32n) * BLOCK_BYTES
    makeValueFilter([value]).forEach((byte, at) => (filter[start + at] = (filter[start + at] ?? 0) | byte))
    writeFilter(db, 10_000 + blocks, SYMBOL, filter)
    assert.deepEqual(partsWithValue(db, SYMBOL, [{ dataFileId: 10_000 + blocks, blocks }], value), [
      10_000 + blocks,
    ])
  }
})

test('filters that an older version stored as a whole are cut when the catalog is opened', async (t) => {
  const place = makePlace(t)
  const before = place.open()
  before.commit([put(ref('n'), [withFilter('a.parquet', valuesOf('A')), withFilter('b.parquet', ['B'])])])
  const known = find(before).parts
  const stored = before.newParts(known)
  before.close()
  const db = place.database()
  db.exec(`CREATE TABLE sterna_file_filter(
    data_file_id INTEGER, column_id INTEGER, bits BLOB, PRIMARY KEY (data_file_id, column_id))`)
  for (const { dataFileId } of known) {
    for (const [columnId, bits] of readFilters(db, dataFileId)) {
      db.insert('sterna_file_filter', { data_file_id: dataFileId, column_id: columnId, bits })
    }
  }
  db.exec('DELETE FROM sterna_filter_piece')
  const after = place.open()
  assert.deepEqual(after.newParts(find(after).parts), stored)
  assert.deepEqual(await opened(after, find(after), isValue('A 9999')), ['a.parquet'])
  assert.deepEqual(await opened(after, find(after), isValue('B')), ['b.parquet'])
  assert.deepEqual(db.all(`SELECT name FROM sqlite_master WHERE name = 'sterna_file_filter'`), [])
})

test('who holds an older snapshot gets every part that can have a value, also after the catalog has forgotten them', async (t) => {
  const catalog = makePlace(t).open()
  const names = Array.from({ length: 600 }, (_, index) => `old-${index}.parquet`)
  catalog.commit([
    put(
      ref('n'),
      names.map((name) => withFilter(name, [name.toUpperCase()])),
    ),
  ])
  const old = find(catalog)
  assert.deepEqual(await opened(catalog, old, isValue('OLD-7.PARQUET')), ['old-7.parquet'])
  catalog.commit([
    put(ref('n'), [withFilter('new.parquet', ['NEW']), withFilter('other.parquet', ['OTHER'])]),
  ])
  const now = find(catalog)
  assert.deepEqual(await opened(catalog, now, isValue('NEW')), ['new.parquet'])
  assert.ok((await opened(catalog, old, isValue('OLD-7.PARQUET'))).includes('old-7.parquet'))
  assert.ok(
    (await opened(catalog, { ...old, parts: [...old.parts] }, isValue('OLD-7.PARQUET'))).includes(
      'old-7.parquet',
    ),
  )
  assert.deepEqual(await opened(catalog, now, isValue('NEW')), ['new.parquet'])
  assert.deepEqual(await opened(catalog, { ...now, parts: [...now.parts] }, isValue('OTHER')), [
    'other.parquet',
  ])
})
