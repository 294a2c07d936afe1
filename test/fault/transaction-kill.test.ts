/**
 * Goal: a transaction over several datasets is there whole or not at all, wherever in its commit the server is killed,
 * and one that the client was told of is there.
 * Method: the real server ends itself by SIGKILL at failpoints of a commit, while a client moves amounts between
 * two tables by UPDATE, DELETE and INSERT in transactions; then it is started again, and the sums are read.
 */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { messages } from '../../flight/index.ts'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { crashAt } from '../support/failpoint-env.ts'
import { RawClient, type RawStatus } from '../support/raw-client.ts'
import { ticketMessage } from '../support/raw-flight.ts'
import { beginTransaction, endTransaction, write } from '../support/sql-writes.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const POINTS: readonly Failpoint[] = ['part.synced', 'part.named', 'commit.written', 'commit.done']
/** Before the last transaction of a round: the server dies in one of the first. */
const TRANSFERS_MAX = 30

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** @throws Error with the status of the server */
function ok({ code, details }: RawStatus): void {
  if (code !== 0) throw new Error(details)
}

/** Moves 1 from one table to the other, and a row of a log from here to there. */
async function transfer(client: RawClient, step: number): Promise<void> {
  const id = await beginTransaction(client)
  ok(await write(client, 'UPDATE debit SET n = n - 1 WHERE id = 1', id))
  ok(await write(client, 'UPDATE credit SET n = n + 1 WHERE id = 1', id))
  ok(await write(client, `DELETE FROM debit WHERE id = ${step + 100}`, id))
  ok(await write(client, `INSERT INTO credit VALUES (${step + 100}, 0)`, id))
  ok(await endTransaction(client, id, 'commit'))
}

/** The numbers that a query gives in its one row. */
async function numbers(client: RawClient, sql: string): Promise<number[]> {
  const {
    code,
    details,
    messages: received,
  } = await client.exchange('DoGet', [ticketMessage(JSON.stringify({ sql }))])
  assert.equal(code, 0, details)
  const body = Buffer.from(messages.FlightData.decode(received.at(-1) ?? Buffer.alloc(0)).dataBody)
  return Array.from({ length: body.length / 8 }, (_, index) => Number(body.readBigInt64LE(index * 8)))
}

for (const point of POINTS) {
  test(`a transaction is there whole or not at all after a kill at ${point}`, async () => {
    const dataDir = await temporaryDirectory()
    folders.push(dataDir)
    const env = crashAt(point, 9)
    const doomed = await startServer({ dataDir, env })
    const client = new RawClient(doomed.url)
    let done = 0
    ok(await write(client, 'CREATE TABLE debit AS SELECT range AS id, 1000::BIGINT AS n FROM range(200)'))
    ok(await write(client, 'CREATE TABLE credit AS SELECT 1::BIGINT AS id, 0::BIGINT AS n'))
    try {
      for (; done < TRANSFERS_MAX; done += 1) await transfer(client, done)
    } catch {
      // It was killed in the middle of this one.
    }
    client.close()
    assert.ok(done < TRANSFERS_MAX, 'the server outlived its failpoint')
    assert.equal(await doomed.ended, 'SIGKILL')

    const server = await startServer({ dataDir })
    const reader = new RawClient(server.url)
    try {
      const [debit = 0, credit = 0, left = 0, moved = 0] = await numbers(
        reader,
        `SELECT (SELECT n FROM debit WHERE id = 1), (SELECT n FROM credit WHERE id = 1),
           (SELECT count(*) FROM debit WHERE id >= 100), (SELECT count(*) FROM credit WHERE id >= 100)`,
      )
      assert.ok(credit === done || credit === done + 1, `${credit} of ${done} transfers are there`)
      assert.deepEqual([debit, left, moved], [1000 - credit, 100 - credit, credit])
      assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
      const parts = (await readdir(join(dataDir, 'cold'))).length
      // One part for each of what was made at once, and one for each INSERT.
      assert.equal(parts, 2 + credit)
    } finally {
      reader.close()
      await server.stop()
    }
  })
}
