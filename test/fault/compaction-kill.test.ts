// Goal: a compaction that is killed at any moment loses and doubles no row, and leaves no file that nobody names.
// Method: a server is killed at random times while it compacts, with readers on it; the next one must have all rows in
// their order, and in the folder of the parts what its catalog names.
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GRPC_STATUS } from '../../flight/index.ts'
import { readNumbers } from '../support/append-load.ts'
import { randomFrom, testRounds, testSeed } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  commandDescriptor,
  field,
  INT64,
  integerBatch,
  partsOf,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const ROUNDS = 4 * testRounds
const PARTS = 4
const ROWS = 50_000

interface Description {
  readonly part_list: readonly { readonly name: string }[]
}

async function addParts(client: RawClient): Promise<void> {
  for (let part = 0; part < PARTS; part += 1) {
    const descriptor = commandDescriptor('{"key": "n", "mode": "append"}')
    const frames = [schemaFrame(field('n', INT64)), integerBatch(ROWS)]
    const { code, details } = await client.exchange('DoPut', putMessages(descriptor, frames))
    assert.equal(code, GRPC_STATUS.OK, details)
    await runAction(client, 'flush', 'n')
  }
}

test(`a compaction that is killed leaves every row once (seed ${testSeed})`, async () => {
  const random = randomFrom(testSeed)
  const dataDir = await temporaryDirectory()
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      // Of its own accord it would begin to compact at the start.
      const server = await startServer({ dataDir, env: { STERNA_COMPACTION_MODE: 'off' } })
      const client = new RawClient(server.url)
      const numbers = await readNumbers(client, 'n')
      assert.equal(numbers.length, round * PARTS * ROWS)
      assert.ok(numbers.every((number, row) => number === row % ROWS))
      if (round > 0) {
        const { part_list: parts } = (await runAction(client, 'describe', 'n')) as Description
        assert.deepEqual(await partsOf(dataDir), parts.map(({ name }) => name).sort())
        assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
      }
      if (round === ROUNDS) {
        client.close()
        await server.stop()
        break
      }
      await addParts(client)
      const compacting = client.exchange('DoAction', [actionMessage('compact', 'n')])
      await sleep(random() * 400)
      await server.kill()
      await compacting.catch(() => undefined)
      client.close()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
