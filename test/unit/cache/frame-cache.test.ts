// Goal: the cache stays inside its memory, gives what was read least recently for what is new, keeps what a commit has
// not changed, and counts truly.
// Method: frames whose sizes are given; no load on the real heap.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Frame } from '../../../flight/frame.ts'
import { encodeSchema } from '../../../flight/ipc/schema.ts'
import { FrameCache, type PartedDataset } from '../../../src/store/cache/frame-cache.ts'
import type { PartFrames } from '../../../src/store/cache/part-frames.ts'
import { batchFrame, schemaFrame } from './support.ts'

/** A version of table `tableId`: parts of one row each, under their ids. */
function dataset(tableId: number, ids: readonly number[], version = 1): PartedDataset {
  const parts = ids.map((dataFileId) => ({ dataFileId, rows: 1 }))
  return { tableId, version, schemaHeader: schemaFrame.header, parts }
}

function piece(parts: readonly number[], ...frames: readonly Frame[]): PartFrames {
  return { parts, frames }
}

const [a, b, c] = [dataset(1, [10]), dataset(2, [20]), dataset(3, [30])]

test('a dataset is given back as it was added, with what it holds', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  const frames = [batchFrame(100), batchFrame(200)]
  assert.equal(cache.add(a, [piece([10], ...frames)]), true)
  const entry = cache.get(a)
  assert.deepEqual(entry?.frames, frames)
  assert.equal(entry.bytes, 300 + schemaFrame.byteLength)
  assert.equal(cache.get(b), undefined)
})

test('what was read least recently makes room', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 0.5 })
  cache.add(a, [piece([10], batchFrame(400))])
  cache.add(b, [piece([20], batchFrame(400))])
  cache.get(a)
  cache.add(c, [piece([30], batchFrame(400))])
  assert.deepEqual(
    [a, b, c].map((each) => cache.peek(each) !== undefined),
    [true, false, true],
  )
  assert.equal(cache.stats().evictions, 1)
})

test('a dataset over its share is refused, whole, and evicts no other', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 0.5 })
  cache.add(a, [piece([10], batchFrame(400))])
  assert.equal(cache.add(b, [piece([20], batchFrame(500))]), false)
  assert.deepEqual([cache.peek(a) !== undefined, cache.peek(b)], [true, undefined])
  assert.deepEqual([cache.stats().entries, cache.stats().evictions], [1, 0])
  assert.equal(cache.add(dataset(1, [10, 11], 2), [piece([11], batchFrame(100))]), false)
  assert.equal(cache.has(1), false)
})

test('parts stay while others come and go, and a version of which all are here is whole', () => {
  const cache = new FrameCache({ bytesMax: 10_000, entryShareMax: 1 })
  const [first, second, third] = [batchFrame(100), batchFrame(200), batchFrame(300)]
  cache.add(dataset(1, [10, 11, 12]), [piece([10], first), piece([12], third)])
  assert.equal(cache.peek(dataset(1, [10, 11, 12])), undefined)
  assert.deepEqual(cache.pieces(dataset(1, [10, 11, 12])), [
    piece([10], first),
    { dataFileId: 11, rows: 1 },
    piece([12], third),
  ])
  cache.add(dataset(1, [10, 11, 12]), [piece([11], second)])
  assert.deepEqual(cache.get(dataset(1, [10, 11, 12]))?.frames, [first, second, third])
  const later = dataset(1, [11, 12], 2)
  cache.follow(later)
  assert.deepEqual(cache.get(later)?.frames, [second, third])
  assert.equal(cache.stats().bytes, 500 + schemaFrame.byteLength)
  // Of another order the same parts make other rows.
  assert.deepEqual(cache.get(dataset(1, [12, 11], 3))?.frames, [third, second])
  cache.follow(dataset(1, [13], 4))
  assert.equal(cache.has(1), false)
})

