import { createHash } from 'node:crypto'
import type { PinnedDataset } from '../../store/parts.ts'

/** Bits of a row id that say at which place the row is; those above name the version that it is counted in. */
const PLACE_BITS = 40n
const VERSION_BITS = 22n

/**
 * The id of a version's first row. Row ids are places within one version of a dataset: after any change of it they
 * would name other rows, and are refused because the version in them is another.
 */
export function rowIdsFrom({ id }: Pick<PinnedDataset, 'id'>): bigint {
  const hash = createHash('sha256').update(id).digest().readBigUInt64BE()
  return (hash & ((1n << VERSION_BITS) - 1n)) << PLACE_BITS
}
