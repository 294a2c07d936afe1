// Goal: a bit that changes anywhere in the file is found, or changes nothing of what the catalog answers.
// Method: a catalog that has some of everything; single bits of its file are flipped, at random places and where
// something stands, and all that it answers is compared with what it answered before.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { SternaError } from '../../../src/errors.ts'
import { Catalog } from '../../../src/store/catalog/catalog.ts'
import type { CatalogDataset, NewPart } from '../../../src/store/catalog/state.ts'
import type { PastMoment } from '../../../src/store/parts.ts'
import { hashValue, makeValueFilter } from '../../../src/store/value-filter.ts'
import { testRounds, testSeed } from '../../support/random.ts'
import { FLOAT64, INT64, type Place, UTF8, makePlace, part, plain, put, ref, schemaOf } from './fixtures.ts'

const HISTORY_MS = 3_600_000
const DAY_MS = 86_400_000
const BARS = schemaOf(
  { ts: { kind: 'timestamp', unit: 'us', timezone: null }, symbol: UTF8, price: FLOAT64 },
  { feed: 'first' },
)
const [TICK, YEAR, BAR, ROLLUP] = [ref('ticks'), ref('2024'), ref('bars'), ref('bars_1d')]
const [QUOTE, GONE] = [ref('quotes', 'desk'), ref('gone')]
const KEYS = [TICK, YEAR, BAR, ROLLUP, QUOTE, GONE]
const SYMBOLS = ['AAPL', 'MSFT', 'TSLA']
const hashes = Array.from({ length: 40 }, (_, index) => hashValue(`account ${index}`))

/** A part of bars of one day, with all that a compaction knows of it. */
function bars(day: number, isForeign = false): NewPart {
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
  const known = { nullCount: 1, containsNan: null, compressedBytes: 50 + day }
  return {
    ...part(`bars_${date.replaceAll('-', '')}.parquet`),
    isForeign,
    tier: 'cold',
    partition: { by: { column: 'ts', every: 'day' }, value: date.split('-').map(Number) },
    columns: [
      { name: 'ts', fieldId: 1, min: `${date} 00:00:00`, max: `${date} 23:59:59.5`, ...known },
      { name: 'symbol', fieldId: 2, min: 'AAPL', max: 'TSLA', values: SYMBOLS, ...known },
      { name: 'price', fieldId: 3, min: '1.25', max: '99.5', filter: makeValueFilter(hashes), ...known },
    ],
  }
}

/** Some of everything, with versions of the past. */
function fill(place: Place): void {
  const catalog = Catalog.open(place.file, place.options)
  const log = { flushed: 77, ids: JSON.stringify([['id 1', 77, 10, 1_790_000_000_000]]), name: 'older/7' }
  catalog.commit([{ ...put(TICK, [part('ticks.parquet')]), log }, put(YEAR, [part('2024.parquet', 5, 7)])])
  catalog.commit([put(TICK, [part('ticks.2.parquet', 10, 19)], 'append')], 'a second one')
  const options = {
    partition_by: { column: 'ts', every: 'day' as const },
    retention: { size: '500GB' },
    order_by: ['symbol', 'ts'],
  }
  const days = [20_000, 20_001, 20_002].map((day) => bars(day))
  catalog.commit([{ ...put(BAR, days, 'create', BARS), options }])
  catalog.commit([put(BAR, [bars(20_003, true)], 'append', BARS)])
  const definition = {
    ...{
      sql: 'SELECT time_bucket(...) FROM bars',
      source: BAR,
      before: 'SELECT x FROM',
      after: 'GROUP BY ALL',
    },
    ...{ time: 'ts', width: { months: 0, us: DAY_MS * 1000 }, order: ['ts'] as const },
  }
  catalog.commit([{ ...put(ROLLUP, [], 'create', BARS), rollup: definition }])
  catalog.commit([put(QUOTE, [part('desk/quotes.parquet')]), put(GONE, [part('gone.parquet')])])
  catalog.commit([
    { kind: 'create-view', ref: ref('best'), sql: 'SELECT max(price) AS best FROM bars', names: ['best'] },
    { kind: 'comment', on: { ref: TICK, column: null }, text: 'Every trade' },
    { kind: 'comment', on: { ref: BAR, column: 'price' }, text: 'In dollars' },
    { kind: 'comment', on: { schema: 'desk' }, text: 'Of the desk' },
    { kind: 'create-schema', schema: 'empty' },
  ])
  const remove =
    catalog
      .state()
      .get(TICK)
      ?.parts.map(({ dataFileId }) => dataFileId) ?? []
  catalog.commit([{ kind: 'rewrite', ref: TICK, remove, parts: [{ ...part('ticks.3.parquet'), rows: 20 }] }])
  catalog.commit([put(YEAR, [part('2024.2.parquet')], 'replace', schemaOf({ ts: INT64 }))])
  catalog.commit([{ kind: 'drop', ref: GONE }])
  catalog.close()
}

