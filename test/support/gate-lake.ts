/**
 * A small lake of real files, pinned, with a hardened DuckDB and a gate over it; and things beside the lake that
 * no statement may reach.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import { Duck } from '../../src/query/duck.ts'
import { quoteName, quoteText, type Connection } from '../../src/query/duckdb.ts'
import { SternaError } from '../../src/errors.ts'
import { ANALYSE_SQL, Gate } from '../../src/query/gate.ts'
import type { PinnedDataset, PinnedLake } from '../../src/store/parts.ts'

const tickColumns = `range AS ts, 'A' || (range % 2) AS sym, range * 1.5 AS px, [range, range + 1] AS l`

/** Schema, key and, for each part, its file below cold/ and its rows. */
const datasets: readonly [schema: string, key: string, parts: readonly [file: string, query: string][]][] = [
  ['main', 'BTC', [['BTC.2.parquet', `SELECT ${tickColumns} FROM range(10)`]]],
  ['main', 'BTC-USD', [['BTC-USD.parquet', `SELECT ${tickColumns} FROM range(11)`]]],
  ['main', 'trades_20260203', [['trades_20260203.parquet', `SELECT ${tickColumns} FROM range(3)`]]],
  [
    'main',
    'trades_20260204',
    [['trades_20260204.parquet', `SELECT ${tickColumns}, true AS late FROM range(4)`]],
  ],
  [
    'main',
    'many',
    [
      ['many.parquet', 'SELECT 1 AS a'],
      ['many.2.parquet', 'SELECT 2 AS a, 3 AS b'],
    ],
  ],
  ['main', `it's`, [[`it's.parquet`, 'SELECT 1 AS a']]],
  ['main', 'we"ird', [['we%22ird.parquet', 'SELECT 2 AS a']]],
  ['main', 'Größe', [['Gr%C3%B6%C3%9Fe.parquet', 'SELECT 3 AS a']]],
  ['main', 'x*y', [['x*y.parquet', 'SELECT 4 AS a']]],
  ['main', 'xay', [['xay.parquet', 'SELECT 5 AS a']]],
  ['main', 'BTC/USD', [['BTC%2FUSD.parquet', 'SELECT 6 AS a']]],
  ['main', 'a.b', [['a.b.parquet', 'SELECT 7 AS a']]],
  ['main', 'Mixed', [['Mixed.parquet', 'SELECT 8 AS a']]],
  ['main', 'mixed', [['mixed-.parquet', 'SELECT 9 AS a']]],
  ['main', 'sqlite_master', [['sqlite_master.parquet', 'SELECT 10 AS a']]],
  ['main', 'empty', []],
  ['crypto', 'ETH', [['crypto/ETH.parquet', 'SELECT 11 AS a']]],
  ['crypto', 'trades_20260203', [['crypto/trades_20260203.parquet', `SELECT ${tickColumns} FROM range(5)`]]],
]

/** What stands in files that are not of the lake: it must not be in any result. */
export const HIDDEN_VALUE = 'value-of-a-hidden-file'

export interface GateLake {
  /** Absolute; the whole of what statements may read, with files that no dataset has. */
  readonly dataDirectory: string
  /** Absolute, outside of it; holds secret.parquet and secret.csv. */
  readonly outsideDirectory: string
  readonly lake: PinnedLake
  readonly gate: Gate
  readonly duck: Duck
  readonly connection: Connection
  /** How many texts the parser was given. */
  parseCount(): number
  close(): void
}

