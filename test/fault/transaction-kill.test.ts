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
import { pathToFileURL } from 'node:url'
import { EndTransaction, messages, packAny, unpackAnyAs } from '../../flight/index.ts'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { projectRoot } from '../support/project-root.ts'
import { RawClient } from '../support/raw-client.ts'
import { actionMessage, commandDescriptor, ticketMessage } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const POINTS: readonly Failpoint[] = ['part.synced', 'part.named', 'commit.written', 'commit.done']
const CRASH_AT = pathToFileURL(join(projectRoot, 'dist', 'test', 'support', 'crash-at.js')).href
/** Before the last transaction of a round: the server dies in one of the first. */
const TRANSFERS_MAX = 30

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** Runs a statement that writes. @throws Error with the status of the server */
async function write(
  client: RawClient,
  query: string,
  transactionId: Uint8Array | null = null,
): Promise<void> {
  const command = packAny('CommandStatementUpdate', { query, transactionId })
  const descriptor = messages.FlightDescriptor.decode(commandDescriptor(command))
  const message = messages.FlightData.encode({ flightDescriptor: descriptor })
  const { code, details } = await client.exchange('DoPut', [message])
  if (code !== 0) throw new Error(details)
}

async function act(client: RawClient, type: string, body: Uint8Array): Promise<Buffer[]> {
  const { code, details, messages: results } = await client.exchange('DoAction', [actionMessage(type, body)])
  if (code !== 0) throw new Error(details)
  return results.map((result) => Buffer.from(messages.Result.decode(result).body))
}

/** Moves 1 from one table to the other, and a row of a log from here to there. */
async function transfer(client: RawClient, step: number): Promise<void> {
  const [begun = Buffer.alloc(0)] = await act(
    client,
    'BeginTransaction',
    packAny('ActionBeginTransactionRequest', {}),
  )
  const { transactionId } = unpackAnyAs('ActionBeginTransactionResult', begun)
  await write(client, 'UPDATE debit SET n = n - 1 WHERE id = 1', transactionId)
  await write(client, 'UPDATE credit SET n = n + 1 WHERE id = 1', transactionId)
  await write(client, `DELETE FROM debit WHERE id = ${step + 100}`, transactionId)
  await write(client, `INSERT INTO credit VALUES (${step + 100}, 0)`, transactionId)
  const action = EndTransaction.END_TRANSACTION_COMMIT
  await act(client, 'EndTransaction', packAny('ActionEndTransactionRequest', { transactionId, action }))
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
    const env = { NODE_OPTIONS: `--import=${CRASH_AT}`, CRASH_AT: `${point}:9` }
    const doomed = await startServer({ dataDir, env })
    const client = new RawClient(doomed.url)
    let done = 0
    await write(client, 'CREATE TABLE debit AS SELECT range AS id, 1000::BIGINT AS n FROM range(200)')
    await write(client, 'CREATE TABLE credit AS SELECT 1::BIGINT AS id, 0::BIGINT AS n')
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
