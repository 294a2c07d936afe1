/**
 * The command line of the Rust crate arrow-flight, as Rust programs talk Flight SQL. Building it takes a minute on two
 * cores and gigabytes of disk, so that it is no part of `npm test`: `npm run test:rust`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { type RunningServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const version = '60.1.0'
const features = 'cli,flight-sql,tls-ring'
/** Outlives a run: it is built once. */
const root = join(projectRoot, 'node_modules', '.cache', `arrow-flight-${version}`)
const program = join(root, 'bin', 'flight_sql_client')

before(async () => {
  try {
    await access(program)
    return
  } catch {
    // Built below.
  }
  const target = await temporaryDirectory()
  const crate = ['arrow-flight', '--version', version, '--locked', '--bin', 'flight_sql_client']
  const options = ['--no-default-features', '--features', features, '--root', root, '--target-dir', target]
  // It runs for milliseconds, and is built in a third of the time without being optimized.
  const env = { ...process.env, CARGO_PROFILE_RELEASE_OPT_LEVEL: '0' }
  try {
    await promisify(execFile)('cargo', ['install', ...crate, ...options], {
      env,
      maxBuffer: 64 * 1024 * 1024,
    })
  } finally {
    await rm(target, { recursive: true, force: true })
  }
})

/** Rows of the table that the program prints, as the texts of their cells; the columns first. */
async function rows({ port }: RunningServer, ...args: string[]): Promise<string[][]> {
  const { stdout } = await promisify(execFile)(program, [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...args,
  ])
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('Flight SQL from Rust', async (t) => {
  await withServer(async (server) => {
    await t.test('catalogs, schemas, tables and table types', async () => {
      assert.deepEqual(await rows(server, 'catalogs'), [['catalog_name'], ['sterna']])
      const schemas = [
        ['catalog_name', 'db_schema_name'],
        ['sterna', 'main'],
      ]
      assert.deepEqual(await rows(server, 'db-schemas', 'sterna'), schemas)
      assert.deepEqual((await rows(server, 'tables', 'sterna'))[0]?.slice(0, 3), [
        'catalog_name',
        'db_schema_name',
        'table_name',
      ])
      assert.deepEqual((await rows(server, 'table-types')).slice(0, 2), [['table_type'], ['TABLE']])
    })

    await t.test('a query, with times, lists, decimals and an enum', async () => {
      const sql = `SELECT 1 AS x, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ts, [1, 2] AS l, 1.5::DECIMAL(5, 2) AS d,
        'b'::ENUM ('a', 'b') AS e`
      assert.deepEqual(await rows(server, 'statement-query', sql), [
        ['x', 'ts', 'l', 'd', 'e'],
        ['1', '2026-01-01T00:00:00Z', '[1, 2]', '1.50', 'b'],
      ])
    })

    await t.test('parameters by number and by name', async () => {
      const numbered = ['prepared-statement-query', 'SELECT $1::BIGINT + 1 AS y, $2::VARCHAR AS v']
      assert.deepEqual(await rows(server, ...numbered, '-p', '1=41', '-p', '2=abc'), [
        ['y', 'v'],
        ['42', 'abc'],
      ])
      const named = ['prepared-statement-query', 'SELECT $id::BIGINT AS id', '-p', 'id=7']
      assert.deepEqual(await rows(server, ...named), [['id'], ['7']])
    })

    await t.test('requests compressed with gzip', async () => {
      const sql = ['--send-compression', 'gzip', 'statement-query', 'SELECT 3 AS x']
      assert.deepEqual(await rows(server, ...sql), [['x'], ['3']])
    })

    await t.test('name and password', async () => {
      const sql = ['--username', 'anyone', '--password', 'x', 'statement-query', 'SELECT 4 AS x']
      assert.deepEqual(await rows(server, ...sql), [['x'], ['4']])
    })

    await t.test('an error with its code', async () => {
      await assert.rejects(rows(server, 'statement-query', 'SELECT * FROM nothing'), /DATASET_NOT_FOUND/)
    })
  })
})
