// Goal: the cache of results holds what it says, never more bytes than it may, and counts its answers.
// Method: results of frames of known sizes put in until older ones go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import { ResultCache, type CachedResult } from '../../../src/query/results.ts'

function result(byteLength: number): CachedResult {
  const bytes = new Uint8Array(byteLength)
  const frame: Frame = {
    kind: 'batch',
    rows: 1,
    head: bytes,
    body: [],
    header: bytes,
    appMetadata: null,
    byteLength,
  }
  return { schemaHeader: new Uint8Array(8), schema: { fields: [], metadata: new Map() }, frames: [frame] }
}

test('a result is given back until it is replaced', () => {
  const cache = new ResultCache(1000, 1000)
  const [first, second] = [result(10), result(20)]
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.put('a', first), true)
  assert.equal(cache.get('a'), first)
  cache.put('a', second)
  assert.equal(cache.get('a'), second)
  assert.deepEqual(cache.stats(), { entries: 1, bytes: 1 + 8 + 20, hits: 2, misses: 1 })
})

test('what was used least lately goes first', () => {
  const cache = new ResultCache(330, 330)
  for (const key of ['a', 'b', 'c']) cache.put(key, result(100))
  cache.get('a')
  cache.put('d', result(100))
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined),
    [true, false, true, true],
  )
  assert.equal(cache.stats().bytes, 3 * 109)
  cache.put('e', result(300))
  assert.deepEqual(cache.stats().entries, 1)
})

test('a result that is too large is not kept, nor what it would have replaced', () => {
  const cache = new ResultCache(1000, 100)
  cache.put('a', result(50))
  assert.equal(cache.put('a', result(101)), false)
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.stats().bytes, 0)
})
