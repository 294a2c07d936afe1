/**
 * Goal: a frame is a whole gRPC message whose bytes any reader takes, made without copying the body; slices of it
 * hold the rows they name.
 * Method: frames are joined and decoded again; slices and splits of every golden batch are read by a plain reader and
 * compared with the rows that pyarrow says are there.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkBatch,
  checkOffsets,
  decodeFlightData,
  encodeBatch,
  type Field,
  type Frame,
  frameFromFlightData,
  GRPC_PREFIX_BYTES,
  makeFrame,
  parseMessage,
  parseSchema,
  type Schema,
  sliceFrame,
  splitFrame,
  WireError,
} from '../../../flight/index.ts'
import { BodyBuilder } from '../../../flight/ipc/body.ts'
import { goldenFrames, goldenJson, goldenNames } from './golden.ts'
import { type Dictionaries, readValues } from './values.ts'

function joined(frame: Frame): Buffer {
  return Buffer.concat([frame.head, ...frame.body])
}

/** The message of a frame, where grpc-js has cut its prefix off. */
function messageOf(frame: Frame): Buffer {
  return joined(frame).subarray(GRPC_PREFIX_BYTES)
}

async function ticks(): Promise<{ schema: Schema; batch: Frame; frames: Frame[] }> {
  const frames = await goldenFrames('ticks')
  const batch = frames.find((frame) => frame.kind === 'batch')
  assert.ok(frames[0] && batch)
  return { schema: parseSchema(frames[0].header), batch, frames }
}

test('a frame is a gRPC message: flag, length, then the fields', async () => {
  const { batch } = await ticks()
  const bytes = joined(makeFrame(batch.header, batch.body, { appMetadata: Buffer.from('m') }))
  assert.equal(bytes[0], 0)
  assert.equal(bytes.readUInt32BE(1), bytes.length - GRPC_PREFIX_BYTES)
  const message = decodeFlightData(bytes.subarray(GRPC_PREFIX_BYTES))
  assert.deepEqual(Buffer.from(message.dataHeader), Buffer.from(batch.header))
  assert.deepEqual(Buffer.from(message.body), Buffer.concat(batch.body))
  assert.deepEqual(Buffer.from(message.appMetadata ?? []), Buffer.from('m'))
})

test('kind and rows are read from the header', async () => {
  const { frames } = await ticks()
  const again = frames.map((frame) => makeFrame(frame.header, frame.body))
  assert.deepEqual(
    again.map(({ kind, rows }) => [kind, rows]),
    [
      ['schema', 0],
      ['dictionary', 0],
      ['batch', 37],
      ['batch', 20],
      ['batch', 0],
    ],
  )
  for (const frame of again) assert.equal(frame.byteLength, joined(frame).length)
})

test('a frame without a header carries metadata only', () => {
  const frame = makeFrame(new Uint8Array(0), [], { appMetadata: Buffer.from('done') })
  assert.equal(frame.kind, 'metadata')
  assert.equal(decodeFlightData(messageOf(frame)).dataHeader.length, 0)
  assert.deepEqual(frameFromFlightData(decodeFlightData(messageOf(frame))), frame)
})

test('an empty batch still has a body field, which Arrow C++ asks for', () => {
  const header = encodeBatch({ rows: 5, nodes: [], buffers: [], compression: null, variadicCounts: [] }, 0)
  const frame = makeFrame(header, [])
  assert.deepEqual([...messageOf(frame).subarray(-3)], [0xc2, 0x3e, 0])
  const bare = messageOf(frame).subarray(0, -3)
  assert.deepEqual(messageOf(frameFromFlightData(decodeFlightData(bare))), messageOf(frame))
})

test('a received message with its prefix before it becomes a frame of the same memory', async () => {
  const { batch } = await ticks()
  const memory = Buffer.concat([Buffer.alloc(11), joined(batch)])
  const frame = frameFromFlightData(decodeFlightData(memory.subarray(11 + GRPC_PREFIX_BYTES)))
  assert.equal(frame.head.buffer, memory.buffer)
  assert.equal(frame.body[0]?.buffer, memory.buffer)
  assert.deepEqual(joined(frame), joined(batch))
  assert.equal(frame.byteLength, batch.byteLength)
  assert.equal(frame.rows, 37)
})

