// Goal: the pieces of a dataset have each of its rows once, in order, are of about the same size, and go with their pin.
// Method: cut made-up datasets in every way, and read a snapshot whose release is counted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { framesOf, piecesOf } from '../../../src/store/dataset-piece.ts'
import type { PinnedDataset, PinnedLake } from '../../../src/store/parts.ts'
import { SharedPin } from '../../../src/store/shared-pin.ts'

const ref = { schema: 'main', key: 'cut' }

function dataset(partRows: readonly number[], logRows = 0): PinnedDataset {
  const parts = partRows.map((rows, index) => ({ path: `/cold/${index}`, rows, of: ref }))
  const log = logRows === 0 ? null : { frames: [], rows: logRows, bytes: 1, sequence: 7 }
  const rows = partRows.reduce((sum, count) => sum + count, logRows)
  return { ref, id: '1@2', schema: { fields: [], metadata: new Map() }, parts, log, rows, rollup: null }
}

function frame(kind: Frame['kind'], rows = 0): Frame {
  return { ...makeFrame(new Uint8Array(), [], { kind }), rows }
}

test('pieces follow each other, and have all parts', () => {
  for (const parts of [[5], [5, 5], [1, 9, 1, 9, 1], [100, 1, 1, 1], [1, 1, 1, 100], [0, 0, 3, 0]]) {
    for (let count = 1; count <= 8; count++) {
      const pieces = piecesOf(dataset(parts, 2), count, 1)
      assert.ok(
        pieces.length >= 1 && pieces.length <= Math.min(count, parts.length),
        `${parts.join()} ${count}`,
      )
      const covered = pieces.flatMap(({ first, end }) => parts.slice(first, end))
      assert.deepEqual(covered, parts)
      assert.ok(pieces.every(({ first, end }) => end > first))
      assert.deepEqual(
        pieces.map(({ isLast }) => isLast),
        pieces.map((_, index) => index === pieces.length - 1),
      )
    }
  }
})

test('pieces are of about the same size, and no more than are worth it', () => {
  const sizes = (parts: readonly number[], count: number, rowsMin = 1): number[] =>
    piecesOf(dataset(parts), count, rowsMin).map(({ first, end }) =>
      parts.slice(first, end).reduce((sum, rows) => sum + rows, 0),
    )
  assert.deepEqual(sizes([5, 5, 5, 5], 2), [10, 10])
  assert.deepEqual(sizes([5, 5, 5, 5, 5], 3), [10, 5, 10])
  assert.deepEqual(sizes([10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 2), [10, 10])
  assert.deepEqual(sizes([5, 5, 5, 5], 4, 6), [5, 10, 5])
  assert.deepEqual(sizes([5, 5, 5, 5], 4, 21), [20])
})

test('frames in memory are those of a piece, with the dictionaries before them, where none is of two', () => {
  const whole = dataset([2, 3, 4], 1)
  const [a, b, c, d, e] = [2, 3, 1, 3, 1].map((rows) => frame('batch', rows)) as [
    Frame,
    Frame,
    Frame,
    Frame,
    Frame,
  ]
  const [early, late] = [frame('dictionary'), frame('dictionary')]
  const frames = [early, a, b, late, c, d, e]
  const [first, second, last] = piecesOf(whole, 3, 1)
  assert.ok(first && second && last)
  assert.deepEqual(framesOf(frames, first), [early, a])
  assert.deepEqual(framesOf(frames, second), [early, b])
  assert.deepEqual(framesOf(frames, last), [early, late, c, d, e])
  assert.equal(framesOf([frame('batch', 3), frame('batch', 7)], second), undefined)
})

test('a shared snapshot is released when it is closed and its last reader is done', () => {
  let releases = 0
  const whole = dataset([2, 3], 1)
  const lake: PinnedLake = {
    at: () => lake,
    resolve: () => whole,
    match: () => [whole],
    list: () => [whole],
    views: () => [],
    release: () => releases++,
  }
  const shared = new SharedPin(lake)
  const [first, last] = piecesOf(whole, 2, 1)
  assert.ok(first && last)
  const readers = [first, last].map((piece) => shared.piece(piece).pin())
  for (const reader of readers) {
    const seen = [reader.resolve(ref), ...reader.match('main', '*'), ...reader.at({ version: 1 }).list()]
    const [piece] = seen
    for (const each of seen) assert.deepEqual(each, piece)
  }
  const [head, tail] = readers.map((reader) => reader.resolve(ref))
  assert.deepEqual([head?.rows, tail?.rows, head?.log, tail?.log], [2, 4, null, whole.log])
  assert.equal(new Set([head?.id, tail?.id, whole.id]).size, 3)
  shared.close()
  readers[0]?.release()
  readers[0]?.release()
  assert.equal(releases, 0)
  readers[1]?.release()
  assert.equal(releases, 1)
})
