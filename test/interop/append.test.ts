/**
 * Appends as pyarrow makes them, read by a second client, before and after the server ends: killed, with its rows in
 * logs, and told to stop, with its rows in parts.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { NumberWriter, readNumbers } from '../support/append-load.ts'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  commandDescriptor,
  field,
  INT64,
  integerBatch,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const CHECKS = 'test/interop/append_checks.py'

for (const end of ['kill', 'stop'] as const) {
  test(`appends through pyarrow, and again after the server was told to ${end}`, async (t) => {
    const dataDir = await temporaryDirectory()
    try {
      const first = await startServer({ dataDir })
      await runChecks(t, CHECKS, ['first', first.url])
      await first[end]()
      await withServer(
        async ({ url }) => {
          await runChecks(t, CHECKS, ['second', url])
        },
        { dataDir },
      )
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}

test('a log with a changed byte gives all other batches, and its file stays for its owner', async () => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir })
    const writer = new NumberWriter('ticks', 0)
    await writer.run(first.url, () => writer.next >= 20)
    await first.kill()
    const folder = join(dataDir, 'log', 'ticks')
    const [name = ''] = await readdir(folder)
    const bytes = await readFile(join(folder, name))
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 16, bytes.length >> 1)
    await writeFile(join(folder, name), bytes)
    const second = await startServer({ dataDir })
    const client = new RawClient(second.url)
    const numbers = new Set(await readNumbers(client, 'ticks'))
    assert.equal(numbers.size, writer.next - 1)
    assert.match(second.log(), /DATA_CORRUPT/)
    assert.deepEqual(await readdir(join(dataDir, 'quarantine')), ['ticks.1.log'])
    await runAction(client, 'flush', 'ticks')
    assert.equal(new Set(await readNumbers(client, 'ticks')).size, writer.next - 1)
    client.close()
    await second.stop()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('a put that is cancelled keeps the batches that were acknowledged, and no others', async () => {
  await withServer(async ({ url }) => {
    const frames = [schemaFrame(field('n', INT64)), integerBatch(1), integerBatch(2), integerBatch(3)]
    const client = new RawClient(url)
    const call = client.call('DoPut')
    const command = commandDescriptor('{"key": "ticks", "mode": "append"}')
    for (const message of putMessages(command, frames)) call.send(message)
    for (let batch = 0; batch < 3; batch += 1) assert.ok((await call.read()) !== null)
    call.cancel()
    await call.ended
    assert.deepEqual(await readNumbers(client, 'ticks'), [0, 0, 1, 0, 1, 2])
    client.close()
  })
})
