/**
 * Goal: IPC streams and files are read and written whatever the chunks, and what is cut or lies is refused.
 * Method: golden streams in chunks of many sizes, written again and compared, and cut at every byte.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decapsulate,
  encapsulate,
  encodeSchema,
  type Frame,
  makeFrame,
  readIpcStream,
  WireError,
  writeIpcStream,
} from '../../../flight/index.ts'
import { collect, goldenBytes, goldenFrames, goldenNames, once } from './golden.ts'

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

function content(frames: readonly Frame[]): unknown[] {
  return frames.map(({ kind, rows, header, body }) => [kind, rows, Buffer.from(header), Buffer.concat(body)])
}

for (const size of [1, 7, 64, 1000]) {
  test(`a stream in chunks of ${size} bytes gives the same frames`, async () => {
    const frames = await collect(readIpcStream(chunksOf(goldenBytes('ticks'), size)))
    assert.deepEqual(content(frames), content(await goldenFrames('ticks')))
  })
}

test('what is written is byte for byte what pyarrow writes', async () => {
  for (const name of goldenNames.filter((item) => item !== 'ticks_file')) {
    const chunks = await collect(writeIpcStream(await goldenFrames(name)))
    assert.deepEqual(Buffer.concat(chunks), goldenBytes(name), name)
  }
})

test('a file gives the frames of the stream', async () => {
  const frames = content(await goldenFrames('ticks'))
  assert.deepEqual(content(await goldenFrames('ticks_file')), frames)
  assert.deepEqual(content(await collect(readIpcStream(chunksOf(goldenBytes('ticks_file'), 13)))), frames)
})

test('metadata frames have no place in a stream', async () => {
  const frames = await goldenFrames('ticks')
  const metadata = makeFrame(new Uint8Array(0), [], { appMetadata: Buffer.from('x') })
  const chunks = await collect(writeIpcStream([...frames, metadata]))
  assert.deepEqual(Buffer.concat(chunks), goldenBytes('ticks'))
})

test('a stream may end without its marker, but not inside a message', async () => {
  const bytes = goldenBytes('int8')
  const ends = new Set<number>()
  for (let length = 0; length <= bytes.length; length += 1) {
    try {
      await collect(readIpcStream(once(bytes.subarray(0, length))))
      ends.add(length)
    } catch (error) {
      assert.ok(
        error instanceof WireError && error.code === 'IPC_MALFORMED',
        `at ${length}: ${String(error)}`,
      )
    }
  }
  // After the schema, after each of two batches, and after the marker.
  assert.equal(ends.size, 4)
  assert.ok(ends.has(bytes.length) && ends.has(bytes.length - 8))
})

test('a stream that does not begin with its schema, or has two, is refused', async () => {
  const [schema, ...rest] = await goldenFrames('int8')
  assert.ok(schema)
  for (const frames of [rest, [schema, schema]]) {
    const bytes = Buffer.concat(await collect(writeIpcStream(frames)))
    await assert.rejects(collect(readIpcStream(once(bytes))), /schema does not come first/)
  }
})

test('a header that claims gigabytes is refused before anything is allocated', async () => {
  const bytes = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
  await assert.rejects(collect(readIpcStream(once(bytes))), /2147483647/)
})

test('a reader that stops early closes its source', async () => {
  let isClosed = false
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunksOf(goldenBytes('ticks'), 100)
    } finally {
      isClosed = true
    }
  }
  for await (const frame of readIpcStream(source())) {
    assert.equal(frame.kind, 'schema')
    break
  }
  assert.ok(isClosed)
})

test('an encapsulated message is what it was, at any length', () => {
  for (let length = 1; length < 20; length += 1) {
    const header = Uint8Array.from({ length }, (_, index) => index + 1)
    const bytes = encapsulate(header)
    assert.equal(bytes.length % 8, 0)
    assert.deepEqual(decapsulate(bytes).subarray(0, length), header)
  }
  const header = encodeSchema({ fields: [], metadata: new Map() })
  assert.deepEqual(decapsulate(encapsulate(header)), header)
})

test('what is no encapsulated message is refused', () => {
  const good = encapsulate(encodeSchema({ fields: [], metadata: new Map() }))
  for (const bytes of [good.subarray(0, 7), good.subarray(0, -1), good.subarray(1), good.fill(0, 0, 4)]) {
    assert.throws(() => decapsulate(bytes), WireError)
  }
})
