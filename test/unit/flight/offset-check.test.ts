/**
 * Goal: positions that a body gives can be followed without leaving it.
 * Method: one column of each layout that points somewhere, correct first and then with one number changed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkBatch,
  checkOffsets,
  encodeBatch,
  type Field,
  parseMessage,
  trackDictionary,
  WireError,
} from '../../../flight/index.ts'
import { BodyBuilder } from '../../../flight/ipc/body.ts'

const bare: Field = {
  name: 'c',
  nullable: true,
  type: { kind: 'int', bitWidth: 32, signed: true },
  dictionary: null,
  children: [],
  metadata: new Map(),
}

interface Case {
  field: Partial<Field>
  /** Rows of each node, and its nulls where there are some. */
  nodes: (number | [number, number])[]
  buffers: ArrayBufferView[]
  variadicCounts?: number[]
  dictionary?: number
}

const none = new Uint8Array(0)

function check({ field, nodes, buffers, variadicCounts = [], dictionary }: Case, shift = 0): void {
  const body = new BodyBuilder()
  for (const { buffer, byteOffset, byteLength } of buffers)
    body.add(new Uint8Array(buffer, byteOffset, byteLength))
  const pairs = nodes.map((node) => (typeof node === 'number' ? ([node, 0] as const) : node))
  const header = encodeBatch(
    {
      rows: pairs[0]?.[0] ?? 0,
      nodes: pairs.map(([length, nullCount]) => ({ length, nullCount })),
      buffers: body.ranges,
      compression: null,
      variadicCounts,
    },
    body.length,
  )
  const schema = { fields: [{ ...bare, ...field }], metadata: new Map<string, string>() }
  // Bodies come from the wire at any address.
  const memory = Buffer.concat([new Uint8Array(shift), ...body.pieces]).subarray(shift)
  const message = parseMessage(header)
  checkBatch(message, schema, body.length)
  checkOffsets(message, memory, schema, dictionary === undefined ? undefined : new Map([[7n, dictionary]]))
}

function refuse(item: Case): void {
  assert.throws(
    () => check(item),
    (error) => error instanceof WireError && error.code === 'IPC_MALFORMED' && error.message.includes('"c"'),
  )
}

function ints(...values: number[]): Int32Array {
  return Int32Array.from(values)
}

function longs(...values: number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt)
}

const bytes = Buffer.from('abcdef')
const child: Partial<Field> = { children: [bare] }

test('offsets of strings must ascend and end inside the bytes, at any address', () => {
  const utf8 = (...offsets: number[]): Case => ({
    field: { type: { kind: 'utf8' } },
    nodes: [3],
    buffers: [none, ints(...offsets), bytes],
  })
  for (let shift = 0; shift < 8; shift += 1) check(utf8(0, 2, 2, 6), shift)
  refuse(utf8(0, 3, 2, 6))
  refuse(utf8(-1, 2, 3, 6))
  refuse(utf8(0, 2, 3, 7))
})

test('the same holds for offsets of 8 bytes, up to their full range', () => {
  const large = (...offsets: number[]): Case => ({
    field: { type: { kind: 'largeBinary' } },
    nodes: [2],
    buffers: [none, longs(...offsets), bytes],
  })
  for (let shift = 0; shift < 8; shift += 1) check(large(1, 2, 6), shift)
  refuse(large(0, 2, 7))
  refuse(large(0, -1, 6))
  refuse(large(0, 2 ** 62, 6))
  refuse(large(0, 2 ** 32, 6))
})

test('without rows offsets may be missing', () => {
  check({ field: { type: { kind: 'utf8' } }, nodes: [0], buffers: [none, none, none] })
})

test('lists must end inside their child', () => {
  const list = (...offsets: number[]): Case => ({
    field: { ...child, type: { kind: 'list' } },
    nodes: [2, 4],
    buffers: [none, ints(...offsets), none, ints(1, 2, 3, 4)],
  })
  check(list(0, 1, 4))
  refuse(list(0, 1, 5))
})

test('a child of a child is checked too', () => {
  const text: Field = { ...bare, type: { kind: 'utf8' } }
  const item = (last: number): Case => ({
    field: { type: { kind: 'struct' }, children: [{ ...text, name: 'c' }] },
    nodes: [1, 1],
    buffers: [none, none, ints(0, last), bytes],
  })
  check(item(6))
  refuse(item(7))
})

