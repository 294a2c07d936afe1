/** Filters of values: what is in one is always found, and few others seem to be there. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { Database } from '../../../src/store/catalog/database.ts'
import {
  BLOCK_BYTES,
  type ValueHash,
  blockOf,
  blockPattern,
  filterValuesMax,
  hashValue,
  makeValueFilter,
  parseValueHash,
} from '../../../src/store/value-filter.ts'

const database = Database.open(':memory:', 'delete')

function has(filter: Uint8Array, text: string): boolean {
  const hash = hashValue(text)
  const start = BLOCK_BYTES * blockOf(hash, filter.byteLength / BLOCK_BYTES)
  const block = Buffer.from(filter.subarray(start, start + BLOCK_BYTES))
  return database.get<[number]>('SELECT hex(?) GLOB ?', block, blockPattern(hash))?.[0] === 1
}

test('every value of a filter is found in it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 100 }), (texts) => {
      const filter = makeValueFilter(texts.map(hashValue))
      assert.deepEqual(
        texts.filter((text) => !has(filter, text)),
        [],
      )
    }),
  )
})

test('of values that are not there, one in a hundred seems to be at most', () => {
  const filter = makeValueFilter(Array.from({ length: 10_000 }, (_, index) => hashValue(`in ${index}`)))
  const wrong = Array.from({ length: 10_000 }, (_, index) => `out ${index}`).filter((text) =>
    has(filter, text),
  )
  assert.ok(wrong.length > 0 && wrong.length <= 100, `${wrong.length} of 10,000`)
})

test('a filter of as many values as fit has no more bytes than that', () => {
  const count = filterValuesMax(4096)
  assert.equal(makeValueFilter(new Array<ValueHash>(count).fill({ place: 1, bits: 1 })).byteLength, 4096)
})

test('the hash of DuckDB, in digits, is that of a value here', () => {
  const digits = createHash('sha256').update('ESZ6').digest('hex').slice(0, 16)
  assert.deepEqual(parseValueHash(digits), hashValue('ESZ6'))
})
