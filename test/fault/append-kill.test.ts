/**
 * Goal: what was acknowledged is there once, whole and in order, whenever the server was killed.
 * Method: several writers append with ids to real servers, whose logs become parts all the time; each server is killed
 * at a random moment, started again and read, and the writers send again what they heard nothing of.
 */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GRPC_STATUS } from '../../flight/index.ts'
import { assertStored, BATCH_ROWS, NumberWriter, readNumbers } from '../support/append-load.ts'
import { randomFrom, testRounds, testSeed } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import { partsOf, runAction, ticketMessage } from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'

const KILLS = 4 * testRounds
const LANES = 3
const WRITERS = 4

/** Every few batches a part: most kills then hit a flush, too. */
const ENV = {
  STERNA_APPEND_FLUSH_ROWS: '1',
  STERNA_APPEND_FLUSH_SIZE: '64KiB',
  STERNA_APPEND_FLUSH_MS: '100',
}

const folders: string[] = []

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function lane(index: number): Promise<void> {
  const random = randomFrom(testSeed + index)
  const dataDir = await temporaryDirectory()
  folders.push(dataDir)
  const writers = Array.from({ length: WRITERS }, (_, writer) => new NumberWriter('ticks', writer))
  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await startServer({ dataDir, env: ENV })
    await assertAll(server, writers)
    const runs = writers.map((writer) => writer.run(server.url))
    await sleep(10 + random() * 250)
    await server.kill()
    for (const code of await Promise.all(runs)) assert.equal(code, GRPC_STATUS.UNAVAILABLE)
  }
  const last = await startServer({ dataDir, env: ENV })
  await assertAll(last, writers)
  const over = Date.now() + 100
  for (const code of await Promise.all(
    writers.map((writer) => writer.run(last.url, () => Date.now() > over)),
  ))
    assert.equal(code, GRPC_STATUS.OK)
  await assertAll(last, writers)
  assert.equal(await last.stop(), 0)
  assert.deepEqual(await readdir(join(dataDir, 'log', 'ticks')), [])
  const again = await startServer({ dataDir, env: ENV })
  await assertAll(again, writers)
  const client = new RawClient(again.url)
  const { part_list: parts } = (await runAction(client, 'describe', 'ticks')) as {
    part_list: { name: string }[]
  }
  client.close()
  assert.deepEqual(await partsOf(dataDir), parts.map(({ name }) => name).sort())
  await again.stop()
}

/** By DoGet and by SQL. */
async function assertAll(server: RunningServer, writers: readonly NumberWriter[]): Promise<void> {
  const client = new RawClient(server.url)
  const numbers = await readNumbers(client, 'ticks')
  assertStored(numbers, writers)
  if (numbers.length > 0) {
    const sql = `SELECT n FROM ticks GROUP BY n HAVING count(*) <> ${BATCH_ROWS}`
    const answer = await client.exchange('DoGet', [ticketMessage(JSON.stringify({ sql }))])
    assert.equal(answer.code, GRPC_STATUS.OK, answer.details)
    // Only the schema: there is no such number.
    assert.equal(answer.messages.length, 1)
  }
  client.close()
}

test(`every acknowledged batch outlives ${KILLS * LANES} kills, once and whole (seed ${testSeed})`, async () => {
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
})