/** All that a catalog answers. */
async function answers(catalog: Catalog, moments: readonly PastMoment[]): Promise<unknown> {
  const state = catalog.state()
  const states = [state, ...moments.map((moment) => catalog.stateAt(moment))]
  return {
    id: catalog.id(),
    oldest: catalog.oldest(),
    paths: catalog.paths(),
    states: states.map((each) => ({
      snapshot: each.snapshotId,
      datasets: plain(each),
      objects: each.objects,
      parts: each.list().map((dataset) => catalog.newParts(dataset.parts)),
    })),
    versions: KEYS.map((key) => catalog.versions(key, 100)),
    logs: state.list().map(({ tableId }) => [catalog.logName(tableId), catalog.logIds(tableId)]),
    times: state.list().map((dataset) => catalog.partTimes(dataset, 'ts')),
    bounds: await Promise.all(
      states.flatMap((each) => each.list()).map((dataset) => bounds(catalog, dataset)),
    ),
  }
}

async function bounds(catalog: Catalog, dataset: CatalogDataset): Promise<unknown> {
  const found: unknown[] = []
  for (const column of ['ts', 'symbol', 'price']) {
    const known = await catalog.bounds.list(dataset, column)
    found.push(known)
    if (known === undefined) continue
    for (const hash of hashes) {
      found.push(await catalog.bounds.withOne(known, dataset, [...dataset.parts.keys()], [hash]))
    }
  }
  return found
}

/** Each version, and the instant of each. */
function momentsOf(place: Place): PastMoment[] {
  const rows = place
    .database()
    .all<[number, string]>('SELECT snapshot_id, snapshot_time FROM ducklake_snapshot')
  return rows.flatMap(([version, time]) => [{ version }, { timestamp: time.replace('+00', 'Z') }])
}

interface Filled extends Place {
  readonly bytes: Buffer
  /** What it answers to {@link answers}. */
  readonly expected: unknown
  readonly moments: readonly PastMoment[]
  /** Puts the file back with one bit changed. */
  flip(position: number, bit: number): void
}

async function filled(t: TestContext): Promise<Filled> {
  const place = makePlace(t, HISTORY_MS)
  fill(place)
  const moments = momentsOf(place)
  const catalog = Catalog.open(place.file, place.options)
  const expected = await answers(catalog, moments)
  assert.deepEqual(await damageOf(catalog), [])
  catalog.close()
  const bytes = readFileSync(place.file)
  return {
    ...{ ...place, bytes, expected, moments },
    flip(position, bit) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(position) ^ (1 << bit), position)
      for (const ending of ['-wal', '-shm']) rmSync(`${place.file}${ending}`, { force: true })
      writeFileSync(place.file, flipped)
    },
  }
}

async function damageOf(catalog: Catalog): Promise<readonly string[]> {
  const found = await catalog.damage(new AbortController().signal)
  return found.map(({ ref: of, place }) => `${place}: ${of?.key ?? 'no dataset'}`)
}

/** Null where it is refused. */
function openIfSound(place: Place): Catalog | null {
  try {
    return Catalog.open(place.file, place.options)
  } catch (error) {
    assert.ok(error instanceof SternaError && error.code === 'DATA_CORRUPT', String(error))
    assert.match(error.message, /"sterna repair"/)
    return null
  }
}

test(`a flipped bit is found, or changes no answer (seed ${testSeed})`, async (t) => {
  const place = await filled(t)
  const used = [...place.bytes.keys()].filter((position) => place.bytes[position] !== 0)
  const outcomes = { refused: 0, found: 0, same: 0 }
  const holds = async ([position, bit]: readonly [number, number]): Promise<void> => {
    place.flip(position, bit)
    const catalog = openIfSound(place)
    if (catalog === null) {
      outcomes.refused += 1
      return
    }
    try {
      const found = await damageOf(catalog)
      if (found.length === 0) assert.deepEqual(await answers(catalog, place.moments), place.expected)
      outcomes[found.length === 0 ? 'same' : 'found'] += 1
    } finally {
      catalog.close()
    }
  }
  const position = fc.oneof(fc.integer({ min: 0, max: place.bytes.length - 1 }), fc.constantFrom(...used))
  const flips = fc.asyncProperty(fc.tuple(position, fc.integer({ min: 0, max: 7 })), holds)
  await fc.assert(flips, { numRuns: 100 * testRounds, seed: testSeed, endOnFailure: true })
  t.diagnostic(JSON.stringify(outcomes))
  assert.ok(outcomes.refused > 0 && outcomes.same > 0, JSON.stringify(outcomes))
})

