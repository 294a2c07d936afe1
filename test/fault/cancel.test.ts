/**
 * Cancels after every message of a put and after every frame of a get, whatever the frames come from. After each one
 * nothing is half stored, nothing is held, pinned or running, and the disk is as it was.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFlightData, type Frame, GRPC_STATUS, peekMessage } from '../../flight/index.ts'
import { Http2Call, prefixed, RawClient } from '../support/raw-client.ts'
import {
  commandDescriptor,
  eventually,
  field,
  fingerprint,
  INT64,
  integerBatch,
  partsOf,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { shareWatched } from '../support/watched-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { goldenFrames } from '../unit/flight/golden.ts'

/** A server that makes a part of every megabyte, so that parts are written while a put still runs. */
const withSmallParts = shareWatched({ config: ['part_size = "1MiB"'] })

const integers = schemaFrame(field('n', INT64))
/** A little over half a megabyte: every second one completes a part. */
const large = integerBatch(70_000)

const puts: readonly { readonly what: string; readonly frames: readonly Frame[] }[] = [
  { what: 'small batches with dictionaries', frames: (await goldenFrames('ticks')).slice(0, 12) },
  { what: 'batches that become parts on the way', frames: [integers, ...Array<Frame>(9).fill(large)] },
]

for (const { what, frames } of puts) {
  for (const end of ['cancelled', 'cancelled and closed', 'gone with its connection'] as const) {
    test(`a put of ${what}, ${end} after any message, leaves nothing`, async () => {
      await withSmallParts(async ({ server, client, watched }) => {
        await store(client, 'grown', frames)
        const others = await partsBeside(server)
        const before = await fingerprint(client, 'grown')
        for (const [key, mode] of [
          ['new', 'create'],
          ['grown', 'replace'],
        ] as const) {
          const messages = putMessages(commandDescriptor(JSON.stringify({ key, mode })), frames)
          for (let count = 0; count <= messages.length; count += 1) {
            const leave = await begin(server, messages.slice(0, count), end)
            if (count > 0) await eventually(async () => assert.equal(await watched.count('puts'), 1))
            await leave()
            await watched.assertUntouched(others)
            await assertMissing(client, 'new')
            assert.equal(await fingerprint(client, 'grown'), before)
          }
        }
      })
    })
  }
}

/** Sends the messages of a put and keeps it open. @returns ends it as it is told, once every batch was answered */
async function begin(
  server: RunningServer,
  messages: readonly Buffer[],
  end: 'cancelled' | 'cancelled and closed' | 'gone with its connection',
): Promise<() => Promise<void>> {
  const answers = Math.max(0, messages.filter(holdsBatch).length)
  if (end === 'gone with its connection') {
    const call = new Http2Call(server.url, 'DoPut')
    call.write(Buffer.concat(messages.map((message) => prefixed(message))))
    return async () => {
      call.vanish()
      await call.answer
    }
  }
  const own = new RawClient(server.url)
  const call = own.call('DoPut')
  for (const message of messages) call.send(message)
  return async () => {
    for (let batch = 0; batch < answers; batch += 1) assert.ok((await call.read()) !== null)
    call.cancel()
    if (end === 'cancelled') await call.ended
    own.close()
  }
}

function holdsBatch(message: Buffer): boolean {
  const { dataHeader } = decodeFlightData(message)
  return peekMessage(dataHeader).kind === 'batch'
}

test('a put that is cancelled as it commits is there whole or not at all', async () => {
  await withSmallParts(async ({ client, watched, server }) => {
    const frames = [integers, large, large, large]
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const key = `late${attempt}`
      const call = client.call('DoPut')
      for (const message of putMessages(pathDescriptor(key), frames)) call.send(message)
      call.halfClose()
      for (let batch = 0; batch < 3; batch += 1) await call.read()
      await new Promise((resolve) => setTimeout(resolve, attempt * 2))
      call.cancel()
      await eventually(async () => assert.equal(await watched.count('puts'), 0))
      const found = (await runAction(client, 'list', JSON.stringify({ glob: key }))) as {
        rows: number
        parts: number
      }[]
      assert.ok(found.length === 0 || found[0]?.rows === 210_000, JSON.stringify(found))
    }
    await watched.assertUntouched((await partsOf(server.dataDir)).filter((name) => name.startsWith('late')))
    const listed = (await runAction(client, 'list', '{"glob": "late*"}')) as { parts: number }[]
    const parts = listed.reduce((sum, dataset) => sum + dataset.parts, 0)
    assert.equal((await partsOf(server.dataDir)).length, parts + 1)
  })
})

