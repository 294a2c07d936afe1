import { LIMITS } from '../../limits.ts'
import type { CatalogDataset, CatalogPart } from '../catalog/state.ts'
import { comparePartitions } from '../partitions.ts'

/** Neighbouring parts of one partition that become one part. */
export type CompactionGroup = readonly CatalogPart[]

/** All parts of a dataset, in as few groups as their sizes allow. */
export function allGroups({ parts }: CatalogDataset): CompactionGroup[] {
  return runsOf(parts).flatMap((run) => {
    const groups: CatalogPart[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const part of run) {
      if (bytes + part.fileBytes > LIMITS.compactFileBytesMax) {
        groups.push([])
        bytes = 0
      }
      groups.at(-1)?.push(part)
      bytes += part.fileBytes
    }
    return groups
  })
}

/**
 * What of a dataset is worth the work now: parts as they were written that make a large one together, or are many, or
 * have been left alone for a while.
 *
 * A compacted part is taken again only with what has grown to half of its size, so that a row is rewritten a
 * number of times that grows with the logarithm of all, not with their number.
 *
 * @param isQuiet - no rows have come for a while
 */
export function dueGroups({ parts }: CatalogDataset, isQuiet: boolean): CompactionGroup[] {
  return runsOf(parts)
    .flatMap(newestFirst)
    .filter((group) => {
      const warm = group.filter(({ tier }) => tier === 'warm')
      const bytes = group.reduce((sum, part) => sum + part.fileBytes, 0)
      const isLarge = bytes >= LIMITS.compactFileBytesMax / 2
      return warm.length > 0 && (isQuiet || isLarge || warm.length >= LIMITS.compactPartsMin)
    })
}

/** Parts of one partition that stand side by side. */
function runsOf(parts: readonly CatalogPart[]): CatalogPart[][] {
  const runs: CatalogPart[][] = []
  for (const part of parts) {
    const last = runs.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before && comparePartitions(before.partition, part.partition) === 0)
      last.push(part)
    else runs.push([part])
  }
  return runs
}

/**
 * From the newest part of a run back, groups of parts, of which no compacted one at either end is more than twice as
 * large as the others together.
 */
function newestFirst(run: readonly CatalogPart[]): CatalogPart[][] {
  const groups: CatalogPart[][] = []
  let group: CatalogPart[] = []
  let bytes = 0
  for (const part of run.toReversed()) {
    const isFull = bytes + part.fileBytes > LIMITS.compactFileBytesMax
    const isGrown = part.tier === 'cold' && part.fileBytes > 2 * bytes
    if (group.length > 0 && (isFull || isGrown)) {
      groups.push(group)
      group = []
      bytes = 0
    }
    group.unshift(part)
    bytes += part.fileBytes
  }
  if (group.length > 0) groups.push(group)
  return groups.flatMap(withoutLargeNewest)
}

/** What was too much for the part behind it stays by itself: that part is not written again for a few older rows. */
function withoutLargeNewest(group: CatalogPart[]): CatalogPart[][] {
  const [newest, others] = [group.at(-1), group.slice(0, -1)]
  const bytes = others.reduce((sum, part) => sum + part.fileBytes, 0)
  const isLarge = newest?.tier === 'cold' && newest.fileBytes > 2 * bytes
  return newest && isLarge && others.length > 0 ? [[newest], ...withoutLargeNewest(others)] : [group]
}
