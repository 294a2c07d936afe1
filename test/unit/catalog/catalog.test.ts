// Goal: a commit changes what the catalog says of datasets, all of it or nothing, and what it says outlives the process.
// Method: commits to real SQLite files in temporary folders; what is in memory is compared with what a second
// connection reads from the file.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSchema } from '../../../flight/ipc/schema.ts'
import {
  FLOAT64,
  INT64,
  TICKS,
  UTF8,
  field,
  makePlace,
  part,
  paths,
  plain,
  put,
  ref,
  schemaOf,
} from './fixtures.ts'

const BTC = ref('BTC_USD')
const ETH = ref('ETH_USD')

test('a new catalog is empty', (t) => {
  const catalog = makePlace(t).open()
  assert.deepEqual(catalog.state().list(), [])
  assert.equal(catalog.state().snapshotId, 0)
})

test('what was committed is read back by who opens the file later', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const before = BigInt(Date.now()) * 1_000_000n
  const { state } = catalog.commit([put(BTC, [part('BTC_USD.parquet'), part('BTC_USD.1.parquet')])])
  assert.deepEqual(plain(place.open().state()), plain(state))
  const dataset = state.get(BTC)
  assert.ok(dataset)
  assert.equal(dataset.rows, 20)
  assert.equal(dataset.fileBytes, 2000)
  assert.equal(dataset.arrowBytes, 10_000)
  assert.equal(dataset.version, 1)
  assert.equal(dataset.blocked, null)
  assert.deepEqual(
    dataset.parts.map(({ tier, version }) => [tier, version]),
    [
      ['warm', 1],
      ['warm', 1],
    ],
  )
  assert.ok(dataset.createdNs >= before && dataset.createdNs === dataset.updatedNs)
})

test('the schema message comes back byte for byte', (t) => {
  const place = makePlace(t)
  const schema = {
    fields: [
      {
        ...field('ts', { kind: 'timestamp', unit: 'ns', timezone: 'Europe/Vienna' }),
        metadata: new Map([['unit', 'ns']]),
      },
    ],
    metadata: new Map([['pandas', '{"index": []}']]),
  }
  const schemaHeader = encodeSchema(schema)
  place.open().commit([{ ...put(BTC, [part('a.parquet')], 'create', schema), schemaHeader }])
  const found = place.open().state().get(BTC)
  assert.deepEqual(Buffer.from(found?.schemaHeader ?? []), Buffer.from(schemaHeader))
  assert.deepEqual(found?.schema, schema)
})

test('a replace by the same columns keeps the table, and names the files that can go', (t) => {
  const catalog = makePlace(t).open()
  const first = catalog.commit([put(BTC, [part('a.parquet'), part('b.parquet')])]).state.get(BTC)
  const { state, retired } = catalog.commit([put(BTC, [part('c.parquet')])])
  const second = state.get(BTC)
  assert.deepEqual(paths(state, BTC), ['c.parquet'])
  assert.deepEqual([...retired].sort(), ['a.parquet', 'b.parquet'])
  assert.equal(second?.tableId, first?.tableId)
  assert.equal(second?.createdNs, first?.createdNs)
  assert.equal(second?.version, 2)
})

test('a replace by other columns makes another table under the same key', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const first = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  const other = schemaOf({ price: FLOAT64 })
  const { state, retired } = catalog.commit([put(BTC, [part('b.parquet')], 'replace', other)])
  const second = state.get(BTC)
  assert.notEqual(second?.tableId, first?.tableId)
  assert.equal(second?.createdNs, first?.createdNs)
  assert.deepEqual(second?.schema, other)
  assert.deepEqual(retired, ['a.parquet'])
  assert.deepEqual(plain(place.open().state()), plain(state))
})

test('a replace by a schema that is stored alike keeps the table and takes the new schema', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const first = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  const other = schemaOf(
    { ts: { kind: 'duration', unit: 'ns' }, symbol: { kind: 'largeUtf8' } },
    { from: 'elsewhere' },
  )
  const second = catalog.commit([put(BTC, [part('b.parquet')], 'replace', other)]).state.get(BTC)
  assert.equal(second?.tableId, first?.tableId)
  assert.deepEqual(place.open().state().get(BTC)?.schema, other)
})