/** Where the frames of a get come from; each gives more than client and server together buffer. */
const gets: readonly { readonly what: string; readonly ticket: object; readonly isCold: boolean }[] = [
  { what: 'the cache', ticket: { key: 'big' }, isCold: false },
  { what: 'Parquet', ticket: { key: 'big' }, isCold: true },
  { what: 'SQL', ticket: { sql: 'SELECT n, n * 2 AS m FROM big' }, isCold: false },
  { what: 'a range', ticket: { key: 'big', where: 'n >= 0' }, isCold: false },
]

for (const { what, ticket, isCold } of gets) {
  test(`a get from ${what}, cancelled after any frame, leaves nothing`, async () => {
    await withSmallParts(async ({ server, client, watched }) => {
      await store(client, 'big', [integers, ...Array<Frame>(24).fill(large)])
      const others = await partsBeside(server)
      const message = ticketMessage(JSON.stringify(ticket))
      if (isCold) await runAction(client, 'evict', 'big')
      const whole = await client.exchange('DoGet', [message])
      assert.ok(whole.messages.length > 20, `${whole.details}: ${whole.messages.length} messages`)
      for (let count = 0; count <= whole.messages.length; count += 1) {
        if (isCold) await runAction(client, 'evict', 'big')
        const call = client.call('DoGet')
        call.send(message)
        call.halfClose()
        for (let frame = 0; frame < count; frame += 1) assert.ok((await call.read()) !== null)
        call.cancel()
        await watched.assertUntouched(others)
      }
      if (isCold) await runAction(client, 'evict', 'big')
      const again = await client.exchange('DoGet', [message])
      assert.equal(again.code, GRPC_STATUS.OK, again.details)
      assert.equal(rowBytes(again.messages), rowBytes(whole.messages))
    })
  })
}

test('a reader that leaves takes nothing from the one that loads the same dataset with it', async () => {
  await withSmallParts(async ({ server, client, watched }) => {
    await store(client, 'big', [integers, ...Array<Frame>(24).fill(large)])
    const others = await partsBeside(server)
    await runAction(client, 'evict', 'big')
    const whole = await fingerprint(client, 'big')
    for (const count of [0, 1, 5, 20]) {
      await runAction(client, 'evict', 'big')
      const leaver = client.call('DoGet')
      leaver.send(ticketMessage('big'))
      leaver.halfClose()
      const stayer = fingerprint(client, 'big')
      for (let frame = 0; frame < count; frame += 1) await leaver.read()
      leaver.cancel()
      assert.equal(await stayer, whole)
      await watched.assertUntouched(others)
    }
  })
})

async function store(client: RawClient, key: string, frames: readonly Frame[]): Promise<void> {
  const { code, details } = await client.exchange('DoPut', putMessages(pathDescriptor(key), frames))
  assert.equal(code, GRPC_STATUS.OK, details)
}

/** The parts besides those of the dataset that is watched. */
async function partsBeside(server: RunningServer): Promise<string[]> {
  return (await partsOf(server.dataDir)).filter((name) => name !== 'stored.parquet')
}

async function assertMissing(client: RawClient, key: string): Promise<void> {
  const { code } = await client.exchange('DoGet', [ticketMessage(key)])
  assert.equal(code, GRPC_STATUS.NOT_FOUND)
}

function rowBytes(messages: readonly Buffer[]): number {
  return messages.reduce((sum, message) => sum + message.byteLength, 0)
}
