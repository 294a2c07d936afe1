/** What the parts alone say of the datasets: the order of puts, what they replaced, and what a compaction stands for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FoundPart, traceLineage } from '../../../src/store/lineage.ts'
import type { PartOrigin } from '../../../src/store/part-origin.ts'

const ref = { schema: 'main', key: 'k' }

function part(
  number: number,
  put: string,
  mode: PartOrigin['mode'],
  more: Partial<PartOrigin> = {},
): FoundPart {
  return { path: `k.${number}.parquet`, number, origin: { ref, mode, put, order: 0, arrowBytes: 0, ...more } }
}

function numbers(parts: readonly FoundPart[]): number[] {
  const [lineage] = traceLineage(parts)
  return lineage?.live.map(({ number }) => number) ?? []
}

test('the last replace and the appends after it are what a dataset holds', () => {
  const parts = [
    part(3, 'd', 'append'),
    part(0, 'a', 'replace'),
    part(2, 'c', 'replace'),
    part(1, 'b', 'append'),
  ]
  assert.deepEqual(numbers(parts), [2, 3])
  assert.deepEqual(
    traceLineage(parts)[0]?.superseded.map(({ number }) => number),
    [0, 1],
  )
})

test('the parts of one put come in their order, whatever their names', () => {
  const parts = [part(1, 'a', 'replace', { order: 1 }), part(0, 'a', 'replace', { order: 0 })]
  assert.deepEqual(numbers(parts), [0, 1])
})

test('a compaction takes the place of its sources, before what was appended meanwhile', () => {
  const sources = ['k.0.parquet', 'k.1.parquet']
  const rewritten = part(3, 'c', 'rewrite', { sources })
  const appended = part(2, 'b', 'append')
  assert.deepEqual(numbers([part(0, 'a', 'replace'), part(1, 'x', 'append'), appended, rewritten]), [3, 2])
  assert.deepEqual(numbers([appended, rewritten]), [3, 2])
})

test('after a rollback there is what it names, and what comes later', () => {
  const parts = [
    part(0, 'a', 'replace'),
    part(1, 'b', 'append'),
    // Another name of the first part, which says of itself what that does.
    part(2, 'a', 'replace'),
    part(3, 'r', 'rollback', { sources: ['k.2.parquet'] }),
  ]
  assert.deepEqual(numbers(parts), [2, 3])
  assert.deepEqual(numbers([...parts, part(4, 'd', 'append')]), [2, 3, 4])
  assert.deepEqual(numbers([...parts, part(4, 'd', 'replace')]), [4])
})

test('datasets of one key in two schemas are two', () => {
  const other = part(0, 'z', 'replace', { ref: { schema: 'other', key: 'k' } })
  assert.equal(traceLineage([part(0, 'a', 'replace'), other]).length, 2)
})

test('puts into different partitions, whose names count alone, come in the order of their times', () => {
  const inPartition = (suffix: string, written: FoundPart): FoundPart => ({
    ...written,
    path: `k_${suffix}.${written.number}.parquet`,
  })
  const old = inPartition('20260203', part(7, 'a', 'replace', { writtenMs: 1 }))
  const replaced = inPartition('20260204', part(1, 'b', 'replace', { writtenMs: 2 }))
  const late = inPartition('20260204', part(2, 'c', 'append', { writtenMs: 3 }))
  assert.deepEqual(numbers([late, old, replaced]), [1, 2])
  // Of one name the number counts, whatever the clock said.
  const second = inPartition('20260204', part(3, 'd', 'append', { writtenMs: 0 }))
  assert.deepEqual(numbers([second, late, replaced]), [1, 2, 3])
})
