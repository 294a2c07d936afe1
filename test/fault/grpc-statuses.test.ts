/**
 * What grpc-js answers before a handler has a say: those statuses too name what was wrong and end in a code, and a
 * compressed message takes no more memory than its limit. Hand-made HTTP/2 calls to both transports.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { GRPC_STATUS } from '../../flight/index.ts'
import { type ErrorCode, ERRORS } from '../../src/errors.ts'
import { LIMITS } from '../../src/limits.ts'
import { callHttp2, Http2Call, prefixed, RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  field,
  fingerprint,
  INT64,
  integerBatch,
  pathDescriptor,
  putMessages,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { withServer } from '../support/start-server.ts'

const MiB = 1024 * 1024
const HEALTH = actionMessage('health')
const GZIP = { 'grpc-encoding': 'gzip' }
/** A gigabyte of zeros: gzip files one after the other are one. */
const BOMB = Buffer.concat(Array<Buffer>(64).fill(gzipSync(Buffer.alloc(16 * MiB))))

interface Misuse {
  readonly name: string
  readonly bytes: Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly code: ErrorCode
  readonly text: RegExp
}

/** All of DoAction, so that each would end well without its mistake. */
const misuses: readonly Misuse[] = [
  {
    name: 'a method that there is not',
    bytes: prefixed(HEALTH),
    headers: { ':path': '/arrow.flight.protocol.FlightService/Do%C3%A9' },
    code: 'NOT_IMPLEMENTED',
    text: /does not implement the method \/arrow.*\/Do%C3%A9/,
  },
  {
    name: 'a call without its message',
    bytes: Buffer.alloc(0),
    code: 'MESSAGE_MALFORMED',
    text: /no request message/,
  },
  {
    name: 'a call with two messages',
    bytes: Buffer.concat([prefixed(HEALTH), prefixed(HEALTH)]),
    code: 'MESSAGE_MALFORMED',
    text: /second request message/,
  },
  {
    name: 'a message over the limit',
    bytes: prefixed(HEALTH, { length: 0x7fff_ffff }),
    code: 'LIMIT_EXCEEDED',
    text: /2147483647 .*1073741824/,
  },
  {
    name: 'gzip that is none',
    bytes: prefixed(Buffer.from('no gzip'), { flag: 1 }),
    headers: GZIP,
    code: 'MESSAGE_MALFORMED',
    text: /marked as gzip is not/,
  },
  {
    name: 'gzip that ends early',
    bytes: prefixed(gzipSync(HEALTH).subarray(0, -9), { flag: 1 }),
    headers: GZIP,
    code: 'MESSAGE_MALFORMED',
    text: /marked as gzip is not/,
  },
  {
    name: 'a compression that is not known',
    bytes: prefixed(HEALTH, { flag: 1 }),
    headers: { 'grpc-encoding': 'snappy' },
    code: 'NOT_IMPLEMENTED',
    text: /"snappy"/,
  },
  {
    name: 'a deadline that is no time',
    bytes: prefixed(HEALTH),
    headers: { 'grpc-timeout': 'soon' },
    code: 'MESSAGE_MALFORMED',
    text: /grpc-timeout value "soon"/,
  },
]

for (const transport of ['tuned', 'stock'] as const) {
  test(`statuses that grpc-js makes have a code, ${transport}`, async (t) => {
    await withServer(
      async ({ url }) => {
        for (const { name, bytes, headers, code, text } of misuses) {
          await t.test(name, async () => {
            const call = new Http2Call(url, 'DoAction', headers)
            call.write(bytes)
            if (code !== 'LIMIT_EXCEEDED') call.halfClose()
            const answer = await call.answer
            assert.equal(answer.code, ERRORS[code].grpc, answer.details)
            assert.match(answer.details, text)
            assert.ok(answer.details.endsWith(`[${code}]`), answer.details)
          })
        }
        await t.test('a call that does not end in time', async () => {
          const call = new Http2Call(url, 'DoPut', { 'grpc-timeout': '300m' })
          const answer = await call.answer
          assert.equal(answer.code, GRPC_STATUS.DEADLINE_EXCEEDED)
          assert.match(answer.details, /deadline of the call passed.*\[DEADLINE_EXCEEDED\]$/)
        })
      },
      { transport },
    )
  })

  test(`messages in gzip and deflate are taken as they were meant, ${transport}`, async () => {
    await withServer(
      async ({ url }) => {
        const client = new RawClient(url)
        const frames = [schemaFrame(field('n', INT64)), integerBatch(5000)]
        const packers = { gzip: gzipSync, deflate: deflateSync, identity: (bytes: Buffer) => bytes }
        const prints = []
        for (const [encoding, pack] of Object.entries(packers)) {
          const flag = encoding === 'identity' ? 0 : 1
          const messages = putMessages(pathDescriptor(encoding), frames)
          const bytes = Buffer.concat(messages.map((message) => prefixed(pack(message), { flag })))
          const answer = await callHttp2(url, 'DoPut', bytes, { 'grpc-encoding': encoding })
          assert.equal(answer.code, GRPC_STATUS.OK, answer.details)
          prints.push(await fingerprint(client, encoding))
        }
        client.close()
        assert.equal(new Set(prints).size, 1)
      },
      { transport },
    )
  })

  test(`messages that inflate to a gigabyte are refused at the limit, ${transport}`, async () => {
    await withServer(
      async ({ url, pid }) => {
        const before = await peakBytes(pid)
        const bytes = prefixed(BOMB, { flag: 1 })
        const answers = await Promise.all(
          Array.from({ length: 16 }, () => callHttp2(url, 'DoPut', bytes, GZIP)),
        )
        for (const { code, details } of answers) {
          assert.equal(code, GRPC_STATUS.RESOURCE_EXHAUSTED, details)
          assert.match(details, /larger than the limit of 67108864 bytes .*\[LIMIT_EXCEEDED\]$/)
          assert.ok(details.includes(`${BOMB.byteLength} bytes of gzip`), details)
        }
        const grownBytes = (await peakBytes(pid)) - before
        // What may be inflated at once, and as much again for the messages themselves and what is not collected yet.
        const boundBytes = 2 * LIMITS.inflatingMessagesMax * LIMITS.inflatedMessageBytesMax
        assert.ok(grownBytes < boundBytes, `The server has grown by ${grownBytes} bytes`)
        const health = await callHttp2(url, 'DoAction', prefixed(HEALTH))
        assert.equal(health.code, GRPC_STATUS.OK, health.details)
        const unknown = await callHttp2(
          url,
          'DoGet',
          prefixed(gzipSync(ticketMessage('nobody')), { flag: 1 }),
          GZIP,
        )
        assert.match(unknown.details, /\[DATASET_NOT_FOUND\]$/)
      },
      { transport },
    )
  })
}

/** The most memory that a process has had in RAM. */
async function peakBytes(pid: number): Promise<number> {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}
