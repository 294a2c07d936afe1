/**
 * Clients that break the transport rather than the messages: they lie about lengths, stop in the middle, never read,
 * never finish or vanish. Each is answered where it can be, and leaves nothing behind.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GRPC_STATUS, makeFrame } from '../../flight/index.ts'
import { callHttp2, type Http2Answer, Http2Call, prefixed, RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  commandDescriptor,
  eventually,
  field,
  INT64,
  integerBatch,
  pathDescriptor,
  putMessages,
  rssBytes,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { type Setting, shareWatched, withWatched } from '../support/watched-server.ts'

const MiB = 1024 * 1024
const integers = schemaFrame(field('n', INT64))
/** It would run for years. */
const ENDLESS = 'SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range <> b.range'

const withShared = shareWatched()

type Work = (setting: Setting) => Promise<void>

/** Afterwards nothing is left, whatever the client did. */
function leavingNothing(work: Work): Work {
  return async (setting) => {
    await work(setting)
    await setting.watched.assertUntouched()
  }
}

function withUntouched(work: Work): Promise<void> {
  return withShared(leavingNothing(work))
}

/** With a server of its own. */
function withFresh(work: Work, config: readonly string[] = []): Promise<void> {
  return withWatched(leavingNothing(work), { config })
}

/** A put of two batches as DATA frames, and where its last message begins. */
function twoBatches(): { bytes: Buffer; lastAt: number } {
  const messages = putMessages(pathDescriptor('cut'), [integers, integerBatch(10), integerBatch(10)])
  const bytes = messages.map((message) => prefixed(message))
  const all = Buffer.concat(bytes)
  return { bytes: all, lastAt: all.length - (bytes.at(-1)?.length ?? 0) }
}

function assertStatus(answer: Http2Answer, code: number, text: RegExp): void {
  assert.equal(answer.code, code, answer.details)
  assert.match(answer.details, text)
}

test('a stream that ends inside a message is refused, wherever it is cut, and stores nothing', async () => {
  await withUntouched(async ({ server, watched }) => {
    const { bytes, lastAt } = twoBatches()
    for (const cutAt of [lastAt + 1, lastAt + 4, lastAt + 5, lastAt + 6, bytes.length - 1]) {
      const answer = await callHttp2(server.url, 'DoPut', bytes.subarray(0, cutAt))
      assertStatus(
        answer,
        GRPC_STATUS.INVALID_ARGUMENT,
        /ended in the middle of a message \[MESSAGE_MALFORMED\]$/,
      )
      await watched.assertUntouched()
    }
  })
})

test('a length over the limit is refused before its bytes come', async () => {
  await withUntouched(async ({ server }) => {
    const { bytes } = twoBatches()
    const lie = Buffer.concat([bytes, prefixed(Buffer.alloc(10), { length: 0x7fff_ffff })])
    const call = new Http2Call(server.url, 'DoPut')
    call.write(lie)
    const answer = await call.answer
    assertStatus(
      answer,
      GRPC_STATUS.RESOURCE_EXHAUSTED,
      /2147483647 bytes .* limit of 1073741824 bytes \[LIMIT_EXCEEDED\]/,
    )
  })
})

test('lengths within the limit that are never filled take no memory of that size', async () => {
  await withFresh(async ({ server, watched }) => {
    const { bytes } = twoBatches()
    const before = await rssBytes(server.pid)
    const calls = [60 * MiB, 2 ** 30].flatMap((length) =>
      Array.from({ length: 20 }, () => {
        const call = new Http2Call(server.url, 'DoPut')
        call.write(Buffer.concat([bytes, prefixed(Buffer.alloc(10), { length })]))
        return call
      }),
    )
    await eventually(async () => assert.equal(await watched.count('puts'), calls.length))
    const grownBytes = (await rssBytes(server.pid)) - before
    assert.ok(grownBytes < 300 * MiB, `The server has grown by ${grownBytes} bytes`)
    for (const call of calls) call.halfClose()
    for (const call of calls) {
      assertStatus(await call.answer, GRPC_STATUS.INVALID_ARGUMENT, /\[MESSAGE_MALFORMED\]$/)
    }
  })
})

