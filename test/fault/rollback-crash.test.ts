/**
 * Goal: a rollback that is cut off has happened, or has not; rows of the log are never lost to it nor brought back.
 * Method: the real server ends itself by SIGKILL at each failpoint that a rollback comes by, and is started again.
 */
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { BATCH_ROWS, NumberWriter, readNumbers } from '../support/append-load.ts'
import { crashAt } from '../support/failpoint-env.ts'
import { namedParts } from '../support/named-parts.ts'
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

const KEPT = ['--history', '1d']

async function withClient<T>({ url }: RunningServer, work: (client: RawClient) => Promise<T>): Promise<T> {
  const client = new RawClient(url)
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/** A lake to go back in: with parts, and with a log after them. */
interface Filled {
  readonly dataDir: string
  /** Of the parts alone, which hold the first rows. */
  readonly version: number
  readonly rows: number
  /** With those of the log. */
  readonly rowsInAll: number
}

async function fill(): Promise<Filled> {
  const dataDir = await temporaryDirectory()
  const server = await startServer({ dataDir, args: KEPT })
  const writer = new NumberWriter('ticks', 0)
  await writer.run(server.url, () => writer.next >= 20)
  const flushed = await withClient(server, (client) => runAction(client, 'flush', 'ticks'))
  const { version, rows } = flushed as { version: number; rows: number }
  await writer.run(server.url, () => writer.next >= 40)
  await server.kill()
  return { dataDir, version, rows, rowsInAll: writer.next * BATCH_ROWS }
}

let filled: Filled

before(async () => {
  filled = await fill()
})

after(() => rm(filled.dataDir, { recursive: true, force: true }))

for (const [name, passes] of CRASHES) {
  test(`a rollback that is killed at ${name}, pass ${passes}, has happened or has not`, async () => {
    const dataDir = await temporaryDirectory()
    const { version, rows, rowsInAll } = filled
    try {
      await cp(filled.dataDir, dataDir, { recursive: true })
      const env = crashAt(name, passes)
      const doomed = await startServer({ dataDir, args: KEPT, env })
      await withClient(doomed, (client) =>
        client.exchange('DoAction', [actionMessage('rollback', JSON.stringify({ key: 'ticks', version }))]),
      )
      assert.equal(await doomed.ended, 'SIGKILL')

      const server = await startServer({ dataDir, args: KEPT })
      const numbers = await withClient(server, async (client) => {
        const { problems } = (await runAction(client, 'check')) as { problems: readonly unknown[] }
        assert.deepEqual(problems, [])
        return readNumbers(client, 'ticks')
      })
      assert.ok(
        [rowsInAll, rows].includes(numbers.length),
        `${numbers.length} of ${rowsInAll} or ${rows} rows`,
      )
      assert.deepEqual(
        numbers,
        numbers.map((_, row) => Math.floor(row / BATCH_ROWS)),
      )
      if (name === 'commit.done') assert.equal(numbers.length, rows)
      await server.stop()
      assert.deepEqual(await partsOf(dataDir), namedParts(dataDir))
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}
