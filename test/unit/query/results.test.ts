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

test('a result is given back until its data change', () => {
  const cache = new ResultCache(1000, 1000)
  const [first, second] = [result(10), result(20)]
  assert.equal(cache.get('a', '1'), undefined)
  assert.equal(cache.put('a', '1', first), true)
  assert.equal(cache.get('a', '1')?.frames, first.frames)
  assert.equal(cache.get('a', '2'), undefined)
  cache.put('a', '2', second)
  assert.equal(cache.get('a', '2')?.frames, second.frames)
  assert.equal(cache.get('a', '1'), undefined)
  assert.deepEqual(cache.stats(), { entries: 1, bytes: 2 + 8 + 20, hits: 2, misses: 3 })
})

test('what was used least lately goes first', () => {
  const cache = new ResultCache(330, 330)
  for (const key of ['a', 'b', 'c']) cache.put(key, '1', result(100))
  cache.get('a', '1')
  cache.put('d', '1', result(100))
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key, '1') !== undefined),
    [true, false, true, true],
  )
  assert.equal(cache.stats().bytes, 3 * 110)
  cache.put('e', '1', result(300))
  assert.deepEqual(cache.stats().entries, 1)
})

test('a result that is too large is not kept, nor what it would have replaced', () => {
  const cache = new ResultCache(1000, 100)
  cache.put('a', '1', result(50))
  assert.equal(cache.put('a', '1', result(101)), false)
  assert.equal(cache.get('a', '1'), undefined)
  assert.equal(cache.stats().bytes, 0)
})
