/** SQL that writes, as users send it: the ADBC driver's dbapi and pyarrow, against the real server; then DuckLake reads. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { runPython } from '../support/python.ts'
import { startServer } from '../support/start-server.ts'

test('SQL that writes, through the ADBC driver', async (t) => {
  const server = await startServer()
  try {
    await runChecks(t, 'test/interop/sql_write_checks.py', [server.url, server.dataDir])
    await server.stop()
    await t.test("DuckDB's extension reads what was written: rows, views, comments and schemas", async () => {
      const steps = [
        'SELECT id, v FROM lake.contested ORDER BY id',
        'SELECT id, label FROM lake.altered ORDER BY id DESC LIMIT 2',
        'SELECT count(*), min(id), max(id) FROM lake."ordered"',
        'USE lake',
        'SELECT id FROM also_said',
        "SELECT comment FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = 'said'",
      ]
      const catalog = path.join(server.dataDir, 'catalog.sqlite')
      const { json } = await runPython('test/interop/ducklake_reader.py', [catalog, JSON.stringify(steps)])
      assert.deepEqual(json, [
        [
          [0, 0],
          [1, 2],
          [2, 0],
        ],
        [
          [5_000_000_000, 'x'],
          [2, 'n2'],
        ],
        [[250_000, 0, 299_999]],
        [],
        [[1]],
        [["what it's for"]],
      ])
    })
  } finally {
    await server.stop()
    await rm(server.dataDir, { recursive: true, force: true })
  }
})