test('frames of several parts are only there while these stand side by side', () => {
  const cache = new FrameCache({ bytesMax: 10_000, entryShareMax: 1 })
  const frame = batchFrame(100)
  const both = dataset(1, [10, 11, 12])
  cache.add(both, [piece([10, 11], frame)])
  assert.deepEqual(cache.pieces(both), [piece([10, 11], frame), { dataFileId: 12, rows: 1 }])
  assert.deepEqual(cache.framesOf(both, [10, 11]), [frame])
  assert.equal(cache.framesOf(both, [11]), undefined)
  assert.equal(cache.framesOf(both, [11, 12]), undefined)
  const between = dataset(1, [10, 13, 11], 2)
  assert.ok(cache.pieces(between).every((each) => 'dataFileId' in each))
  cache.follow(between)
  assert.equal(cache.has(1), false)
})

test('the frames of parts to be rewritten are theirs alone', () => {
  const cache = new FrameCache({ bytesMax: 10_000, entryShareMax: 1 })
  const frames = [10, 11, 12].map((id) => batchFrame(id * 10))
  const all = dataset(1, [10, 11, 12])
  cache.add(
    all,
    frames.map((frame, index) => piece([10 + index], frame)),
  )
  assert.deepEqual(cache.framesOf(all, [11, 12]), frames.slice(1))
  assert.equal(cache.framesOf(all, [10, 12]), undefined)
  assert.equal(cache.framesOf(all, [99]), undefined)
})

test('parts without rows are not missed', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  const marked = { ...a, parts: [{ dataFileId: 9, rows: 0 }, ...a.parts, { dataFileId: 11, rows: 0 }] }
  cache.add(marked, [piece([10], batchFrame(100))])
  assert.equal(cache.get(marked)?.frames.length, 1)
})

test('frames of another schema are none of a dataset', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  cache.add(a, [piece([10], batchFrame(100))])
  const altered = { ...a, schemaHeader: encodeSchema({ fields: [], metadata: new Map([['a', 'b']]) }) }
  assert.equal(cache.peek(altered), undefined)
  assert.equal(cache.pieces(altered).length, 1)
  assert.equal(cache.add(altered, []), true)
  assert.equal(cache.peek(a), undefined)
})

test('a dictionary that several parts begin with is counted once', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  const dictionary: Frame = { ...batchFrame(100), kind: 'dictionary', rows: 0 }
  const two = dataset(1, [10, 11])
  cache.add(two, [piece([10], dictionary, batchFrame(100)), piece([11], dictionary, batchFrame(200))])
  assert.equal(cache.stats().bytes, 400 + schemaFrame.byteLength)
})

test('hits and misses are counted by get, not by peek', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  assert.equal(cache.stats().hit_rate, 0)
  cache.add(a, [piece([10], batchFrame(100))])
  cache.get(a)
  cache.get(a)
  cache.find(a)
  cache.find(b)
  cache.get(b)
  cache.peek(a)
  cache.peek(b)
  const { hits, misses, hit_rate: hitRate } = cache.stats()
  assert.deepEqual([hits, misses, hitRate], [3, 1, 0.75])
})

test('deleting and clearing free the memory and are no evictions', () => {
  const cache = new FrameCache({ bytesMax: 1000, entryShareMax: 1 })
  cache.add(a, [piece([10], batchFrame(100))])
  cache.add(b, [piece([20], batchFrame(100))])
  cache.add(c, [piece([30], batchFrame(100))])
  assert.equal(cache.delete(1), true)
  assert.equal(cache.delete(1), false)
  assert.equal(cache.stats().bytes, 2 * (100 + schemaFrame.byteLength))
  cache.clear()
  const { bytes, entries, evictions, bytes_max: bytesMax } = cache.stats()
  assert.deepEqual([bytes, entries, evictions, bytesMax], [0, 0, 0, 1000])
})

test('a cache of no bytes keeps nothing', () => {
  const cache = new FrameCache({ bytesMax: 0, entryShareMax: 0.5 })
  assert.equal(cache.add(a, [piece([10], batchFrame(100))]), false)
  assert.equal(cache.get(a), undefined)
  assert.equal(cache.has(1), false)
  assert.equal(cache.delete(1), false)
  cache.follow(a)
  cache.clear()
  assert.deepEqual([cache.stats().bytes, cache.stats().misses], [0, 1])
})
