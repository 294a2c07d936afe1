/** Which parts are compacted together, and when: never over the bounds of partitions, and no row too often. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../../src/limits.ts'
import type { CatalogDataset, CatalogPart } from '../../../src/store/catalog/state.ts'
import { allGroups, dueGroups } from '../../../src/store/lifecycle/plan.ts'
import type { Partition } from '../../../src/store/partitions.ts'

const MIB = 1024 * 1024
let nextId = 0

function part(mebibytes: number, tier: CatalogPart['tier'] = 'warm', day: number | null = null): CatalogPart {
  const by = { column: 'ts', every: 'day' } as const
  const partition: Partition | null = day === null ? null : { by, value: [2026, 2, day] }
  nextId += 1
  const fileBytes = mebibytes * MIB
  return {
    dataFileId: nextId,
    path: '',
    rows: 1,
    fileBytes,
    arrowBytes: fileBytes,
    tier,
    partition,
    version: 1,
  }
}

function dataset(...parts: CatalogPart[]): CatalogDataset {
  return { parts } as unknown as CatalogDataset
}

function sizes(groups: readonly (readonly CatalogPart[])[]): number[][] {
  return groups.map((group) => group.map(({ fileBytes }) => fileBytes / MIB))
}

test('all parts of a partition become as few as their sizes allow', () => {
  const parts = [
    part(100),
    part(250),
    part(100, 'cold'),
    part(1, 'warm', 3),
    part(1, 'warm', 3),
    part(1, 'warm', 4),
  ]
  assert.deepEqual(sizes(allGroups(dataset(...parts))), [[100, 250], [100], [1, 1], [1]])
})

test('few small parts wait until they are more, large, or left alone', () => {
  const few = [part(1), part(1)]
  assert.deepEqual(dueGroups(dataset(...few), false), [])
  assert.deepEqual(sizes(dueGroups(dataset(...few), true)), [[1, 1]])
  const many = Array.from({ length: LIMITS.compactPartsMin }, () => part(1))
  assert.equal(dueGroups(dataset(...many), false).length, 1)
  assert.deepEqual(sizes(dueGroups(dataset(part(150), part(100)), false)), [[150, 100]])
  assert.deepEqual(dueGroups(dataset(part(300, 'cold'), part(1, 'cold')), true), [])
})

test('a compacted part waits until the parts behind it have half of its size', () => {
  assert.deepEqual(sizes(dueGroups(dataset(part(100, 'cold'), part(1)), true)), [[1]])
  assert.deepEqual(sizes(dueGroups(dataset(part(2, 'cold'), part(1)), true)), [[2, 1]])
})

test('the rest of what came before a large compacted part is compacted without it', () => {
  assert.deepEqual(sizes(dueGroups(dataset(part(15), part(50), part(310, 'cold')), true)), [[15, 50]])
  assert.deepEqual(sizes(dueGroups(dataset(part(8), part(20, 'cold'), part(200, 'cold')), true)), [[8]])
  assert.deepEqual(sizes(dueGroups(dataset(part(60), part(60), part(200, 'cold')), true)), [[60, 60, 200]])
})

test('a row is rewritten a number of times that grows with the logarithm of all', () => {
  let parts: readonly CatalogPart[] = []
  let written = 0
  for (let round = 0; round < 256; round += 1) {
    parts = [...parts, part(1)]
    for (const group of dueGroups(dataset(...parts), true)) {
      const size = group.reduce((sum, { fileBytes }) => sum + fileBytes, 0) / MIB
      const [first] = group
      parts = parts.flatMap((known) =>
        known === first ? [part(size, 'cold')] : group.includes(known) ? [] : [known],
      )
      written += size
    }
  }
  assert.equal(
    parts.reduce((sum, { fileBytes }) => sum + fileBytes, 0),
    256 * MIB,
  )
  assert.ok(written / 256 <= 10, `${written / 256} times`)
})
