// Goal: rollups as clients declare them, and what is said of them. Method: pyarrow and ADBC against a server that does
// not refresh by itself; the command line; a repair of a lake that has one.
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  field,
  integerBatch,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const HOUR_MS = '3600000'
const SQL = "SELECT time_bucket('10s', ts) AS at, count(*) AS n FROM ticks GROUP BY ALL"

test('rollups through pyarrow and ADBC', async (t) => {
  await withServer(
    async ({ url }) => {
      await runChecks(t, 'test/interop/rollups_checks.py', [url])
    },
    { env: { STERNA_ROLLUP_REFRESH_MS: HOUR_MS, STERNA_APPEND_FLUSH_MS: HOUR_MS } },
  )
})

test('the command line declares a rollup, and a repair leaves its source without it', async () => {
  const dataDir = await temporaryDirectory()
  try {
    const server = await startServer({ dataDir })
    const client = new RawClient(server.url)
    const frames = [
      schemaFrame(field('ts', { kind: 'timestamp', unit: 's', timezone: null })),
      integerBatch(95),
    ]
    await client.exchange('DoPut', putMessages(pathDescriptor('ticks'), frames))
    const made = await sterna(['rollup', 'bars', SQL, '--server', server.url])
    assert.equal(made.stdout, 'bars: a rollup of ticks, by at\n')
    await runAction(client, 'flush', 'bars')
    const read = await sterna(['get', 'bars', '--server', server.url, '--format', 'csv'])
    assert.equal(read.stdout.trim().split('\n').length, 11)
    client.close()
    await server.stop()
    const repaired = await sterna(['repair', '--data-dir', dataDir])
    assert.match(
      repaired.stdout + repaired.stderr,
      /it is of a rollup, which has to be declared again: SELECT time_bucket/,
    )
    assert.deepEqual(await readdir(join(dataDir, 'quarantine')), ['bars.parquet'])
    await withServer(
      async ({ url }) => {
        const second = new RawClient(url)
        assert.equal(((await runAction(second, 'list')) as unknown[]).length, 1)
        await sterna(['rollup', 'bars', SQL, '--server', url])
        const { rows } = (await runAction(second, 'describe', 'ticks')) as { rows: number }
        assert.equal(rows, 95)
        second.close()
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
