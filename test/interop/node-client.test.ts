/** The one Flight SQL client for Node that ships its binaries: flight-sql-client of lakehouse-rs, Rust below. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { tableFromIPC } from 'apache-arrow'
import { projectRoot } from '../support/project-root.ts'
import { withServer } from '../support/start-server.ts'

const name = '@lakehouse-rs/flight-sql-client'
const version = '0.0.10'

/** What of the package is used; each answer is an Arrow IPC file. */
interface Client {
  query(sql: string): Promise<Uint8Array>
  getCatalogs(): Promise<Uint8Array>
  getDbSchemas(options: object): Promise<Uint8Array>
  getTables(options: object): Promise<Uint8Array>
}
interface Package {
  createFlightSqlClient(options: object): Promise<Client>
}

test('Flight SQL from Node', async (t) => {
  const library = await load()
  await withServer(async ({ port }) => {
    const options = { host: '127.0.0.1', port, tls: false, headers: [], username: 'anyone', password: 'x' }
    const client = await library.createFlightSqlClient(options)
    const rows = async (answer: Promise<Uint8Array>): Promise<unknown[]> =>
      tableFromIPC(await answer)
        .toArray()
        .map((row: { toJSON(): unknown }) => row.toJSON())

    await t.test('a query, after a handshake with name and password', async () => {
      const sql = `SELECT 1 AS x, 'a' AS t, NULL::DOUBLE AS nothing, count(*)::INTEGER AS n FROM range(100000)`
      assert.deepEqual(await rows(client.query(sql)), [{ x: 1, t: 'a', nothing: null, n: 100_000 }])
    })

    await t.test('SQL that writes, and reads what was written', async () => {
      await client.query('CREATE TABLE made (id INTEGER, name VARCHAR)')
      await client.query(`INSERT INTO made VALUES (1, 'a'), (2, 'b')`)
      const all = await rows(client.query('SELECT * FROM made ORDER BY id'))
      assert.deepEqual(all, [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ])
    })

    await t.test('catalogs, schemas and tables', async () => {
      assert.deepEqual(await rows(client.getCatalogs()), [{ catalog_name: 'sterna' }])
      const schema = { catalog_name: 'sterna', db_schema_name: 'main' }
      assert.deepEqual(await rows(client.getDbSchemas({})), [schema])
      const table = { ...schema, table_name: 'made', table_type: 'TABLE' }
      assert.deepEqual(await rows(client.getTables({ tableNameFilterPattern: 'ma%' })), [table])
    })

    await t.test('an error of SQL', async () => {
      await assert.rejects(client.query('SELECT * FROM nothing'))
    })
  })
})

/** From a folder of its own, which outlives a run: it is no dependency of the server. */
async function load(): Promise<Package> {
  const folder = join(projectRoot, 'node_modules', '.cache', `flight-sql-client-${version}`)
  try {
    await access(folder)
  } catch {
    const unfinished = `${folder}.${process.pid}`
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', unfinished]
    await promisify(execFile)('npm', ['install', ...options, `${name}@${version}`], { timeout: 600_000 })
    await rename(unfinished, folder)
  }
  return createRequire(join(folder, 'package.json'))(name) as Package
}
