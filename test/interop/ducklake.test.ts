// Goal: the catalog is a DuckLake: what Sterna commits, DuckDB's extension reads, filters and adds to, and the other
// way round; neither loses or hides rows of the other.
// Method: parts written by the real writer, committed by the real catalog; SQL by the real extension in Python.
import assert from 'node:assert/strict'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import { type Schema, parseSchema } from '../../flight/ipc/schema.ts'
import { readIpcStream } from '../../flight/ipc/stream.ts'
import { Duck } from '../../src/query/duck.ts'
import { createPartWriter } from '../../src/query/part-writer.ts'
import { Catalog } from '../../src/store/catalog/catalog.ts'
import { Database } from '../../src/store/catalog/database.ts'
import { listDamage } from '../../src/store/catalog/integrity.ts'
import { rebuildCatalog } from '../../src/store/catalog/rebuild.ts'
import type { NewPart } from '../../src/store/catalog/state.ts'
import { runPython } from '../support/python.ts'

type Step = string | Readonly<Record<string, unknown>>

/** A data directory with its catalog, and DuckDB beside it. */
class Lake {
  readonly folder: string
  readonly file: string
  readonly cold: string
  readonly #t: TestContext

  constructor(t: TestContext) {
    this.#t = t
    this.folder = mkdtempSync(path.join(tmpdir(), 'sterna-ducklake-'))
    this.file = path.join(this.folder, 'catalog.sqlite')
    this.cold = path.join(this.folder, 'cold')
    mkdirSync(this.cold)
    t.after(async () => {
      // Whatever the extension did, its rows and ours are found to be what was written.
      const damage = existsSync(this.file) ? await listDamage(this.file, new AbortController().signal) : []
      rmSync(this.folder, { recursive: true })
      assert.deepEqual(damage, [])
    })
  }

  open(historyMs = 0): Catalog {
    const catalog = Catalog.open(this.file, { dataPath: this.cold, historyMs })
    this.#t.after(() => catalog.close())
    return catalog
  }

  /** What the extension answers to each step. */
  async run(...steps: readonly Step[]): Promise<unknown[]> {
    const { json } = await runPython('test/interop/ducklake_reader.py', [this.file, JSON.stringify(steps)])
    assert.ok(Array.isArray(json))
    return json as unknown[]
  }

