/**
 * Goal: a lost catalog takes nothing that was appended with it.
 * Method: a real server is killed with rows in parts and in logs, its catalog removed and made again by `sterna repair`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { assertStored, NumberWriter, readNumbers } from '../support/append-load.ts'
import { projectRoot } from '../support/project-root.ts'
import { RawClient } from '../support/raw-client.ts'
import { runAction } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const run = promisify(execFile)

/** Keys, and what is done after their first rows came, before their last ones do. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  logged: [],
  flushed: ['flush'],
  compacted: ['flush', 'compact'],
}

test('repair makes the catalog again for parts and logs, and each batch is there once', async () => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir })
    const client = new RawClient(first.url)
    const writers = new Map<string, NumberWriter>()
    for (const [key, actions] of Object.entries(CASES)) {
      const writer = new NumberWriter(key, 0)
      writers.set(key, writer)
      await writer.run(first.url, () => writer.next >= 20)
      for (const action of actions) await runAction(client, action, key)
      if (actions.length > 0) await writer.run(first.url, () => writer.next >= 60)
    }
    client.close()
    await first.kill()
    for (const name of await readdir(dataDir)) {
      if (name.startsWith('catalog.sqlite')) await rm(join(dataDir, name))
    }
    await run(join(projectRoot, 'bin', 'sterna'), ['repair', '--data-dir', dataDir])
    for (let start = 0; start < 2; start += 1) {
      const server = await startServer({ dataDir })
      const reader = new RawClient(server.url)
      for (const [key, writer] of writers) {
        assertStored(await readNumbers(reader, key), [writer])
        const before = writer.next
        await writer.run(server.url, () => writer.next >= before + 20)
        assertStored(await readNumbers(reader, key), [writer])
      }
      reader.close()
      assert.equal(existsSync(join(dataDir, 'quarantine')), false)
      if (start === 0) await server.kill()
      else assert.equal(await server.stop(), 0)
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
