// Goal: the cache stays inside its memory, gives what was read least recently for what is new, and counts truly.
// Method: frames whose sizes are given; no load on the real heap.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FrameCache, framesBytes } from '../../../src/store/cache/frame-cache.ts'
import { batchFrame, schemaFrame } from './support.ts'

test('an entry is given back as it was set, with what it holds', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  const frames = [batchFrame(100), batchFrame(200)]
  assert.equal(cache.set('a', { schemaFrame, frames, rows: 5 }), true)
  const entry = cache.get('a')
  assert.equal(entry?.frames, frames)
  assert.deepEqual([entry.rows, entry.bytes], [5, 300 + schemaFrame.byteLength])
  assert.equal(cache.get('b'), undefined)
})

test('what was read least recently makes room', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 0.5 })
  for (const id of ['a', 'b']) cache.set(id, { schemaFrame, frames: [batchFrame(400)], rows: 1 })
  cache.get('a')
  cache.set('c', { schemaFrame, frames: [batchFrame(400)], rows: 1 })
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => cache.peek(id) !== undefined),
    [true, false, true],
  )
  assert.equal(cache.stats().evictions, 1)
})

test('an entry over its share is refused and evicts nothing', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 0.5 })
  cache.set('a', { schemaFrame, frames: [batchFrame(400)], rows: 1 })
  assert.equal(cache.set('b', { schemaFrame, frames: [batchFrame(500)], rows: 1 }), false)
  assert.deepEqual([cache.peek('a') !== undefined, cache.peek('b')], [true, undefined])
  assert.deepEqual([cache.stats().entries, cache.stats().evictions], [1, 0])
})

test('a frame that stands in an entry twice counts once', () => {
  const frame = batchFrame(100)
  assert.equal(framesBytes([frame, frame, batchFrame(100)]), 200)
})

test('hits and misses are counted by get, not by peek', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  assert.equal(cache.stats().hit_rate, 0)
  cache.set('a', { schemaFrame, frames: [], rows: 0 })
  cache.get('a')
  cache.get('a')
  cache.get('a')
  cache.get('b')
  cache.peek('a')
  cache.peek('b')
  const { hits, misses, hit_rate: hitRate } = cache.stats()
  assert.deepEqual([hits, misses, hitRate], [3, 1, 0.75])
})

test('deleting and clearing free the memory and are no evictions', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  for (const id of ['a', 'b', 'c']) cache.set(id, { schemaFrame, frames: [batchFrame(100)], rows: 1 })
  assert.equal(cache.delete('a'), true)
  assert.equal(cache.delete('a'), false)
  assert.equal(cache.stats().bytes, 2 * (100 + schemaFrame.byteLength))
  cache.clear()
  const { bytes, entries, evictions, bytes_max: bytesMax } = cache.stats()
  assert.deepEqual([bytes, entries, evictions, bytesMax], [0, 0, 0, 1000])
})

test('a cache of no bytes keeps nothing', () => {
  const cache = new FrameCache({ bytesMax: 0, entryShareMax: 0.5 })
  assert.equal(cache.set('a', { schemaFrame, frames: [], rows: 0 }), false)
  assert.equal(cache.get('a'), undefined)
  assert.equal(cache.delete('a'), false)
  cache.clear()
  assert.deepEqual([cache.stats().bytes, cache.stats().misses], [0, 1])
})
