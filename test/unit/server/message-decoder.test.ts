/**
 * Joining DATA frames into gRPC messages: whatever the cuts, the same messages come out, each with its prefix; a
 * message over the limit is refused as soon as its length is known.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LIMITS } from '../../../src/limits.ts'
import { MessageDecoder } from '../../../src/server/message-decoder.ts'

function framed(message: Uint8Array, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = compressed
  prefix.writeUInt32BE(message.byteLength, 1)
  return Buffer.concat([prefix, message])
}

function decode(chunks: readonly Buffer[], limit = 1_000_000): Buffer[] {
  const decoder = new MessageDecoder(limit)
  return chunks.flatMap((chunk) => decoder.write(chunk))
}

test('the same messages come out however the bytes are cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 })
  fc.assert(
    fc.property(messages, fc.array(fc.nat(30), { maxLength: 20 }), (bodies, cuts) => {
      const whole = Buffer.concat(bodies.map((body) => framed(body)))
      const chunks: Buffer[] = []
      let position = 0
      for (const cut of cuts) {
        chunks.push(whole.subarray(position, position + cut))
        position += cut
      }
      chunks.push(whole.subarray(position))
      assert.deepEqual(
        decode(chunks),
        bodies.map((body) => framed(body)),
      )
    }),
  )
})

test('messages without bytes, and the compressed flag, are kept', () => {
  const bytes = Buffer.concat([
    framed(Buffer.alloc(0)),
    framed(Buffer.from('zip'), 1),
    framed(Buffer.alloc(0)),
  ])
  assert.deepEqual(decode([bytes]), [
    framed(Buffer.alloc(0)),
    framed(Buffer.from('zip'), 1),
    framed(Buffer.alloc(0)),
  ])
})

test('a message over the limit is refused at its length, with both figures', () => {
  const prefix = framed(Buffer.alloc(0))
  prefix.writeUInt32BE(1001, 1)
  assert.throws(() => decode([prefix], 1000), /1001 bytes.*limit of 1000 bytes \[LIMIT_EXCEEDED\]/)
})

test('a length that no bytes follow reserves no memory', () => {
  const prefix = framed(Buffer.alloc(0))
  prefix.writeUInt32BE(1_000_000_000, 1)
  const before = process.memoryUsage().arrayBuffers
  const decoder = new MessageDecoder(0xffff_ffff)
  assert.deepEqual(decoder.write(prefix), [])
  assert.ok(process.memoryUsage().arrayBuffers - before < LIMITS.preallocatedMessageBytesMax)
})

test('a message over the preallocation limit comes out whole', () => {
  const body = Buffer.alloc(LIMITS.preallocatedMessageBytesMax + 10, 7)
  const whole = framed(body)
  const [message] = decode([whole.subarray(0, 1000), whole.subarray(1000)], 0xffff_ffff)
  assert.ok(message?.equals(whole))
})
