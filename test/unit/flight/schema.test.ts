/**
 * Goal: schemas are read and written as the Arrow specification says.
 * Method: what pyarrow wrote for every type (test/golden/ipc) is compared with what pyarrow says of it, and with itself
 * after encoding; types that pyarrow cannot write go round trip only; lying headers are refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ArrowType,
  encodeSchema,
  type Field,
  parseSchema,
  type Schema,
  schemasEqual,
  WireError,
} from '../../../flight/index.ts'
import { type Builder, buildMessage, writeOffsets } from '../../../flight/ipc/message-writer.ts'
import { goldenFrames, goldenJson, goldenNames, toGolden } from './golden.ts'

for (const name of goldenNames) {
  test(`the schema of ${name} is what pyarrow says, also after encoding`, async () => {
    const [frame] = await goldenFrames(name)
    assert.ok(frame)
    const schema = parseSchema(frame.header)
    const { fields, metadata } = goldenJson(name)
    assert.deepEqual(toGolden(schema), { fields, metadata })
    assert.deepEqual(parseSchema(encodeSchema(schema)), schema)
    assert.equal(encodeSchema(schema).length % 8, 0)
    assert.ok(schemasEqual(schema, parseSchema(encodeSchema(schema))))
  })
}

const bare: Field = {
  name: 'c',
  nullable: true,
  type: { kind: 'null' },
  dictionary: null,
  children: [],
  metadata: new Map(),
}

function schemaOf(...fields: Partial<Field>[]): Schema {
  return { fields: fields.map((field) => ({ ...bare, ...field })), metadata: new Map() }
}

function parseAgain(schema: Schema): Schema {
  return parseSchema(encodeSchema(schema))
}

function malformed(error: unknown): boolean {
  return error instanceof WireError && error.code === 'IPC_MALFORMED'
}

test('intervals that pyarrow cannot write go round trip', () => {
  for (const unit of ['yearMonth', 'dayTime', 'monthDayNano'] as const) {
    const schema = schemaOf({ type: { kind: 'interval', unit } })
    assert.deepEqual(parseAgain(schema), schema)
  }
})

test('a dictionary keeps id, index type and order', () => {
  const indexType = { kind: 'int', bitWidth: 16, signed: false } as const
  const schema = schemaOf({ type: { kind: 'utf8' }, dictionary: { id: -5n, indexType, isOrdered: true } })
  assert.deepEqual(parseAgain(schema), schema)
})

test('a schema without fields is a schema', () => {
  assert.deepEqual(parseAgain(schemaOf()), schemaOf())
})

test('types that cannot be are refused', () => {
  const item = { ...bare, name: 'item' }
  const wrong: [ArrowType, Field[]][] = [
    [{ kind: 'list' }, []],
    [{ kind: 'map', keysSorted: false }, [item]],
    [{ kind: 'runEndEncoded' }, [item, item]],
    [{ kind: 'utf8' }, [item]],
    [{ kind: 'decimal', precision: 39, scale: 0, bitWidth: 128 }, []],
    [{ kind: 'decimal', precision: 0, scale: 0, bitWidth: 32 }, []],
    [{ kind: 'fixedSizeBinary', byteWidth: -1 }, []],
    [{ kind: 'fixedSizeList', listSize: -1 }, [item]],
    [{ kind: 'time', unit: 'ns', bitWidth: 32 }, []],
    [{ kind: 'union', mode: 'dense', typeIds: [1, 1] }, [item, item]],
    [{ kind: 'union', mode: 'dense', typeIds: [1, 200] }, [item, item]],
    [{ kind: 'union', mode: 'dense', typeIds: [1] }, [item, item]],
  ]
  for (const [type, children] of wrong) {
    assert.throws(() => parseAgain(schemaOf({ type, children })), malformed, JSON.stringify(type))
  }
})

test('one dictionary id with two types is refused', () => {
  const dictionary = {
    id: 1n,
    indexType: { kind: 'int', bitWidth: 8, signed: true },
    isOrdered: false,
  } as const
  const text: Partial<Field> = { type: { kind: 'utf8' }, dictionary }
  assert.doesNotThrow(() => parseAgain(schemaOf(text, text)))
  assert.throws(() => parseAgain(schemaOf(text, { type: { kind: 'bool' }, dictionary })), malformed)
})

test('types nested deeper than Arrow C++ takes are refused, not followed', () => {
  let field = bare
  for (let depth = 0; depth < 60; depth += 1) field = { ...bare, type: { kind: 'list' }, children: [field] }
  assert.doesNotThrow(() => parseAgain(schemaOf(field)))
  for (let depth = 0; depth < 10; depth += 1) field = { ...bare, type: { kind: 'list' }, children: [field] }
  assert.throws(() => parseAgain(schemaOf(field)), malformed)
})

test('a few bytes whose offsets unfold to 2^50 tables are refused', () => {
  const header = buildMessage('schema', 0, (builder) => {
    let field = writeStruct(builder, [])
    for (let level = 0; level < 50; level += 1) field = writeStruct(builder, [field, field])
    const fields = writeOffsets(builder, [field])
    builder.startObject(4)
    builder.addFieldOffset(1, fields, 0)
    return builder.endObject()
  })
  assert.ok(header.length < 3000)
  assert.throws(() => parseSchema(header), malformed)
})

/** A Field of type struct without a name; its children may be shared. */
function writeStruct(builder: Builder, children: number[]): number {
  const vector = writeOffsets(builder, children)
  builder.startObject(0)
  const type = builder.endObject()
  builder.startObject(7)
  builder.addFieldInt8(2, 13, 0)
  builder.addFieldOffset(3, type, 0)
  builder.addFieldOffset(5, vector, 0)
  return builder.endObject()
}