  /** Parts as Sterna writes them, named by their keys, each of the rows that one query gives. */
  async write(queries: Readonly<Record<string, string>>): Promise<Written> {
    const names = Object.keys(queries)
    const files = names.map((_, index) => path.join(this.folder, `${index}.arrows`))
    const steps = names.map((name, index) => ({ arrow: [queries[name], files[index]] }))
    // A lake of its own, so that the catalog is not touched.
    const scratch = new Lake(this.#t)
    await scratch.run(
      `ATTACH 'ducklake:sqlite:${scratch.file}' AS lake (DATA_PATH '${scratch.cold}')`,
      ...steps,
    )
    return this.writeFiles(Object.fromEntries(names.map((name, index) => [name, files[index] ?? ''])))
  }

  async writeFiles(files: Readonly<Record<string, string>>): Promise<Written> {
    const duck = await Duck.open({
      tempDirectory: this.folder,
      dataDirectory: this.cold,
      allowedDirectories: [],
    })
    const parts: NewPart[] = []
    let header = new Uint8Array()
    try {
      for (const [name, file] of Object.entries(files)) {
        const frames: Frame[] = []
        for await (const frame of readIpcStream(createReadStream(file))) frames.push(frame)
        header = new Uint8Array(frames[0]?.header ?? [])
        mkdirSync(path.dirname(path.join(this.cold, name)), { recursive: true })
        const written = await createPartWriter(duck).writePart({
          schema: parseSchema(header),
          frames: frames.slice(1),
          path: path.join(this.cold, name),
          compressionLevel: 3,
          metadata: {},
        })
        parts.push({ ...written, path: name, arrowBytes: 1000, tier: 'warm' })
      }
    } finally {
      duck.close()
    }
    return { schemaHeader: header, schema: parseSchema(header), parts }
  }

  /** Files of the lake, relative to the folder of the parts. */
  files(): string[] {
    return readdirSync(this.cold, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.parquet'),
    )
  }
}

interface Written {
  readonly schemaHeader: Uint8Array
  readonly schema: Schema
  readonly parts: readonly NewPart[]
}

function ref(key: string, schema = 'main'): DatasetRef {
  return { schema, key }
}

function put(dataset: DatasetRef, written: Written, mode: 'replace' | 'create' | 'append' = 'replace') {
  return { kind: 'put' as const, ref: dataset, mode, ...written }
}

/** Rows `start` to `end`: a time, a price, a symbol that is null now and then. */
function ticks(start: number, end: number): string {
  return `SELECT i AS ts, i / 4 AS price, CASE WHEN i % 7 = 0 THEN NULL ELSE 'S' || (i % 3) END AS symbol,
    TIMESTAMPTZ '2026-02-03 00:00:00+00' + INTERVAL (i) SECOND AS moment FROM range(${start}, ${end}) t(i)`
}

/** Rows of types that DuckDB hands to Arrow as it reads them from there, whatever the zone of the machine. */
function counts(start: number, end: number): string {
  return `SELECT i AS ts, i / 4 AS price FROM range(${start}, ${end}) t(i)`
}

const TICKS = ref('ticks')

test('an empty catalog has the tables that DuckDB makes', async (t) => {
  const [ours, theirs] = [new Lake(t), new Lake(t)]
  ours.open()
  await theirs.run(`ATTACH 'ducklake:sqlite:${theirs.file}' AS lake (DATA_PATH '${theirs.cold}')`)
  const tables = ({ file }: Lake): unknown[] => {
    const db = Database.open(file, 'wal')
    t.after(() => db.close())
    return db.all(`SELECT t.name, c.cid, c.name, c.type, c."notnull", c.pk FROM sqlite_master t
      JOIN pragma_table_info(t.name) c WHERE t.name LIKE 'ducklake%' AND t.type = 'table' ORDER BY 1, 2`)
  }
  assert.deepEqual(tables(ours), tables(theirs))
})

test('DuckDB reads every type that a part can hold as what was put', async (t) => {
  const lake = new Lake(t)
  const source = path.join(lake.folder, 'types.arrows')
  const scratch = new Lake(t)
  const attach = `ATTACH 'ducklake:sqlite:${scratch.file}' AS lake (DATA_PATH '${scratch.cold}')`
  await scratch.run(attach, { types: source })
  lake.open().commit([put(ref('types'), await lake.writeFiles({ 'types.parquet': source }))])
  const [differences, bounds, nulls] = await lake.run(
    { compare: ['lake.types', source] },
    'SELECT min(int64), max(uint64), min(text), min("decimal"), max(day), min(at_ns)::VARCHAR FROM lake.types',
    'SELECT count(*) FROM lake.types WHERE struct IS NULL AND list IS NULL AND at_ms IS NULL',
  )
  assert.deepEqual(differences, [])
  assert.deepEqual(bounds, [
    [-(2 ** 63), 2 ** 64 - 1, '', '-12.50', '2026-02-03', '1969-12-31 23:59:59.999999999'],
  ])
  assert.deepEqual(nulls, [[1]])
})

test('rows without columns are rows of nulls to DuckDB, which adds some', async (t) => {
  const lake = new Lake(t)
  const source = path.join(lake.folder, 'none.arrows')
  const scratch = new Lake(t)
  const attach = `ATTACH 'ducklake:sqlite:${scratch.file}' AS lake (DATA_PATH '${scratch.cold}')`
  await scratch.run(attach, { 'no columns': source })
  const catalog = lake.open()
  catalog.commit([put(ref('none'), await lake.writeFiles({ 'none.parquet': source }))])
  const [found, , after] = await lake.run(
    'SELECT count(*), count(no_columns) FROM lake.none',
    'INSERT INTO lake.none VALUES (NULL), (NULL)',
    'SELECT * FROM lake.none',
  )
  assert.deepEqual(found, [[3, 0]])
  assert.deepEqual(after, Array(5).fill([null]))
  const dataset = catalog.state().get(ref('none'))
  assert.ok(dataset !== undefined)
  assert.deepEqual(dataset.schema.fields, [])
  assert.equal(dataset.rows, 5)
})

test('DuckDB reads parts of many keys with right counts, filters and bounds', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  const keys = ['ticks', 'BTC/USD', 'a "quoted", key', 'Ünïcode 日本']
  const written = await lake.write({
    'a.parquet': ticks(0, 5000),
    'b%2Fc.parquet': ticks(5000, 9000),
    'c.parquet': ticks(9000, 10_000),
  })
  catalog.commit(keys.map((key) => put(ref(key), written)))
  catalog.commit([put(ref('ticks', 'desk one'), await lake.write({ 'desk%20one/x.parquet': ticks(0, 10) }))])
  const named = [...keys.map((key) => `lake."${key.replaceAll('"', '""')}"`), 'lake."desk one".ticks']
  const answers = await lake.run(
    ...named.map((name) => `SELECT count(*), count(symbol), sum(price), min(ts), max(ts) FROM ${name}`),
    'SELECT ts, symbol FROM lake.ticks WHERE ts = 6001',
    'SELECT count(*) FROM lake.ticks WHERE price > 2000 AND symbol IS NULL',
    `SELECT count(*) FROM lake.ticks WHERE moment >= '2026-02-03 02:00:00+00' AND moment < '2026-02-03 02:00:10+00'`,
    `SELECT min(symbol), max(symbol), min(moment)::VARCHAR FROM lake.ticks`,
    'SELECT ts FROM lake.ticks ORDER BY ts DESC LIMIT 2',
    `SELECT count(*) FROM ducklake_list_files('lake', 'ticks')`,
    'SELECT column_name, column_type FROM (DESCRIBE lake.ticks)',
  )
  const whole = [[10_000, 8571, 12_498_750, 0, 9999]]
  assert.deepEqual(answers, [
    ...keys.map(() => whole),
    [[10, 8, 11.25, 0, 9]],
    [[6001, 'S1']],
    [[286]],
    [[10]],
    [['S0', 'S2', '2026-02-03 00:00:00+00']],
    [[9999], [9998]],
    [[3]],
    [
      ['ts', 'BIGINT'],
      ['price', 'DOUBLE'],
      ['symbol', 'VARCHAR'],
      ['moment', 'TIMESTAMP WITH TIME ZONE'],
    ],
  ])
})

