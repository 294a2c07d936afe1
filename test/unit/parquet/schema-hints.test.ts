// Goal: the Arrow schema in a footer is changed only where parquet-wasm cannot cope with it, and never its length.
// Method: schemas of ours, laid out as Thrift puts a key and its value, changed and parsed again.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { encodeSchema, parseSchema, type Field, type Schema } from '../../../flight/ipc/schema.ts'
import { decapsulate, encapsulate } from '../../../flight/ipc/stream.ts'
import { easeSchemaHints } from '../../../src/store/parquet/schema-hints.ts'
import { dictionaryField, field } from './support.ts'

test('narrow dictionary indices become 32 bits wide, also in nested columns', () => {
  const inner = dictionaryField('item', { kind: 'utf8' }, { bitWidth: 16, signed: false }, 2n)
  const eased = ease([
    dictionaryField('a', { kind: 'utf8' }, { bitWidth: 8, signed: true }, 1n),
    field('b', { kind: 'list' }, { children: [inner] }),
    dictionaryField('c', { kind: 'utf8' }, { bitWidth: 64, signed: true }, 3n),
  ])
  const [a, b, c] = eased.fields
  assert.deepEqual(a?.dictionary?.indexType, { kind: 'int', bitWidth: 32, signed: true })
  assert.deepEqual(b?.children[0]?.dictionary?.indexType, { kind: 'int', bitWidth: 32, signed: false })
  assert.deepEqual(c?.dictionary?.indexType, { kind: 'int', bitWidth: 64, signed: true })
})

test('views become plain text and bytes, in dictionaries too', () => {
  const index = { bitWidth: 32, signed: true } as const
  const eased = ease([
    dictionaryField('a', { kind: 'utf8View' }, index, 1n),
    dictionaryField('b', { kind: 'binaryView' }, index, 2n),
    field('c', { kind: 'utf8View' }),
  ])
  assert.deepEqual(
    eased.fields.map(({ type }) => type.kind),
    ['utf8', 'binary', 'utf8'],
  )
})

test('names, metadata and all other types stay', () => {
  const fields = [
    field(
      'a',
      { kind: 'timestamp', unit: 'ns', timezone: 'UTC' },
      { metadata: new Map([['k', 'v']]), nullable: false },
    ),
    field('b', { kind: 'decimal', precision: 38, scale: 2, bitWidth: 128 }),
  ]
  assert.deepEqual(ease(fields).fields, fields)
})

test('a schema without columns is hidden', () => {
  const value = Buffer.from(encapsulate(encodeSchema({ fields: [], metadata: new Map() }))).toString('base64')
  const footer = footerWith(value)
  const length = footer.byteLength
  assert.equal(easeSchemaHints(footer), value)
  assert.equal(footer.byteLength, length)
  assert.equal(footer.indexOf('ARROW:schema'), -1)
})

test('a footer without a schema, or with something else in its place, stays as it is', () => {
  for (const value of [
    '',
    'no base64 at all!',
    Buffer.from('no schema').toString('base64'),
    'AAAA'.repeat(40),
  ]) {
    const footer = footerWith(value)
    const before = Buffer.from(footer)
    easeSchemaHints(footer)
    assert.ok(footer.equals(before), value)
  }
  const other = Buffer.from('a footer of another program')
  assert.equal(easeSchemaHints(other), null)
  assert.equal(other.toString(), 'a footer of another program')
})

test('a key at the very end of a footer is no schema', () => {
  for (const tail of ['', '\x18', '\x18\xff', '\x18\xff\xff\xff\xff\xff\xff\xff']) {
    const footer = Buffer.from(`..ARROW:schema${tail}`, 'latin1')
    const before = Buffer.from(footer)
    easeSchemaHints(footer)
    assert.ok(footer.equals(before))
  }
})

function ease(fields: readonly Field[]): Schema {
  const value = Buffer.from(encapsulate(encodeSchema({ fields, metadata: new Map() }))).toString('base64')
  const footer = footerWith(value)
  const length = footer.byteLength
  assert.equal(easeSchemaHints(footer), value)
  assert.equal(footer.byteLength, length)
  const start = footer.indexOf('ARROW:schema') + 'ARROW:schema'.length + 1 + varint(value.length).byteLength
  const eased = Buffer.from(footer.toString('latin1', start, start + value.length), 'base64')
  return parseSchema(decapsulate(eased))
}

/** Thrift compact protocol: the struct KeyValue, with a binary as field 1 and another as field 2. */
function footerWith(value: string): Buffer {
  const key = 'ARROW:schema'
  const parts = [
    Buffer.from([0x15, 0x04, 0x18]),
    varint(key.length),
    Buffer.from(key),
    Buffer.from([0x18]),
    varint(value.length),
  ]
  return Buffer.concat([...parts, Buffer.from(value, 'latin1'), Buffer.from([0])])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}