test('without its prefix, with a descriptor, or with fields out of order, only the head is made again', async () => {
  const { batch } = await ticks()
  const withDescriptor = makeFrame(batch.header, batch.body, { descriptor: Buffer.from([8, 1]) })
  const first = decodeFlightData(Buffer.from(messageOf(withDescriptor)))
  assert.ok(first.descriptor)
  assert.deepEqual(joined(frameFromFlightData(first)), joined(batch))
  const alone = new Uint8Array(messageOf(batch))
  const frame = frameFromFlightData(decodeFlightData(alone))
  assert.equal(frame.body[0]?.buffer, alone.buffer)
  assert.deepEqual(joined(frame), joined(batch))
  const twice = Buffer.concat([Buffer.from([0x1a, 0]), messageOf(batch)])
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES)
  prefix.writeUInt32BE(twice.length, 1)
  const odd = Buffer.concat([prefix, twice]).subarray(GRPC_PREFIX_BYTES)
  assert.deepEqual(joined(frameFromFlightData(decodeFlightData(odd))), joined(batch))
})

const ranges = [
  [0, 37],
  [0, 0],
  [0, 8],
  [8, 24],
  [3, 29],
  [16, 37],
  [36, 37],
  [37, 37],
] as const

for (const name of goldenNames.filter((item) => !/_(lz4|zstd)$/.test(item))) {
  test(`slices of ${name} hold the rows they name`, async () => {
    const [first, ...frames] = await goldenFrames(name)
    assert.ok(first)
    const schema = parseSchema(first.header)
    const dictionaries: Dictionaries = new Map()
    const expected = goldenJson(name).batches
    for (const frame of frames) {
      const whole = readValues(frame, schema, dictionaries)
      if (frame.kind !== 'batch') continue
      assert.deepEqual(whole, expected.shift())
      for (const [start, end] of ranges.filter((range) => range[1] <= frame.rows)) {
        const slice = sliceFrame(frame, schema, start, end)
        assertChecked(slice, schema)
        assert.equal(slice.rows, end - start)
        const values = whole.map((column) => column.slice(start, end))
        assert.deepEqual(readValues(slice, schema, dictionaries), values)
        const again = sliceFrame(slice, schema, 0, slice.rows >> 1)
        const half = values.map((column) => column.slice(0, slice.rows >> 1))
        assert.deepEqual(readValues(again, schema, dictionaries), half)
      }
    }
  })
}

function assertChecked(frame: Frame, schema: Schema): void {
  const message = parseMessage(frame.header)
  const body = Buffer.concat(frame.body)
  checkBatch(message, schema, body.length)
  checkOffsets(message, body, schema)
  assert.equal(frame.byteLength, joined(frame).length)
}

/** `rows` rows of int64, bool with nulls, and text of up to 30 bytes. */
function market(rows: number): { schema: Schema; frame: Frame; fixed: Uint8Array } {
  const field: Field = {
    name: 'ts',
    nullable: true,
    type: { kind: 'int', bitWidth: 64, signed: true },
    dictionary: null,
    children: [],
    metadata: new Map(),
  }
  const schema: Schema = {
    fields: [
      field,
      { ...field, name: 'is_buy', type: { kind: 'bool' } },
      { ...field, name: 'note', type: { kind: 'utf8' } },
    ],
    metadata: new Map(),
  }
  const body = new BodyBuilder()
  const fixed = new Uint8Array(BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)).buffer)
  const bits = Uint8Array.from({ length: Math.ceil(rows / 8) }, (_, byte) => (byte * 37) & 255)
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * 15)
  body.add(new Uint8Array(0))
  body.add(fixed)
  body.add(bits)
  body.add(bits)
  body.add(new Uint8Array(0))
  body.add(new Uint8Array(offsets.buffer))
  body.add(Buffer.alloc(rows * 15, 'abcdefg'))
  const node = { length: rows, nullCount: 0 }
  const nodes = [node, { length: rows, nullCount: 1 }, node]
  const header = encodeBatch(
    { rows, nodes, buffers: body.ranges, compression: null, variadicCounts: [] },
    body.length,
  )
  return { schema, frame: makeFrame(header, body.pieces, { appMetadata: Buffer.from('m') }), fixed }
}

