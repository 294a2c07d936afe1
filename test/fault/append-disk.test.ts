/**
 * Goal: over the wire, a disk that fails is told to whoever appends, and takes nothing that was acknowledged.
 * Method: the real server over a disk that fails as it is told, on a real socket.
 */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import { createServer, type SternaServer } from '../../src/index.ts'
import { openLog } from '../../src/telemetry/log.ts'
import { NumberWriter, assertStored, readNumbers } from '../support/append-load.ts'
import { FaultyDisk } from '../support/faulty-disk.ts'
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
import { temporaryDirectory } from '../support/start-server.ts'

const FRAMES = [schemaFrame(field('n', INT64)), integerBatch(5)]

interface Setting {
  readonly disk: FaultyDisk
  readonly client: RawClient
  readonly url: string
  readonly dataDir: string
  /** Ends the server as it is, with what its logs hold, and starts another on the same folder and a sound disk. */
  restart(): Promise<void>
}

async function withDisk(work: (setting: Setting) => Promise<void>): Promise<void> {
  const dataDir = await temporaryDirectory()
  const start = (disk: FaultyDisk): Promise<SternaServer> =>
    createServer({ port: 0, dataDir, drainMs: 0 }, { disk, log: openLog('silent') })
  const disk = new FaultyDisk()
  let server = await start(disk)
  let client = new RawClient(server.url)
  try {
    await work({
      disk,
      dataDir,
      get client() {
        return client
      },
      get url() {
        return server.url
      },
      restart: async () => {
        client.close()
        await server.stop()
        server = await start(new FaultyDisk())
        client = new RawClient(server.url)
      },
    })
  } finally {
    client.close()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

function append(client: RawClient): Promise<{ code: number; details: string }> {
  return client.exchange(
    'DoPut',
    putMessages(commandDescriptor('{"key": "ticks", "mode": "append"}'), FRAMES),
  )
}

test('after a sync that failed appends are refused until the restart, and all that was acknowledged is there', async () => {
  await withDisk(async (setting) => {
    const { disk, client } = setting
    const writer = new NumberWriter('ticks', 0)
    assert.equal(await writer.run(setting.url, () => writer.next >= 20), GRPC_STATUS.OK)
    disk.syncError = 'EIO'
    const refused = await append(client)
    assert.equal(refused.code, GRPC_STATUS.UNAVAILABLE)
    assert.match(refused.details, /"ticks".*EIO.*\[LOG_FAILED\]$/)
    disk.syncError = null
    assert.match((await append(client)).details, /\[LOG_FAILED\]$/)
    const stats = (await runAction(client, 'stats')) as { tiers: { log: { failed: number } } }
    assert.equal(stats.tiers.log.failed, 1)
    assertStored(await readNumbers(client, 'ticks'), [writer])
    await setting.restart()
    const numbers = await readNumbers(setting.client, 'ticks')
    assertStored(numbers, [writer])
    assert.equal((await append(setting.client)).code, GRPC_STATUS.OK)
  })
})

test('what a log that failed has acknowledged still becomes a part', async () => {
  await withDisk(async (setting) => {
    const { disk, client } = setting
    const writer = new NumberWriter('ticks', 0)
    await writer.run(setting.url, () => writer.next >= 20)
    disk.syncError = 'EIO'
    assert.match((await append(client)).details, /\[LOG_FAILED\]$/)
    disk.syncError = null
    const { rows } = (await runAction(client, 'flush', 'ticks')) as { rows: number }
    assertStored(await readNumbers(client, 'ticks'), [writer])
    assert.equal(rows, (await readNumbers(client, 'ticks')).length)
    assert.deepEqual(await readdir(join(setting.dataDir, 'log', 'ticks')), [])
    await setting.restart()
    assertStored(await readNumbers(setting.client, 'ticks'), [writer])
  })
})

test('on a full disk an append is refused and leaves nothing, and once there is room the next one is stored', async () => {
  await withDisk(async (setting) => {
    const { disk, client } = setting
    assert.equal((await append(client)).code, GRPC_STATUS.OK)
    for (const room of [0, 30, 100, 300]) {
      disk.room = room
      const refused = await append(client)
      assert.equal(refused.code, GRPC_STATUS.UNAVAILABLE)
      assert.match(refused.details, /\[DISK_FULL\]$/)
      assert.equal((await readNumbers(client, 'ticks')).length, 5)
      disk.room = Number.POSITIVE_INFINITY
    }
    assert.equal((await append(client)).code, GRPC_STATUS.OK)
    await setting.restart()
    assert.equal((await readNumbers(setting.client, 'ticks')).length, 10)
  })
})
