// Goal: rows beyond the limits of their dataset go, no others, and readers do not notice; a dry run tells what a real one
// does. Method: the real server with pyarrow; the command line with rules from a configuration file.
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import { runAction } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

test('retention by age and size', async (t) => {
  await withServer(({ url, dataDir }) => runChecks(t, 'test/interop/retention_checks.py', [url, dataDir]))
})

test('retention beside a history', async (t) => {
  await withServer(({ url }) => runChecks(t, 'test/interop/retention_checks.py', [url, 'history']), {
    args: ['--history', '1d'],
  })
})

test('rules of the configuration hold for datasets without limits of their own', async () => {
  const folder = await temporaryDirectory()
  const config = join(folder, 'sterna.toml')
  const file = join(folder, 'ticks_a.csv')
  await writeFile(config, '[[retention]]\nkeys = "ticks_*"\nage = "30d"\ncolumn = "ts"\n')
  await writeFile(file, 'ts,n\n2020-01-01 00:00:00,1\n2020-01-02 00:00:00,2\n')
  const server = await startServer({ dataDir: join(folder, 'data'), args: ['--config', config] })
  const env = { STERNA_SERVER: server.url }
  const client = new RawClient(server.url)
  try {
    await runAction(client, 'compaction', '{"do": "pause"}')
    for (const key of ['ticks_a', 'ticks_own', 'bars']) {
      const put = await sterna(['put', file, '--key', key], { env })
      assert.equal(put.code, 0, put.stderr)
    }
    await sterna(['configure', 'ticks_own', 'retention.size=1GB'], { env })
    const dry = await sterna(['retention', '--dry-run', '--at', '2020-02-01'], { env })
    assert.match(
      dry.stdout,
      /^ticks_a: 1 row would go: 0 parts of 0 B, and 1 part would be rewritten\nticks_own: nothing to remove\n$/,
      dry.stderr,
    )
    assert.equal(
      (await sterna(['query', 'SELECT n FROM ticks_a', '--format', 'csv'], { env })).stdout,
      'n\n1\n2\n',
    )
    const real = await sterna(['retention', 'ticks_a', '--at', '2020-02-01'], { env })
    assert.equal(real.stdout, 'ticks_a: 1 row went: 0 parts of 0 B, and 1 part rewritten\n', real.stderr)
    assert.equal(
      (await sterna(['query', 'SELECT n FROM ticks_a', '--format', 'csv'], { env })).stdout,
      'n\n2\n',
    )
    assert.equal(
      (await sterna(['query', 'SELECT n FROM bars', '--format', 'csv'], { env })).stdout,
      'n\n1\n2\n',
    )
  } finally {
    client.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