test('what DuckDB inserts is a part like any other, and appends go on from there', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  const before = catalog
    .commit([put(TICKS, await lake.write({ 'a.parquet': ticks(0, 100) }))])
    .state.get(TICKS)
  // One row: by default the extension would keep it in the catalog.
  await lake.run(`INSERT INTO lake.ticks ${ticks(-1, 0)}`)
  const after = catalog.state().get(TICKS)
  assert.equal(after?.rows, 101)
  assert.equal(after.parts.length, 2)
  assert.equal(after.tableId, before?.tableId)
  assert.equal(after.schemaHeader, before?.schemaHeader)
  assert.equal(after.blocked, null)
  assert.ok(before && after.version > before.version && after.updatedNs > before.updatedNs)
  assert.ok(after.parts.every((part) => existsSync(path.join(lake.cold, part.path)) && part.arrowBytes > 0))
  catalog.commit([put(TICKS, await lake.write({ 'b.parquet': ticks(100, 200) }), 'append')])
  const [all, bounds, found] = await lake.run(
    'SELECT count(*), sum(ts) FROM lake.ticks',
    'SELECT min(ts), max(ts), min(moment)::VARCHAR, max(moment)::VARCHAR FROM lake.ticks',
    `SELECT ts FROM lake.ticks WHERE moment < '2026-02-03 00:00:01+00' ORDER BY ts`,
  )
  assert.deepEqual(all, [[201, 19_899]])
  assert.deepEqual(bounds, [[-1, 199, '2026-02-02 23:59:59+00', '2026-02-03 00:03:19+00']])
  assert.deepEqual(found, [[-1], [0]])
})

