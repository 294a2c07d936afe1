/** Frames that are zstd without its compression: a decoder that nobody here wrote gives back what went in. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { ZSTDDecoder } from 'zstddec'
import { zstdRun, zstdStored } from '../../../flight/ipc/zstd-frame.ts'

const KiB = 1024
const decoder = new ZSTDDecoder()

before(() => decoder.init())

test('stored bytes come back as they were, whatever their number of blocks', () => {
  for (const length of [0, 1, 128 * KiB - 1, 128 * KiB, 128 * KiB + 1, 300 * KiB]) {
    const bytes = Buffer.from(Uint8Array.from({ length }, (_, index) => index * 31))
    assert.deepEqual(Buffer.from(decoder.decode(zstdStored(bytes), length)), bytes)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
      assert.deepEqual(Buffer.from(decoder.decode(zstdStored(bytes), bytes.length)), Buffer.from(bytes))
    }),
  )
})

test('a run takes 4 bytes for each 128 KiB and comes back whole', () => {
  for (const length of [1, 128 * KiB, 128 * KiB + 1, 4096 * KiB]) {
    const frame = zstdRun(7, length)
    assert.equal(frame.length, 9 + 4 * Math.ceil(length / (128 * KiB)))
    assert.deepEqual(Buffer.from(decoder.decode(frame, length)), Buffer.alloc(length, 7))
  }
})