/** @param folder - name of the data directory. */
export async function openGateLake(folder = 'data'): Promise<GateLake> {
  const root = mkdtempSync(path.join(tmpdir(), 'sterna-gate-'))
  const dataDirectory = path.join(root, folder)
  const outsideDirectory = path.join(root, 'outside')
  for (const directory of [path.join(dataDirectory, 'cold/crypto'), outsideDirectory]) {
    mkdirSync(directory, { recursive: true })
  }
  await write(outsideDirectory, [
    ['secret.parquet', `SELECT '${HIDDEN_VALUE}' AS secret`],
    ['secret.csv', `SELECT '${HIDDEN_VALUE}' AS secret`],
  ])
  const files = datasets.flatMap(([, , parts]) =>
    parts.map(([file, query]) => [`cold/${file}`, query] as const),
  )
  await write(dataDirectory, [...files, ['cold/stale.parquet', `SELECT '${HIDDEN_VALUE}' AS secret`]])
  symlinkSync(path.join(outsideDirectory, 'secret.parquet'), path.join(dataDirectory, 'cold/link.parquet'))

  const duck = await openDuck(dataDirectory)
  const connection = await duck.connect()
  const parser = await duck.connect()
  let parses = 0
  const gate = new Gate(
    async (sql) => {
      parses++
      const [[json] = []] = await parser.run(ANALYSE_SQL, [sql])
      return typeof json === 'string' ? json : ''
    },
    { dataDirectory },
  )
  return {
    dataDirectory,
    outsideDirectory,
    lake: pinned(dataDirectory),
    gate,
    duck,
    connection,
    parseCount: () => parses,
    close: () => {
      connection.close()
      parser.close()
      duck.close()
      rmSync(root, { recursive: true })
    },
  }
}

/**
 * A DuckDB that holds the datasets as tables of the same names, but for those that it cannot tell from
 * others and for the empty one.
 */
export async function openReference({ dataDirectory }: GateLake): Promise<Connection> {
  const duck = await openDuck(dataDirectory)
  const connection = await duck.connect()
  await connection.run('CREATE SCHEMA crypto')
  for (const { ref, parts } of pinned(dataDirectory).list()) {
    if (['mixed', 'sqlite_master', 'empty'].includes(ref.key)) continue
    const files = parts.map((part) => quoteText(part.path.replaceAll('*', '[*]')))
    await connection.run(
      `CREATE TABLE ${quoteName(ref.schema)}.${quoteName(ref.key)} AS
      FROM read_parquet([${files.join(', ')}], union_by_name = true)`,
    )
  }
  duck.close()
  return connection
}

/** Rows as plain values, sorted unless their order counts. */
export function printed(rows: readonly unknown[], isOrdered: boolean): unknown {
  const texts = rows.map((row) =>
    JSON.stringify(row, (_name, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
  )
  return (isOrdered ? texts : texts.toSorted()).map((text): unknown => JSON.parse(text))
}

async function openDuck(dataDirectory: string): Promise<Duck> {
  const tempDirectory = path.join(dataDirectory, 'tmp')
  return await Duck.open({
    dataDirectory,
    tempDirectory,
    allowedDirectories: [],
    memoryLimit: '512MB',
    threads: 1,
  })
}

async function write(directory: string, files: readonly (readonly [string, string])[]): Promise<void> {
  const duck = await openDuck(directory)
  const connection = await duck.connect()
  for (const [file, query] of files) {
    await connection.run(`COPY (${query}) TO ${quoteText(path.join(directory, file))}`)
  }
  connection.close()
  duck.close()
}

function field(name: string, type: Field['type']): Field {
  return { name, nullable: true, type, dictionary: null, children: [], metadata: new Map() }
}

/** Of the dataset without parts; those of others are not looked at. */
const emptySchema: Schema = {
  fields: [
    field('ts', { kind: 'timestamp', unit: 'us', timezone: null }),
    field('a', { kind: 'float', bitWidth: 64 }),
  ],
  metadata: new Map(),
}

/** The lake as a snapshot shows it. */
export function pinned(dataDirectory: string, version = 1): PinnedLake {
  const list = datasets.map(([schema, key, parts]): PinnedDataset => {
    const ref = { schema, key }
    const paths = parts.map(([file]) => ({ path: path.join(dataDirectory, 'cold', file), rows: 1, of: ref }))
    return {
      ref,
      id: `${schema}/${key}@${version}`,
      schema: emptySchema,
      parts: paths,
      log: null,
      rollup: null,
      rows: paths.length,
    }
  })
  return {
    at: (moment) => {
      if ('version' in moment && moment.version < version)
        return { ...pinned(dataDirectory, moment.version), past: moment.version }
      throw new SternaError('VERSION_NOT_FOUND', 'That version is not kept')
    },
    resolve: (ref) =>
      list.find((dataset) => dataset.ref.schema === ref.schema && dataset.ref.key === ref.key),
    match: () => [],
    list: () => list,
    views: () => [],
    release: () => {},
  }
}