test('rows of parts without known bounds are found when DuckDB has added parts with some', async (t) => {
  const lake = new Lake(t)
  const { parts, ...schema } = await lake.write({ 'a.parquet': ticks(0, 100) })
  const unknown = parts.map((part) => ({ ...part, columns: [] }))
  rebuildCatalog(lake.file, { dataPath: lake.cold, historyMs: 0 }, [
    { ref: TICKS, ...schema, parts: unknown },
  ])
  lake.open()
  const [, , ...answers] = await lake.run(
    `INSERT INTO lake.ticks ${ticks(500, 510)}`,
    `INSERT INTO lake.ticks ${ticks(600, 610)}`,
    'SELECT min(ts), max(ts), min(symbol), min(moment)::VARCHAR, count(*) FROM lake.ticks',
    `SELECT count(*) FROM lake.ticks WHERE ts < 50 AND price < 10 AND moment < '2026-02-03 00:01:00+00'`,
    `SELECT count(*) FROM lake.ticks WHERE symbol = 'S1' AND ts = 1`,
  )
  assert.deepEqual(answers, [[[0, 609, 'S0', '2026-02-03 00:00:00+00', 120]], [[40]], [[1]]])
})

test('parts that were rewritten or replaced are those that DuckDB reads, and it finds no orphan among them', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  const written = await lake.write({
    'a.parquet': ticks(0, 100),
    'b.parquet': ticks(100, 200),
    'ab.parquet': ticks(0, 200),
  })
  const [a, b, joined] = written.parts
  assert.ok(a && b && joined)
  const { state } = catalog.commit([put(TICKS, { ...written, parts: [a, b] })])
  const remove = state.get(TICKS)?.parts.map(({ dataFileId }) => dataFileId) ?? []
  const { retired } = catalog.commit([{ kind: 'rewrite', ref: TICKS, remove, parts: [joined] }])
  assert.deepEqual([...retired].sort(), ['a.parquet', 'b.parquet'])
  const sum = 'SELECT count(*), sum(ts), min(ts), max(ts) FROM lake.ticks'
  const orphans = `CALL ducklake_delete_orphaned_files('lake', dry_run => true, cleanup_all => true)`
  const [once, found] = await lake.run(sum, orphans)
  assert.deepEqual(once, [[200, 19_900, 0, 199]])
  assert.deepEqual(
    (found as string[][])
      .flat()
      .map((file) => path.basename(file))
      .sort(),
    ['a.parquet', 'b.parquet'],
  )
  for (const name of retired) rmSync(path.join(lake.cold, name))
  catalog.commit([put(TICKS, await lake.write({ 'c.parquet': ticks(5, 7) }))])
  rmSync(path.join(lake.cold, 'ab.parquet'))
  assert.deepEqual(await lake.run(sum, orphans, `SELECT snapshot_id FROM ducklake_snapshots('lake')`), [
    [[2, 11, 5, 6]],
    [],
    [[3]],
  ])
})

test('what DuckDB does to rows or columns of a part bars reading it until it is replaced', async (t) => {
  const changes: readonly (readonly [sql: string, reason: RegExp])[] = [
    ['DELETE FROM lake.ticks WHERE ts = 5', /deleted by another engine/],
    ['UPDATE lake.ticks SET price = 0 WHERE ts < 10', /deleted by another engine/],
    ['ALTER TABLE lake.ticks ADD COLUMN venue VARCHAR', /altered its columns/],
    ['ALTER TABLE lake.ticks DROP COLUMN price', /altered its columns/],
    ['ALTER TABLE lake.ticks RENAME COLUMN price TO paid', /altered its columns/],
    [`CALL lake.set_option('data_inlining_row_limit', 10, table_name => 'ticks')`, /in the catalog/],
  ]
  const lake = new Lake(t)
  const catalog = lake.open()
  const written = await lake.write({ 'a.parquet': ticks(0, 100) })
  for (const [sql, reason] of changes) {
    const before = catalog.commit([put(TICKS, written)]).state.get(TICKS)
    const [failure] = await lake.run(
      sql,
      ...(sql.startsWith('CALL') ? [`INSERT INTO lake.ticks ${ticks(0, 1)}`] : []),
    )
    assert.ok(Array.isArray(failure), JSON.stringify(failure))
    const after = catalog.state().get(TICKS)
    assert.match(after?.blocked ?? '', reason, sql)
    assert.ok(before && after && after.version >= before.version)
    assert.throws(() => catalog.commit([put(TICKS, written, 'append')]), { code: 'NOT_IMPLEMENTED' })
    const { state } = catalog.commit([put(TICKS, written)])
    assert.equal(state.get(TICKS)?.blocked, null)
    const answers = await lake.run(
      'SELECT count(*), sum(price) FROM lake.ticks',
      'SELECT * FROM lake.ticks LIMIT 0',
    )
    assert.deepEqual(answers, [[[100, 1237.5]], []], sql)
  }
})