test('a bit of the header that makes the file busy for ever, or of a later format, is told as damage', async (t) => {
  const place = await filled(t)
  for (const [position, bit] of [
    [19, 1],
    [19, 2],
    [18, 2],
    [47, 1],
  ] as const) {
    place.flip(position, bit)
    assert.equal(openIfSound(place), null, `${position}.${bit}`)
  }
})

test('what a start needs is compared before it, and named with its dataset', async (t) => {
  const place = await filled(t)
  for (const [text, named] of [
    ['bars_20241004.parquet', /damaged in table ducklake_data_file, of dataset "bars"/],
    ['500GB', /damaged in table sterna_options, of dataset "bars"/],
    ['time_bucket', /damaged in table sterna_rollup, of dataset "bars_1d"/],
    ['id 1', /damaged in table sterna_log, of dataset "ticks"/],
    ['In dollars', /damaged in table ducklake_column_tag, of dataset "bars"/],
    ['a second one', /damaged in table ducklake_snapshot_changes:/],
    ['SELECT max(price)', /damaged in table ducklake_view:/],
    ['feed', /damaged in table sterna_arrow_schema, of dataset "bars"/],
  ] as const) {
    const position = place.bytes.indexOf(text)
    assert.ok(position > 0, text)
    place.flip(position, 1)
    assert.throws(() => place.open(), { code: 'DATA_CORRUPT', message: named }, text)
  }
})

test('what leaves parts out is compared by a check, and no start waits for it', async (t) => {
  const place = await filled(t)
  for (const [content, named] of [
    ['2024-10-04 23:59:59.5', 'table ducklake_file_column_stats: bars'],
    [JSON.stringify(SYMBOLS), 'table sterna_file_values: bars'],
    [makeValueFilter(hashes), 'table sterna_filter_piece: bars'],
  ] as const) {
    const position = place.bytes.indexOf(content)
    assert.ok(position > 0, named)
    place.flip(position, 1)
    const catalog = place.open()
    assert.deepEqual(await damageOf(catalog), [named])
    // The copy would be one of the damage.
    assert.throws(() => catalog.copyTo(`${place.file}.copy`), {
      code: 'DATA_CORRUPT',
      message: /damaged in table/,
    })
  }
})

test('a list of values that is none any more is told as damage', async (t) => {
  const place = await filled(t)
  const list = JSON.stringify(SYMBOLS)
  const places = [place.bytes.indexOf(list), place.bytes.lastIndexOf(list)]
  let told = 0
  for (const position of places) {
    // Of a bracket.
    place.flip(position, 1)
    const catalog = place.open()
    try {
      await answers(catalog, [])
    } catch (error) {
      assert.ok(error instanceof SternaError && error.code === 'DATA_CORRUPT', String(error))
      told += 1
    }
  }
  // One of the two is the one that is read.
  assert.equal(told, 1)
})

test('a catalog of an earlier version, or of others, gets what it is compared with', async (t) => {
  const place = await filled(t)
  const db = place.database()
  const names = `SELECT name FROM sqlite_master WHERE type = 'index' AND name GLOB 'sterna_copy_of_*' ORDER BY 1`
  const copies = db.all<[string]>(names)
  assert.ok(copies.length > 30)
  for (const [name] of copies) db.exec(`DROP INDEX ${name}`)
  db.exec('UPDATE sterna_filter_piece SET bits = substr(bits, 1, length(bits) - 4)')
  db.exec('CREATE INDEX sterna_table_by_id ON ducklake_table(table_id)')
  const catalog = place.open()
  assert.deepEqual(await answers(catalog, place.moments), place.expected)
  assert.deepEqual(await damageOf(catalog), [])
  assert.deepEqual(db.all(names), copies)
  assert.equal(db.get(`SELECT 1 FROM sqlite_master WHERE name = 'sterna_table_by_id'`), undefined)
})