test('text that offsets share a thousand times is refused', () => {
  const metadata = new Map([['k', 'x'.repeat(100_000)]])
  const header = buildMessage('schema', 0, (builder) => {
    const [key, value] = [builder.createString('k'), builder.createString(metadata.get('k') ?? '')]
    builder.startObject(2)
    builder.addFieldOffset(0, key, 0)
    builder.addFieldOffset(1, value, 0)
    const pairs = writeOffsets(builder, new Array<number>(1000).fill(builder.endObject()))
    builder.startObject(4)
    builder.addFieldOffset(2, pairs, 0)
    return builder.endObject()
  })
  assert.throws(() => parseSchema(header), malformed)
})

test('big-endian data and unions of metadata V4 are unsupported', () => {
  const unsupported = (error: unknown) => error instanceof WireError && error.code === 'TYPE_UNSUPPORTED'
  const bigEndian = buildMessage('schema', 0, (builder) => {
    builder.startObject(4)
    builder.addFieldInt16(0, 1, 0)
    return builder.endObject()
  })
  assert.throws(() => parseSchema(bigEndian), unsupported)
  const union = encodeSchema(schemaOf({ type: { kind: 'union', mode: 'dense', typeIds: [] } }))
  const view = new DataView(union.buffer)
  const root = view.getUint32(0, true)
  view.setInt16(root + view.getUint16(root - view.getInt32(root, true) + 4, true), 3, true)
  assert.throws(() => parseSchema(union), unsupported)
})

test('names and metadata count for equality, metadata only where asked', () => {
  const a = schemaOf({ metadata: new Map([['unit', 'USD']]) })
  const b = schemaOf({ metadata: new Map([['unit', 'EUR']]) })
  assert.ok(schemasEqual(a, a))
  assert.ok(!schemasEqual(a, b))
  assert.ok(schemasEqual(a, b, { metadata: false }))
  assert.ok(!schemasEqual(a, schemaOf({ name: 'd' }), { metadata: false }))
  assert.ok(!schemasEqual(a, schemaOf({ nullable: false }), { metadata: false }))
  assert.ok(!schemasEqual(a, schemaOf(), { metadata: false }))
  assert.ok(
    !schemasEqual(schemaOf({ type: { kind: 'int', bitWidth: 8, signed: true } }), schemaOf(), {
      metadata: false,
    }),
  )
})