test('a dataset that DuckDB has made whole again can be read and appended to again', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  catalog.commit([put(TICKS, await lake.write({ 'a.parquet': ticks(0, 100) }))])
  const remedies: readonly (readonly [change: string, remedy: string, rows: number])[] = [
    [
      'DELETE FROM lake.ticks WHERE ts = 5',
      `CALL ducklake_rewrite_data_files('lake', delete_threshold => 0)`,
      99,
    ],
    [`INSERT INTO lake.ticks ${ticks(100, 101)}`, `CALL ducklake_flush_inlined_data('lake')`, 100],
  ]
  await lake.run(`CALL lake.set_option('data_inlining_row_limit', 10, table_name => 'ticks')`)
  for (const [change, remedy, rows] of remedies) {
    await lake.run(change)
    assert.notEqual(catalog.state().get(TICKS)?.blocked, null, change)
    await lake.run(remedy)
    assert.deepEqual(
      [catalog.state().get(TICKS)?.blocked, catalog.state().get(TICKS)?.rows],
      [null, rows],
      remedy,
    )
  }
  catalog.commit([put(TICKS, await lake.write({ 'b.parquet': ticks(200, 210) }), 'append')])
  const answers = await lake.run('SELECT count(*), min(ts), max(ts) FROM lake.ticks')
  assert.deepEqual(answers, [[[110, 0, 209]]])
})

test('tables that DuckDB makes, renames and drops are datasets', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  await lake.run(
    'CREATE TABLE lake.quotes(id BIGINT NOT NULL, bid DECIMAL(9, 2), tags MAP(VARCHAR, INTEGER[]), moment TIMESTAMP)',
    `INSERT INTO lake.quotes VALUES (1, 2.5, MAP {'a': [1]}, '2026-02-03'), (2, NULL, NULL, NULL)`,
    'CREATE SCHEMA lake.desk',
    'CREATE TABLE lake.desk.odd(wide HUGEINT)',
    'CREATE VIEW lake.best AS SELECT max(bid) AS best FROM lake.quotes',
  )
  const quotes = catalog.state().get(ref('quotes'))
  assert.equal(quotes?.rows, 2)
  assert.equal(quotes.blocked, null)
  assert.deepEqual(quotes.schema, parseSchema(quotes.schemaHeader))
  assert.deepEqual(
    quotes.schema.fields.map(({ name, type, nullable }) => [name, type.kind, nullable]),
    [
      ['id', 'int', false],
      ['bid', 'decimal', true],
      ['tags', 'map', true],
      ['moment', 'timestamp', true],
    ],
  )
  assert.match(catalog.state().get(ref('odd', 'desk'))?.blocked ?? '', /a type that/)
  await lake.run('ALTER TABLE lake.quotes RENAME TO bids', 'DROP TABLE lake.desk.odd')
  assert.deepEqual(
    catalog
      .state()
      .list()
      .map(({ ref: { key }, tableId }) => [key, tableId]),
    [['bids', quotes.tableId]],
  )
  catalog.commit([put(ref('bids'), await lake.write({ 'bids.parquet': ticks(0, 3) }))])
  assert.deepEqual(await lake.run('SELECT count(*) FROM lake.bids', 'SHOW TABLES FROM lake'), [
    [[3]],
    [['best'], ['bids']],
  ])
})