test('create refuses a key that exists', (t) => {
  const catalog = makePlace(t).open()
  catalog.commit([put(BTC, [part('a.parquet')], 'create')])
  assert.throws(() => catalog.commit([put(BTC, [part('b.parquet')], 'create')]), { code: 'DATASET_EXISTS' })
  assert.deepEqual(paths(catalog.state(), BTC), ['a.parquet'])
})

test('an append adds parts after those that are there, and makes a dataset that is not', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')], 'append')])
  const { state, retired } = catalog.commit([put(BTC, [part('b.parquet'), part('c.parquet')], 'append')])
  assert.deepEqual(paths(state, BTC), ['a.parquet', 'b.parquet', 'c.parquet'])
  assert.deepEqual(retired, [])
  assert.deepEqual(plain(place.open().state()), plain(state))
})

test('an append of other columns is refused, one whose metadata differs is not', (t) => {
  const catalog = makePlace(t).open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  const other = schemaOf({ ts: INT64, symbol: { kind: 'binary' } })
  assert.throws(() => catalog.commit([put(BTC, [part('b.parquet')], 'append', other)]), {
    code: 'SCHEMA_MISMATCH',
  })
  const noted = schemaOf({ ts: INT64, symbol: UTF8 }, { pandas: '3.1' })
  const { state } = catalog.commit([put(BTC, [part('b.parquet')], 'append', noted)])
  assert.deepEqual(state.get(BTC)?.schema, TICKS)
})

test('a drop removes the dataset and names its files', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')]), put(ETH, [part('b.parquet')])])
  const { state, retired } = catalog.commit([{ kind: 'drop', ref: BTC }])
  assert.equal(state.get(BTC), undefined)
  assert.deepEqual(retired, ['a.parquet'])
  assert.deepEqual(plain(place.open().state()), plain(state))
  assert.throws(() => catalog.commit([{ kind: 'drop', ref: BTC }]), { code: 'DATASET_NOT_FOUND' })
})

test('a key that was dropped starts anew', (t) => {
  const catalog = makePlace(t).open()
  const first = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  catalog.commit([{ kind: 'drop', ref: BTC }])
  const second = catalog.commit([put(BTC, [part('b.parquet')], 'create')]).state.get(BTC)
  assert.notEqual(second?.tableId, first?.tableId)
})

test('a rewrite puts parts in the places of others', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const names = ['a.parquet', 'b.parquet', 'c.parquet', 'd.parquet']
  const before = catalog
    .commit([
      put(
        BTC,
        names.map((name) => part(name)),
      ),
    ])
    .state.get(BTC)
  catalog.commit([put(BTC, [part('e.parquet')], 'append')])
  const remove = before?.parts.slice(1, 3).map(({ dataFileId }) => dataFileId) ?? []
  const joined = { ...part('bc.parquet'), rows: 20, tier: 'cold' as const }
  const { state, retired } = catalog.commit([{ kind: 'rewrite', ref: BTC, remove, parts: [joined] }])
  assert.deepEqual(paths(state, BTC), ['a.parquet', 'bc.parquet', 'd.parquet', 'e.parquet'])
  assert.deepEqual(
    state.get(BTC)?.parts.map(({ tier }) => tier),
    ['warm', 'cold', 'warm', 'warm'],
  )
  assert.deepEqual([...retired].sort(), ['b.parquet', 'c.parquet'])
  assert.deepEqual(plain(place.open().state()), plain(state))
})

test('a rewrite of parts that were replaced meanwhile is a conflict', (t) => {
  const catalog = makePlace(t).open()
  const before = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  const remove = before?.parts.map(({ dataFileId }) => dataFileId) ?? []
  catalog.commit([put(BTC, [part('b.parquet')])])
  const rewrite = { kind: 'rewrite' as const, ref: BTC, remove, parts: [part('c.parquet')] }
  assert.throws(() => catalog.commit([rewrite]), { code: 'COMMIT_CONFLICT' })
  catalog.commit([{ kind: 'drop', ref: BTC }])
  assert.throws(() => catalog.commit([rewrite]), { code: 'COMMIT_CONFLICT' })
})

