/**
 * Goal: a rollback that is cut off has happened, or has not; rows of the log are never lost to it nor brought back.
 * Method: the real server ends itself by SIGKILL at each failpoint that a rollback comes by, and is started again.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Database } from '../../src/store/catalog/database.ts'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { BATCH_ROWS, NumberWriter, readNumbers } from '../support/append-load.ts'
import { projectRoot } from '../support/project-root.ts'
import { RawClient } from '../support/raw-client.ts'
import { actionMessage, partsOf, runAction } from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'

/** Where the log becomes a part (the first pass), and where the rollback itself goes on. */
const CRASHES: readonly (readonly [Failpoint, passes: number])[] = [
  ['flush.sealed', 1],
  ['part.named', 1],
  ['part.named', 2],
  ['part.named', 3],
  ['part.written', 2],
  ['part.folder_synced', 2],
  ['commit.begun', 1],
  ['commit.begun', 2],
  ['commit.written', 2],
  ['commit.done', 2],
]

const CRASH_AT = pathToFileURL(join(projectRoot, 'dist', 'test', 'support', 'crash-at.js')).href
const KEPT = ['--history', '1d']

async function withClient<T>({ url }: RunningServer, work: (client: RawClient) => Promise<T>): Promise<T> {
  const client = new RawClient(url)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/** Files that the catalog names. */
function namedParts(dataDir: string): string[] {
  const database = Database.open(join(dataDir, 'catalog.sqlite'), 'wal')
  const rows = database.all<[string]>('SELECT path FROM ducklake_data_file ORDER BY 1')
  database.close()
  return rows.map(([path]) => path)
}

for (const [name, passes] of CRASHES) {
  test(`a rollback that is killed at ${name}, pass ${passes}, has happened or has not`, async () => {
    const dataDir = await temporaryDirectory()
    try {
      const first = await startServer({ dataDir, args: KEPT })
      const writer = new NumberWriter('ticks', 0)
      await writer.run(first.url, () => writer.next >= 20)
      const flushed = await withClient(first, (client) => runAction(client, 'flush', 'ticks'))
      const { version, rows } = flushed as { version: number; rows: number }
      await writer.run(first.url, () => writer.next >= 40)
      await first.kill()
      const before = writer.next * BATCH_ROWS

      const env = { NODE_OPTIONS: `--import=${CRASH_AT}`, CRASH_AT: `${name}:${passes}` }
      const second = await startServer({ dataDir, args: KEPT, env })
      await withClient(second, (client) =>
        client.exchange('DoAction', [actionMessage('rollback', JSON.stringify({ key: 'ticks', version }))]),
      )
      assert.equal(await second.ended, 'SIGKILL')

      const third = await startServer({ dataDir, args: KEPT })
      const numbers = await withClient(third, async (client) => {
        const { problems } = (await runAction(client, 'check')) as { problems: readonly unknown[] }
        assert.deepEqual(problems, [])
        return readNumbers(client, 'ticks')
      })
      assert.ok([before, rows].includes(numbers.length), `${numbers.length} of ${before} or ${rows} rows`)
      assert.deepEqual(
        numbers,
        numbers.map((_, row) => Math.floor(row / BATCH_ROWS)),
      )
      if (name === 'commit.done') assert.equal(numbers.length, rows)
      await third.stop()
      assert.deepEqual(await partsOf(dataDir), namedParts(dataDir))
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}