test('a lake that DuckDB made is taken over with its folders', async (t) => {
  const lake = new Lake(t)
  await lake.run(
    `ATTACH 'ducklake:sqlite:${lake.file}' AS lake (DATA_PATH '${lake.cold}')`,
    `CREATE TABLE lake.ticks AS ${counts(0, 100)}`,
    'CREATE SCHEMA lake.desk',
    `CREATE TABLE lake.desk.t AS ${counts(0, 100)}`,
  )
  const catalog = lake.open()
  assert.deepEqual(
    catalog
      .state()
      .list()
      .map(({ rows, blocked }) => [rows, blocked]),
    [
      [100, null],
      [100, null],
    ],
  )
  for (const { parts } of catalog.state().list()) {
    for (const part of parts) assert.ok(existsSync(path.join(lake.cold, part.path)), part.path)
  }
  assert.deepEqual(catalog.paths(), new Set(lake.files()))
  const written = await lake.write({ 'ticks.parquet': counts(100, 200), 'desk/t.parquet': counts(100, 200) })
  const [first, second] = written.parts
  assert.ok(first && second)
  catalog.commit([
    put(TICKS, { ...written, parts: [first] }, 'append'),
    put(ref('t', 'desk'), { ...written, parts: [second] }, 'append'),
  ])
  assert.deepEqual(catalog.paths(), new Set(lake.files()))
  const orphans = `CALL ducklake_delete_orphaned_files('lake', dry_run => true, cleanup_all => true)`
  const sums = 'SELECT (SELECT count(*) FROM lake.ticks), (SELECT sum(ts) FROM lake.desk.t)'
  const more = `INSERT INTO lake.ticks ${counts(200, 210)}`
  assert.deepEqual(await lake.run(sums, orphans, more, sums), [[[200, 19_900]], [], [[10]], [[210, 19_900]]])
  assert.equal(catalog.state().get(TICKS)?.rows, 210)
})

test('while history is kept DuckDB reads past snapshots, each with its own columns and parts', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open(3_600_000)
  catalog.commit([put(TICKS, await lake.write({ 'a.parquet': ticks(0, 10) }))])
  catalog.commit([put(TICKS, await lake.write({ 'b.parquet': ticks(0, 20) }))])
  catalog.commit([put(TICKS, await lake.write({ 'c.parquet': 'SELECT i AS other FROM range(3) t(i)' }))])
  catalog.commit([{ kind: 'drop', ref: TICKS }])
  const answers = await lake.run(
    'SELECT count(*), max(ts) FROM lake.ticks AT (VERSION => 1)',
    'SELECT count(*), max(ts), min(price) FROM lake.ticks AT (VERSION => 2)',
    'SELECT sum(other) FROM lake.ticks AT (VERSION => 3)',
    'SHOW TABLES FROM lake',
  )
  assert.deepEqual(answers, [[[10, 9]], [[20, 19, 0]], [[3]], []])
})

test('snapshots and files that DuckDB cleans up are gone for Sterna too', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open(3_600_000)
  catalog.commit([put(TICKS, await lake.write({ 'a.parquet': ticks(0, 10), 'b.parquet': ticks(10, 20) }))])
  const before = catalog.commit([
    put(TICKS, await lake.write({ 'c.parquet': ticks(0, 5), 'd.parquet': ticks(5, 7) })),
  ])
  await lake.run(
    `CALL ducklake_merge_adjacent_files('lake')`,
    `CALL ducklake_expire_snapshots('lake', versions => [0, 1, 2])`,
    `CALL ducklake_cleanup_old_files('lake', cleanup_all => true)`,
  )
  const after = catalog.state().get(TICKS)
  assert.deepEqual([after?.rows, after?.parts.length, after?.blocked], [7, 1, null])
  assert.ok(after && after.version > before.state.snapshotId)
  assert.deepEqual(catalog.paths(), new Set(lake.files()))
  catalog.commit([put(TICKS, await lake.write({ 'e.parquet': ticks(7, 9) }), 'append')])
  assert.deepEqual(await lake.run('SELECT count(*), max(ts) FROM lake.ticks'), [[[9, 8]]])
})

test('a transaction of DuckDB that overlaps with a replace fails, however many commits came between', async (t) => {
  const lake = new Lake(t)
  const catalog = lake.open()
  const written = await lake.write({ 'a.parquet': ticks(0, 10) })
  catalog.commit([put(TICKS, written), put(ref('other'), written)])
  const [ready, go] = [path.join(lake.folder, 'ready'), path.join(lake.folder, 'go')]
  const running = lake.run(
    'BEGIN',
    `INSERT INTO lake.ticks ${ticks(10, 20)}`,
    { touch: ready },
    { wait: go },
    'COMMIT',
    'SELECT count(*) FROM lake.ticks',
  )
  while (!existsSync(ready)) await sleep(10)
  catalog.commit([put(TICKS, written)])
  catalog.commit([put(ref('other'), written)])
  catalog.commit([put(ref('other'), written)])
  writeFileSync(go, '')
  const answers = await running
  assert.match(JSON.stringify(answers.at(-2)), /error.*(conflict|locked)/i)
  assert.deepEqual(answers.at(-1), [[10]])
})