test('list views must lie inside their child, but where they are null', () => {
  const views = (offset: number, size: number, validity = 0b11): Case => ({
    field: { ...child, type: { kind: 'listView' } },
    nodes: [[2, validity === 0b11 ? 0 : 1], 4],
    buffers: [Uint8Array.of(validity), ints(2, offset), ints(2, size), none, ints(1, 2, 3, 4)],
  })
  check(views(0, 4))
  refuse(views(1, 4))
  refuse(views(-1, 1))
  refuse(views(1, -1))
  check(views(1, 4, 0b01))
})

test('views must point inside their buffers, but where they are short or null', () => {
  const long = Buffer.alloc(20)
  const view = (length: number, buffer: number, offset: number, validity = 1): Case => ({
    field: { type: { kind: 'utf8View' } },
    nodes: [[1, validity === 1 ? 0 : 1]],
    buffers: [Uint8Array.of(validity), ints(length, 0, buffer, offset), long],
    variadicCounts: [1],
  })
  check(view(20, 0, 0))
  check(view(12, 99, 99))
  refuse(view(21, 0, 0))
  refuse(view(13, 0, 8))
  refuse(view(13, 1, 0))
  refuse(view(13, -1, 0))
  refuse(view(13, 0, -1))
  refuse(view(-1, 0, 0))
  check(view(-1, 0, 0, 0))
})

test('union values must have a child of their type that is long enough', () => {
  const union = (id: number, offset: number): Case => ({
    field: { type: { kind: 'union', mode: 'dense', typeIds: [3, 5] }, children: [bare, bare] },
    nodes: [1, 1, 2],
    buffers: [Int8Array.of(id), ints(offset), none, ints(1), none, ints(1, 2)],
  })
  check(union(5, 1))
  refuse(union(3, 1))
  refuse(union(4, 0))
  refuse(union(-1, 0))
  refuse(union(3, -1))
})

test('run ends must ascend and reach the last row', () => {
  const run: Field = { ...bare, type: { kind: 'int', bitWidth: 16, signed: true } }
  const runs = (...ends: number[]): Case => ({
    field: { type: { kind: 'runEndEncoded' }, children: [run, bare] },
    nodes: [5, 2, 2],
    buffers: [none, Int16Array.from(ends), none, ints(1, 2)],
  })
  check(runs(3, 5))
  check(runs(3, 9))
  refuse(runs(3, 4))
  refuse(runs(5, 5))
  refuse(runs(0, 5))
})

test('dictionary indices must have a value, where the dictionary is known and the row is not null', () => {
  for (const bitWidth of [8, 16, 32, 64] as const) {
    for (const signed of [true, false]) {
      const pick = (index: number, validity = 0b11): Case => ({
        field: { dictionary: { id: 7n, indexType: { kind: 'int', bitWidth, signed }, isOrdered: false } },
        nodes: [[2, validity === 0b11 ? 0 : 1]],
        buffers: [Uint8Array.of(validity), indices(bitWidth, signed, [0, index])],
      })
      check({ ...pick(2), dictionary: 3 })
      refuse({ ...pick(3), dictionary: 3 })
      check({ ...pick(3, 0b01), dictionary: 3 })
      check(pick(3))
      if (signed) refuse({ ...pick(-1), dictionary: 3 })
    }
  }
})

function indices(bitWidth: number, signed: boolean, values: number[]): ArrayBufferView {
  switch (bitWidth) {
    case 8:
      return signed ? Int8Array.from(values) : Uint8Array.from(values)
    case 16:
      return signed ? Int16Array.from(values) : Uint16Array.from(values)
    case 32:
      return signed ? Int32Array.from(values) : Uint32Array.from(values)
    default:
      return longs(...values)
  }
}

test('a delta adds to its dictionary, any other replaces it', () => {
  const lengths = new Map<bigint, number>()
  const batch = { rows: 4, nodes: [], buffers: [], compression: null, variadicCounts: [] }
  trackDictionary(lengths, { kind: 'dictionary', bodyLength: 0, id: 1n, isDelta: false, batch })
  trackDictionary(lengths, { kind: 'dictionary', bodyLength: 0, id: 1n, isDelta: true, batch })
  assert.equal(lengths.get(1n), 8)
  trackDictionary(lengths, { kind: 'dictionary', bodyLength: 0, id: 1n, isDelta: false, batch })
  assert.equal(lengths.get(1n), 4)
  trackDictionary(lengths, { kind: 'schema', bodyLength: 0 })
  assert.equal(lengths.size, 1)
})
