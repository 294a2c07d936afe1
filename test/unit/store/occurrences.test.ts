/**
 * Goal: which places of their dictionaries values named comes back from a part's metadata, and damage is told.
 * Method: random numbers there and back; texts that are cut, changed, or something else.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import {
  type Occurrences,
  OCCURRENCES_MAX,
  packOccurrences,
  parseOccurrences,
  unpackOccurrences,
} from '../../../src/store/occurrences.ts'

const numbers = fc
  .array(fc.oneof(fc.nat(3), fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 })), { maxLength: 500 })
  .map((list) => Uint32Array.from(list))
const run: fc.Arbitrary<Occurrences> = fc.record(
  { column: fc.nat(1000), row: fc.nat(2 ** 31 - 1), rows: fc.nat(), lengths: fc.option(numbers), numbers },
  { noNullPrototype: true },
)

test('what was packed comes back, by way of the metadata', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 4 }), async (runs) => {
      const text = JSON.stringify(await Promise.all(runs.map(packOccurrences)))
      assert.deepEqual(parseOccurrences(text).map(unpackOccurrences), runs)
    }),
  )
})

test('numbers take a byte at most where they are small, and far less where they repeat', async () => {
  const row = { column: 0, row: 0, rows: 65_536, lengths: null }
  const same = await packOccurrences({ ...row, numbers: new Uint32Array(65_536).fill(1) })
  assert.ok(same.numbers.length < 200, `${same.numbers.length} characters`)
  const mixed = Uint32Array.from({ length: 65_536 }, (_, index) => ((index * index * 7919) % 251) % 2)
  const packed = await packOccurrences({ ...row, numbers: mixed })
  assert.ok(packed.numbers.length < 65_536 / 4, `${packed.numbers.length} characters`)
})

test('a text that is no list of them is refused', () => {
  for (const text of ['', '{}', 'null', '[1]', '[null]', '[{"column":0,"row":0,"rows":1,"lengths":null}]']) {
    assert.throws(() => parseOccurrences(text), text)
  }
  const wrong = { column: 0, row: 0, rows: 1, lengths: null, numbers: '' }
  for (const change of [{ row: 0.5 }, { rows: '1' }, { lengths: 3 }, { numbers: null }]) {
    assert.throws(() => parseOccurrences(JSON.stringify([{ ...wrong, ...change }])), JSON.stringify(change))
  }
})

test('numbers that are cut are refused, and more than a run may have', async () => {
  const packed = await packOccurrences({
    column: 0,
    row: 0,
    rows: 100,
    lengths: null,
    numbers: Uint32Array.from({ length: 100 }, (_, index) => index * 17),
  })
  for (let end = 0; end < packed.numbers.length - 4; end += 4) {
    assert.throws(() => unpackOccurrences({ ...packed, numbers: packed.numbers.slice(0, end) }), `${end}`)
  }
  const many = deflateRawSync(Buffer.alloc(OCCURRENCES_MAX * 5 + 1)).toString('base64')
  assert.throws(() => unpackOccurrences({ ...packed, numbers: many }))
})