test('a large batch is split into frames under the limit, whose fixed-width bodies are views', () => {
  const { schema, frame, fixed } = market(10_000)
  const frames = splitFrame(frame, schema, 16_384)
  assert.ok(frames.length >= Math.ceil(frame.byteLength / 16_384))
  assert.ok(frames.length < 20, `${frames.length} frames`)
  const whole = readValues(frame, schema, new Map())
  const parts = frames.map((part) => readValues(part, schema, new Map()))
  assert.deepEqual(
    whole.map((_, index) => parts.flatMap((part) => part[index])),
    whole,
  )
  for (const part of frames) {
    assert.ok(part.byteLength <= 16_384)
    assertChecked(part, schema)
    assert.equal(part.body[0]?.buffer, fixed.buffer)
  }
})

test('app_metadata stays on the first slice', () => {
  const { schema, frame } = market(1000)
  const [first, ...rest] = splitFrame(frame, schema, 4096)
  assert.deepEqual(first?.appMetadata, Buffer.from('m'))
  assert.ok(rest.length > 0 && rest.every((part) => part.appMetadata === null))
})

test('rows of very different size are split until every frame fits or has 8 rows', () => {
  const rows = 512
  const field: Field = {
    name: 'note',
    nullable: true,
    type: { kind: 'binary' },
    dictionary: null,
    children: [],
    metadata: new Map(),
  }
  const schema: Schema = { fields: [field], metadata: new Map() }
  // One row of 5,000 bytes among rows of one.
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row + (row > 100 ? 5000 : 0))
  const body = new BodyBuilder()
  body.add(new Uint8Array(0))
  body.add(new Uint8Array(offsets.buffer))
  body.add(Buffer.alloc(rows + 5000))
  const batch = { rows, nodes: [{ length: rows, nullCount: 0 }], buffers: body.ranges, compression: null }
  const frame = makeFrame(encodeBatch({ ...batch, variadicCounts: [] }, body.length), body.pieces)
  const frames = splitFrame(frame, schema, 4000)
  assert.equal(
    frames.reduce((sum, part) => sum + part.rows, 0),
    rows,
  )
  assert.equal(frames.filter((part) => part.byteLength > 4000).length, 1)
  for (const part of frames) assert.ok(part.byteLength <= 4000 || part.rows === 8)
})

test('a frame that is small, or whose slices would not be smaller, stays whole', async () => {
  const { schema, frame } = market(1000)
  assert.deepEqual(splitFrame(frame, schema, frame.byteLength), [frame])
  for (const name of ['utf8_view', 'list_view', 'dense_union', 'ticks_zstd']) {
    const frames = await goldenFrames(name)
    const batch = frames.find((item) => item.kind === 'batch')
    assert.ok(frames[0] && batch)
    assert.deepEqual(splitFrame(batch, parseSchema(frames[0].header), 64), [batch])
  }
  const empty = makeFrame(
    encodeBatch({ rows: 0, nodes: [], buffers: [], compression: null, variadicCounts: [] }, 0),
    [],
  )
  assert.deepEqual(splitFrame(empty, { fields: [], metadata: new Map() }, 1), [empty])
})

test('a compressed batch, or another message, cannot be sliced', async () => {
  const [schemaFrame, ...frames] = await goldenFrames('ticks_lz4')
  const batch = frames.find((frame) => frame.kind === 'batch')
  assert.ok(schemaFrame && batch)
  const schema = parseSchema(schemaFrame.header)
  const unsupported = (error: unknown) => error instanceof WireError && error.code === 'TYPE_UNSUPPORTED'
  assert.throws(() => sliceFrame(batch, schema, 1, 2), unsupported)
  assert.throws(() => sliceFrame(schemaFrame, schema, 1, 2), unsupported)
})
