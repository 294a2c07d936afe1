/** Partitioned datasets as pyarrow and the ducklake extension see them, again after a restart, and after a repair. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import { fingerprint, runAction } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

interface Summary {
  readonly key: string
  readonly rows: number
}

async function contents(url: string): Promise<[string, number, string][]> {
  const client = new RawClient(url)
  const found: [string, number, string][] = []
  for (const { key, rows } of (await runAction(client, 'list')) as Summary[]) {
    await runAction(client, 'evict', key)
    found.push([key, rows, await fingerprint(client, key)])
  }
  client.close()
  return found
}

test('partitioned datasets', async (t) => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir })
    await runChecks(t, 'test/interop/partitions_checks.py', [first.url, dataDir])
    const before = await contents(first.url)
    assert.ok(before.length > 5)
    await first.stop()
    const second = await startServer({ dataDir })
    assert.deepEqual(await contents(second.url), before)
    await second.stop()
    // What another engine has inserted says nothing of itself, so that it goes to quarantine.
    const known = before.filter(([key]) => key !== 'lake')
    const repaired = await sterna(['repair', '--data-dir', dataDir])
    assert.equal(repaired.code, 0, repaired.stderr)
    const third = await startServer({ dataDir })
    const rowsOf = (found: [string, number, string][]): [string, number][] =>
      found.filter(([key]) => key !== 'lake').map(([key, rows]) => [key, rows])
    assert.deepEqual(rowsOf(await contents(third.url)), rowsOf(known))
    await third.stop()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