test('a rewrite that loses rows is refused as a bug', (t) => {
  const catalog = makePlace(t).open()
  const before = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  const remove = before?.parts.map(({ dataFileId }) => dataFileId) ?? []
  const short = { ...part('b.parquet'), rows: 9 }
  assert.throws(
    () => catalog.commit([{ kind: 'rewrite', ref: BTC, remove, parts: [short] }]),
    /keeps all rows/,
  )
  assert.deepEqual(paths(catalog.state(), BTC), ['a.parquet'])
})

test('changes of one commit are in one snapshot', (t) => {
  const catalog = makePlace(t).open()
  const { state } = catalog.commit([put(BTC, [part('a.parquet')]), put(ETH, [part('b.parquet')])])
  assert.equal(state.snapshotId, 1)
  assert.deepEqual(
    state.list().map(({ version }) => version),
    [1, 1],
  )
})

test('a commit of which one change is refused leaves nothing', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  catalog.commit([put(BTC, [part('a.parquet')])])
  const before = catalog.state()
  const changes = [put(ETH, [part('b.parquet')]), put(BTC, [part('c.parquet')], 'create')]
  assert.throws(() => catalog.commit(changes), { code: 'DATASET_EXISTS' })
  assert.equal(catalog.state(), before)
  assert.deepEqual(plain(place.open().state()), plain(before))
  const { state } = catalog.commit([put(ETH, [part('d.parquet')], 'create')])
  assert.deepEqual(plain(place.open().state()), plain(state))
})

test('no changes make no snapshot', (t) => {
  const catalog = makePlace(t).open()
  const before = catalog.state()
  assert.deepEqual(catalog.commit([]), { before, state: before, retired: [] })
})

test('a state stays what it was, whatever is committed later', (t) => {
  const catalog = makePlace(t).open()
  const before = catalog.commit([put(BTC, [part('a.parquet')])]).state
  const kept = plain(before)
  for (let index = 0; index < 600; index++)
    catalog.commit([put(ref(`k${index % 300}`), [part(`k${index}.parquet`)])])
  catalog.commit([{ kind: 'drop', ref: BTC }])
  assert.deepEqual(plain(before), kept)
  assert.equal(catalog.state().list().length, 300)
})

test('datasets are listed by schema and key', (t) => {
  const catalog = makePlace(t).open()
  const refs = [ref('b'), ref('a', 'z'), ref('a'), ref('c', 'desk')]
  catalog.commit(refs.slice(0, 2).map((dataset) => put(dataset, [])))
  catalog.commit(refs.slice(2).map((dataset) => put(dataset, [])))
  const names = catalog
    .state()
    .list()
    .map(({ ref: { schema, key } }) => `${schema}.${key}`)
  assert.deepEqual(names, ['desk.c', 'main.a', 'main.b', 'z.a'])
})

test('a dataset can have no parts', (t) => {
  const place = makePlace(t)
  const { state } = place.open().commit([put(ref('empty', 'desk 1'), [])])
  assert.deepEqual(plain(place.open().state()), plain(state))
  assert.equal(state.list()[0]?.rows, 0)
})

test('keys may hold any characters', (t) => {
  const place = makePlace(t)
  const keys = [
    'a"b',
    "it's",
    'a,b',
    'x.y.z',
    'BTC/USD',
    '日本語',
    '😀',
    ' ',
    '%',
    'select',
    'ducklake_table',
  ]
  const { state } = place.open().commit(keys.map((key, index) => put(ref(key), [part(`${index}.parquet`)])))
  assert.deepEqual(plain(place.open().state()), plain(state))
  assert.deepEqual(new Set(state.list().map((dataset) => dataset.ref.key)), new Set(keys))
})

