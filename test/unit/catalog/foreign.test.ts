// Goal: a file that is no catalog of ours is refused with words that help, and is left as it is.
// Method: files that are damaged in one way each; what is allowed is tried as well.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { SternaError } from '../../../src/errors.ts'
import { Catalog } from '../../../src/store/catalog/catalog.ts'
import { testRounds, testSeed } from '../../support/random.ts'
import { type Place, makePlace, part, plain, put, ref } from './fixtures.ts'

function assertRefused(place: Place, message: RegExp): void {
  assert.throws(() => Catalog.open(place.file, place.options), { code: 'DATA_CORRUPT', message })
}

/** A catalog of some size, closed. */
function fill(place: Place): void {
  const catalog = Catalog.open(place.file, place.options)
  catalog.commit(Array.from({ length: 100 }, (_, index) => put(ref(`k${index}`), [part(`${index}.parquet`)])))
  catalog.close()
}

test('a file that is not SQLite is refused and kept', (t) => {
  const place = makePlace(t)
  const text = 'ts,price\n1,2\n'.repeat(500)
  writeFileSync(place.file, text)
  assertRefused(place, /not a SQLite database.*sterna repair/)
  assert.equal(readFileSync(place.file, 'utf8'), text)
})

test('a file that was cut short is refused', (t) => {
  const place = makePlace(t)
  fill(place)
  truncateSync(place.file, 40_960)
  assertRefused(place, /damaged.*sterna repair/)
})

test('a damaged page anywhere is found on opening', (t) => {
  const place = makePlace(t)
  fill(place)
  const whole = readFileSync(place.file)
  for (const page of [1, 5, Math.floor(whole.length / 4096) - 1]) {
    writeFileSync(place.file, Buffer.from(whole).fill(0xa5, page * 4096, (page + 1) * 4096))
    assertRefused(place, /damaged.*sterna repair/)
  }
  writeFileSync(place.file, whole)
  assert.equal(place.open().state().list().length, 100)
})

test(`wherever bits of the file change, opening gives datasets or says that it is damaged (seed ${testSeed})`, (t) => {
  const place = makePlace(t)
  fill(place)
  const whole = readFileSync(place.file)
  const outcomes = new Set<string>()
  const holds = (changes: readonly (readonly [position: number, bit: number])[]): void => {
    const changed = Buffer.from(whole)
    for (const [position, bit] of changes)
      changed.writeUInt8(changed.readUInt8(position) ^ (1 << bit), position)
    for (const ending of ['-wal', '-shm']) rmSync(`${place.file}${ending}`, { force: true })
    writeFileSync(place.file, changed)
    try {
      const catalog = Catalog.open(place.file, place.options)
      catalog.close()
      outcomes.add('opened')
    } catch (error) {
      assert.ok(error instanceof SternaError, String(error))
      // A header that says that it is of a newer SQLite makes it one that cannot be written.
      assert.ok(['DATA_CORRUPT', 'DISK_FAILED'].includes(error.code), error.message)
      outcomes.add(error.code)
    }
  }
  const bits = fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 7 }))
  const run = fc.property(fc.array(bits, { minLength: 1, maxLength: 8 }), holds)
  fc.assert(run, { numRuns: 200 * testRounds, seed: testSeed })
  assert.ok(outcomes.has('opened') && outcomes.has('DATA_CORRUPT'))
})

test('a text that is not UTF-8 is found on opening', (t) => {
  const place = makePlace(t)
  fill(place)
  const whole = readFileSync(place.file)
  const position = whole.indexOf('99.parquet')
  assert.ok(position > 0)
  writeFileSync(place.file, Buffer.from(whole).fill(0xff, position, position + 1))
  assertRefused(place, /damaged.*sterna repair/)
})

test('a SQLite database of something else is refused and kept', (t) => {
  const place = makePlace(t)
  const db = place.database()
  db.exec('CREATE TABLE bookmarks(url TEXT)')
  assertRefused(place, /not an unencrypted DuckLake 1\.0, it has no table ducklake_metadata/)
  assert.deepEqual(db.all('SELECT name FROM sqlite_master'), [['bookmarks']])
})

const changes: readonly (readonly [what: string, sql: string, message: RegExp])[] = [
  [
    'another version',
    `UPDATE ducklake_metadata SET "value" = '0.3' WHERE "key" = 'version'`,
    /its version is 0\.3/,
  ],
  ['no version', `DELETE FROM ducklake_metadata WHERE "key" = 'version'`, /its version is not given/],
  [
    'encrypted parts',
    `UPDATE ducklake_metadata SET "value" = 'true' WHERE "key" = 'encrypted'`,
    /parts are encrypted/,
  ],
  ['a table less', 'DROP TABLE ducklake_view', /table ducklake_view has no column view_id/],
  [
    'a column less',
    'DROP INDEX sterna_copy_of_ducklake_data_file; ALTER TABLE ducklake_data_file DROP COLUMN mapping_id',
    /ducklake_data_file has no column mapping_id/,
  ],
  ['no snapshot', 'DELETE FROM ducklake_snapshot', /no snapshot/],
  ['no schema', 'DELETE FROM ducklake_schema', /no schema for dataset/],
  ['a lost Arrow schema', 'UPDATE sterna_table SET arrow_schema_id = 77', /no Arrow schema 77/],
  [
    'a damaged Arrow schema',
    `UPDATE sterna_arrow_schema SET header = x'0102'`,
    /damaged in table sterna_arrow_schema, of dataset "k0".*sterna repair/,
  ],
]

for (const [what, sql, message] of changes) {
  test(`a catalog with ${what} is refused`, (t) => {
    const place = makePlace(t)
    fill(place)
    const db = place.database()
    db.exec(sql)
    assertRefused(place, message)
  })
}

test('a place where no file can be is a failing disk', (t) => {
  const place = makePlace(t)
  const open = (file: string): Catalog => Catalog.open(file, place.options)
  assert.throws(() => open(path.join(place.file, 'below', 'catalog.sqlite')), { code: 'DISK_FAILED' })
  mkdirSync(place.file)
  assert.throws(() => open(place.file), { code: 'DISK_FAILED' })
})

test('a catalog that moved with its parts says where they are now', (t) => {
  const place = makePlace(t)
  fill(place)
  const before = plain(place.open().state())
  const moved = Catalog.open(place.file, { ...place.options, dataPath: '/elsewhere/cold/' })
  t.after(() => moved.close())
  assert.deepEqual(plain(moved.state()), before)
  const stored = place.database().all(`SELECT "value" FROM ducklake_metadata WHERE "key" = 'data_path'`)
  assert.deepEqual(stored, [['/elsewhere/cold/']])
})

test('tables whose columns stand in another order are written by name', (t) => {
  const place = makePlace(t)
  fill(place)
  place.database().exec(`
    ALTER TABLE ducklake_snapshot RENAME TO old;
    CREATE TABLE ducklake_snapshot(next_file_id BIGINT, next_catalog_id BIGINT, schema_version BIGINT,
      snapshot_time VARCHAR, snapshot_id BIGINT PRIMARY KEY);
    INSERT INTO ducklake_snapshot SELECT next_file_id, next_catalog_id, schema_version, snapshot_time, snapshot_id FROM old;
    DROP TABLE old`)
  const { state } = place.open().commit([put(ref('later'), [part('later.parquet')])])
  assert.deepEqual(plain(place.open().state()), plain(state))
})