test('a put that does not end in time is ended by its deadline and stores nothing', async () => {
  await withUntouched(async ({ server }) => {
    const call = new Http2Call(server.url, 'DoPut', { 'grpc-timeout': '300m' })
    call.write(twoBatches().bytes)
    const answer = await call.answer
    assertStatus(answer, GRPC_STATUS.DEADLINE_EXCEEDED, /[Dd]eadline/)
  })
})

for (const rpc of ['DoGet', 'DoAction', 'DoExchange'] as const) {
  test(`SQL of a ${rpc} that does not end in time is ended by its deadline`, async () => {
    await withUntouched(async ({ server }) => {
      const message = {
        DoGet: ticketMessage(JSON.stringify({ sql: ENDLESS })),
        DoAction: actionMessage('explain', JSON.stringify({ sql: ENDLESS, analyze: true })),
        DoExchange:
          putMessages(commandDescriptor(ENDLESS), [makeFrame(new Uint8Array(), [])])[0] ?? Buffer.alloc(0),
      }[rpc]
      const answer = await callHttp2(server.url, rpc, prefixed(message), { 'grpc-timeout': '500m' })
      assertStatus(answer, GRPC_STATUS.DEADLINE_EXCEEDED, /[Dd]eadline/)
    })
  })
}

test('a client that never reads its PutResults is stopped, and stores nothing', async () => {
  await withUntouched(async ({ client, server }) => {
    const call = client.call('DoPut')
    const batch = integerBatch(1)
    const loud = makeFrame(batch.header, batch.body, { rows: 1, appMetadata: Buffer.alloc(1024 * 1024, 'x') })
    for (const message of putMessages(pathDescriptor('loud'), [
      integers,
      ...Array<typeof loud>(100).fill(loud),
    ])) {
      call.send(message)
    }
    call.halfClose()
    await eventually(async () => assert.match(server.log(), /LIMIT_EXCEEDED/))
    // The status stands behind what was sent before it, so that it comes to a client that reads.
    while ((await call.read()) !== null);
    const status = await call.ended
    assert.equal(status.code, GRPC_STATUS.RESOURCE_EXHAUSTED, status.details)
    assert.match(status.details, /PutResults unread; the limit is 67108864.* \[LIMIT_EXCEEDED\]/)
  })
})

test('puts that stand still hold no more together than their share', async () => {
  await withFresh(
    async ({ server, watched }) => {
      const clients = Array.from({ length: 10 }, () => new RawClient(server.url))
      const batch = integerBatch(128 * 1024)
      const calls = clients.map((client, index) => {
        const call = client.call('DoPut')
        for (const message of putMessages(pathDescriptor(`still${index}`), [
          integers,
          ...Array<typeof batch>(7).fill(batch),
        ])) {
          call.send(message)
        }
        return call
      })
      for (const call of calls) for (let count = 0; count < 7; count += 1) await call.read()
      assert.equal(await watched.count('puts'), 10)
      // Of 70 MiB: 16 for all, and of each what makes no part yet.
      const heldBytes = await watched.count('held_bytes')
      assert.ok(heldBytes < 40 * MiB, `${heldBytes} bytes are held`)
      for (const call of calls) call.cancel()
      for (const client of clients) client.close()
    },
    ['cache_size = "16MiB"', 'part_size = "1MiB"'],
  )
})

for (const where of ['between two messages', 'inside a message'] as const) {
  test(`a client that vanishes ${where} leaves nothing`, async () => {
    await withUntouched(async ({ server, watched }) => {
      const { bytes, lastAt } = twoBatches()
      const call = new Http2Call(server.url, 'DoPut')
      call.write(bytes.subarray(0, where === 'inside a message' ? lastAt + 20 : lastAt))
      await eventually(async () => assert.equal(await watched.count('puts'), 1))
      call.vanish()
      assert.equal((await call.answer).code, null)
    })
  })
}