test('a key or schema that differs from another in case only is refused', (t) => {
  const catalog = makePlace(t).open()
  catalog.commit([put(ref('Trades', 'Desk'), [part('Desk/Trades.parquet')])])
  const other = [
    put(ref('TRADES', 'Desk'), []),
    put(ref('quotes', 'desk'), []),
    put(ref('quotes', 'Main'), []),
  ]
  for (const change of other) assert.throws(() => catalog.commit([change]), { code: 'KEY_INVALID' })
  catalog.commit([put(ref('ÄGYPTEN'), []), put(ref('ägypten'), [])])
})

test('a key that a view of another engine has is refused', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  place
    .database()
    .insert('ducklake_view', { view_id: 9, begin_snapshot: 0, schema_id: 0, view_name: 'daily' })
  assert.throws(() => catalog.commit([put(ref('Daily'), [])]), { code: 'DATASET_EXISTS' })
})

test('columns that SQL cannot tell apart are refused', (t) => {
  const catalog = makePlace(t).open()
  const twice = { fields: [field('a', INT64), field('a', INT64)], metadata: new Map<string, string>() }
  for (const schema of [schemaOf({ a: INT64, A: INT64 }), twice, schemaOf({ 'a\0': INT64 })]) {
    assert.throws(() => catalog.commit([put(BTC, [], 'create', schema)]), { code: 'TYPE_UNSUPPORTED' })
  }
})

test('files that the catalog names are told from others', (t) => {
  const catalog = makePlace(t).open()
  catalog.commit([put(BTC, [part('a.parquet')]), put(ref('x', 'desk'), [part('desk/x.parquet')])])
  catalog.commit([put(BTC, [part('b.parquet')])])
  assert.deepEqual(catalog.paths(), new Set(['b.parquet', 'desk/x.parquet']))
})

test('options hold over a replace with another table, and leave nothing when the dataset is dropped', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const other = place.open()
  const told = { durability: 'none' } as const
  const first = catalog.commit([{ ...put(BTC, [part('a.parquet')]), options: told }]).state.get(BTC)
  assert.deepEqual([first?.options, other.state().get(BTC)?.options], [told, told])
  const second = catalog.commit([
    put(BTC, [part('b.parquet')], 'replace', schemaOf({ ts: INT64, price: FLOAT64 })),
  ])
  assert.notEqual(second.state.get(BTC)?.tableId, first?.tableId)
  assert.deepEqual([second.state.get(BTC)?.options, other.state().get(BTC)?.options], [told, told])
  catalog.commit([{ kind: 'drop', ref: BTC }])
  assert.deepEqual(place.database().all('SELECT * FROM sterna_options'), [])
})

test('other options are a snapshot, but no other version of the dataset', (t) => {
  const place = makePlace(t)
  const catalog = place.open()
  const other = place.open()
  const before = catalog.commit([put(BTC, [part('a.parquet')])]).state.get(BTC)
  const known = other.state().get(BTC)
  const { state } = catalog.commit([{ kind: 'configure', ref: BTC, options: { durability: 'interval' } }])
  assert.equal(state.snapshotId, 2)
  assert.deepEqual(state.get(BTC), { ...before, options: { durability: 'interval' } })
  assert.deepEqual(other.state().get(BTC), { ...known, options: { durability: 'interval' } })
  catalog.commit([{ kind: 'configure', ref: BTC, options: { durability: null } }])
  assert.deepEqual(other.state().get(BTC)?.options, {})
  assert.throws(() => catalog.commit([{ kind: 'configure', ref: ETH, options: {} }]), {
    code: 'DATASET_NOT_FOUND',
  })
})

test('options of a later version are named, not passed over', (t) => {
  const place = makePlace(t)
  place.open().commit([{ ...put(BTC, [part('a.parquet')]), options: { durability: 'none' } }])
  place.database().run(`UPDATE sterna_options SET options = '{"colour": "red"}'`)
  assert.throws(() => place.open(), { code: 'DATA_CORRUPT', message: /"BTC_USD".*colour/ })
})
