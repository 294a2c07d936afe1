/**
 * Goal: a batch header is read as it is, and one that does not fit its schema or body is refused.
 * Method: every golden batch has to pass, and each lie, told in one place of a header, has to fail.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BatchHeader,
  checkBatch,
  checkOffsets,
  encodeBatch,
  encodeDictionary,
  encodeSchema,
  type Field,
  type IpcMessage,
  parseMessage,
  parseSchema,
  rowCount,
  type Schema,
  trackDictionary,
  WireError,
} from '../../../flight/index.ts'
import { goldenFrames, goldenJson, goldenNames } from './golden.ts'
import { type Dictionaries, readValues } from './values.ts'

for (const name of goldenNames) {
  test(`the batches of ${name} pass every check and hold what pyarrow says`, async () => {
    const [first, ...frames] = await goldenFrames(name)
    assert.ok(first)
    const schema = parseSchema(first.header)
    const lengths = new Map<bigint, number>()
    const dictionaries: Dictionaries = new Map()
    const batches: unknown[][][] = []
    for (const frame of frames) {
      const message = parseMessage(frame.header)
      const body = Buffer.concat(frame.body)
      checkBatch(message, schema, body.length)
      trackDictionary(lengths, message)
      checkOffsets(message, body, schema, lengths)
      assert.equal(rowCount(frame.header), frame.rows)
      if (message.kind !== 'schema' && message.batch.compression !== null) {
        batches.push(goldenJson(name).batches[batches.length] ?? [])
        continue
      }
      const values = readValues(frame, schema, dictionaries)
      if (frame.kind === 'batch') batches.push(values)
    }
    if (!/_(lz4|zstd)$/.test(name)) assert.deepEqual(batches, goldenJson(name).batches)
  })
}

const bare: Field = {
  name: 'c',
  nullable: true,
  type: { kind: 'int', bitWidth: 64, signed: true },
  dictionary: null,
  children: [],
  metadata: new Map(),
}
const schema: Schema = { fields: [bare], metadata: new Map() }
const good: BatchHeader = {
  rows: 3,
  nodes: [{ length: 3, nullCount: 1 }],
  buffers: [
    { offset: 0, length: 1 },
    { offset: 8, length: 24 },
  ],
  compression: null,
  variadicCounts: [],
}

function refuse(header: Partial<BatchHeader>, of = schema, bodyLength = 32): void {
  const message = parseMessage(encodeBatch({ ...good, ...header }, bodyLength))
  assert.throws(
    () => checkBatch(message, of, bodyLength),
    (error) => error instanceof WireError && error.code === 'IPC_MALFORMED',
  )
}

test('a batch header comes back as it was written', () => {
  const header: BatchHeader = { ...good, compression: 'zstd', variadicCounts: [0, 7] }
  assert.deepEqual(parseMessage(encodeBatch(header, 32)), { kind: 'batch', bodyLength: 32, batch: header })
  const dictionary: IpcMessage = { kind: 'dictionary', bodyLength: 32, id: -9n, isDelta: true, batch: good }
  assert.deepEqual(parseMessage(encodeDictionary(-9n, true, good, 32)), dictionary)
  assert.deepEqual(parseMessage(encodeSchema(schema)), { kind: 'schema', bodyLength: 0 })
})

test('a batch that fits passes', () => {
  checkBatch(parseMessage(encodeBatch(good, 32)), schema, 32)
  checkBatch(parseMessage(encodeSchema(schema)), schema, 0)
})

test('too many or too few nodes and buffers are refused', () => {
  refuse({ nodes: [] })
  refuse({ nodes: [...good.nodes, ...good.nodes] })
  refuse({ buffers: good.buffers.slice(1) })
  refuse({ buffers: [...good.buffers, ...good.buffers] })
  refuse({ variadicCounts: [1] })
})

test('rows, lengths and null counts that disagree are refused', () => {
  refuse({ rows: 4 })
  refuse({ nodes: [{ length: 2, nullCount: 1 }] })
  refuse({ nodes: [{ length: 3, nullCount: 4 }] })
})

test('buffers outside the body or too small for the rows are refused', () => {
  refuse({ buffers: [good.buffers[0] ?? { offset: 0, length: 1 }, { offset: 16, length: 24 }] })
  refuse({
    buffers: [
      { offset: 0, length: 1 },
      { offset: 8, length: 23 },
    ],
  })
  refuse({
    buffers: [
      { offset: 0, length: 0 },
      { offset: 8, length: 24 },
    ],
  })
  refuse({
    buffers: [
      { offset: 2 ** 52, length: 2 ** 52 },
      { offset: 8, length: 24 },
    ],
  })
})

test('a body of another length than the header says is refused', () => {
  const message = parseMessage(encodeBatch(good, 32))
  assert.throws(() => checkBatch(message, schema, 40), WireError)
})

test('a missing bitmap is fine where nothing is null', () => {
  const header = {
    ...good,
    nodes: [{ length: 3, nullCount: 0 }],
    buffers: [
      { offset: 0, length: 0 },
      { offset: 8, length: 24 },
    ],
  }
  checkBatch(parseMessage(encodeBatch(header, 32)), schema, 32)
})

test('a compressed buffer must have room for its length', () => {
  refuse({ compression: 'lz4' })
  const header: BatchHeader = {
    ...good,
    compression: 'lz4',
    buffers: [
      { offset: 0, length: 8 },
      { offset: 8, length: 9 },
    ],
  }
  checkBatch(parseMessage(encodeBatch(header, 32)), schema, 32)
})

test('children with fewer rows than their parent reads are refused', () => {
  const node = (length: number) => ({ length, nullCount: 0 })
  const none = { offset: 0, length: 0 }
  const data = { offset: 8, length: 24 }
  const struct: Field = { ...bare, type: { kind: 'struct' }, children: [bare] }
  refuse({ nodes: [node(3), node(2)], buffers: [none, none, data] }, { ...schema, fields: [struct] })
  const list: Field = { ...bare, type: { kind: 'fixedSizeList', listSize: 2 }, children: [bare] }
  refuse({ nodes: [node(3), node(3)], buffers: [none, none, data] }, { ...schema, fields: [list] })
  const union: Field = { ...bare, type: { kind: 'union', mode: 'sparse', typeIds: [0] }, children: [bare] }
  refuse({ nodes: [node(3), node(2)], buffers: [data, none, data] }, { ...schema, fields: [union] })
  const runs: Field = { ...bare, type: { kind: 'runEndEncoded' }, children: [bare, bare] }
  refuse(
    { nodes: [node(3), node(0), node(0)], buffers: [none, none, none, none] },
    { ...schema, fields: [runs] },
  )
  refuse(
    { nodes: [node(3), node(1), node(2)], buffers: [none, data, none, data] },
    { ...schema, fields: [runs] },
  )
})

test('a dictionary that the schema does not have is refused', () => {
  const message = parseMessage(encodeDictionary(1n, false, good, 32))
  assert.throws(() => checkBatch(message, schema, 32), /dictionary 1 is not in the schema/)
})

test('a header that is no message is refused', () => {
  for (const bytes of [[], [1, 2, 3], [255, 255, 255, 255], [4, 0, 0, 0, 0, 0, 0, 128]]) {
    assert.throws(() => parseMessage(Uint8Array.from(bytes)), WireError)
  }
})

test('an unknown message, codec or metadata version is unsupported, not malformed', () => {
  const unsupported = (error: unknown) => error instanceof WireError && error.code === 'TYPE_UNSUPPORTED'
  const header = encodeBatch(good, 32)
  const root = new DataView(header.buffer).getUint32(0, true)
  const vtable = root - new DataView(header.buffer).getInt32(root, true)
  const fieldAt = (index: number) =>
    root + new DataView(header.buffer).getUint16(vtable + 4 + index * 2, true)
  const changed = (index: number, value: number) => {
    const copy = header.slice()
    copy[fieldAt(index)] = value
    return copy
  }
  assert.throws(() => parseMessage(changed(0, 2)), unsupported)
  assert.throws(() => parseMessage(changed(1, 4)), unsupported)
  assert.throws(() => parseMessage(changed(1, 0)), unsupported)
})

test('the size that a table says it has is not believed: with Go it may be that of another', () => {
  const header = encodeBatch(good, 32)
  const view = new DataView(header.buffer, header.byteOffset)
  const expected = parseMessage(header.slice())
  const root = view.getUint32(0, true)
  const sizeAt = root - view.getInt32(root, true) + 2
  for (const size of [0, 4, 0xffff]) {
    view.setUint16(sizeAt, size, true)
    assert.deepEqual(parseMessage(header), expected)
  }
})
