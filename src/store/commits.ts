import type { DatasetRef } from '../../flight/descriptor.ts'
import { SternaError } from '../errors.ts'
import type { FrameCache } from './cache/frame-cache.ts'
import type { Catalog } from './catalog/catalog.ts'
import { type Change, isObjectChange } from './catalog/commit.ts'
import type { CatalogDataset, CatalogState, NewPart } from './catalog/state.ts'
import type { Logs } from './log/logs.ts'
import type { PartFiles } from './part-files.ts'
import type { Pins } from './pins.ts'

/** What follows the catalog in the moment of a commit. */
export interface CommitParts {
  readonly catalog: Catalog
  readonly files: PartFiles
  readonly pins: Pins
  readonly cache: FrameCache
  readonly logs: Pick<Logs, 'flushed' | 'ended'>
}

/**
 * Commits changes as one snapshot. Logs, pins and the cache follow in the same moment: no reader may see rows twice,
 * or not at all.
 *
 * @throws as {@link Catalog.commit}
 */
export function commit(
  { catalog, pins, cache, logs }: CommitParts,
  changes: readonly Change[],
  message?: string,
): CatalogState {
  const { before, state, retired } = catalog.commit(changes, message)
  pins.retire(state.snapshotId, retired)
  for (const change of changes) {
    if (isObjectChange(change)) continue
    const [known, after] = [before.get(change.ref), state.get(change.ref)]
    if (known && known.tableId !== after?.tableId) cache.delete(known.tableId)
    if (after) cache.follow(after)
    const isAdded = change.kind === 'put' && change.mode === 'append'
    if (change.kind === 'drop' || (change.kind === 'put' && !isAdded)) logs.ended(change.ref)
    else if (after) logs.flushed(after)
  }
  return state
}

/** As {@link commit}, of changes that bring files: these go where the commit was refused. */
export async function commitFiles(
  parts: CommitParts,
  changes: readonly Change[],
  brought: readonly NewPart[],
  message?: string,
): Promise<CatalogState> {
  try {
    return commit(parts, changes, message)
  } catch (error) {
    // A refusal has changed nothing, nor has a commit for which there was no room: the frame that completes it is
    // the last to be written. After any other failure of the disk nobody knows: a log that is replayed at the next
    // start may still name these files, so they are left for that start to sort out.
    if (error instanceof SternaError && error.code !== 'DISK_FAILED') {
      await parts.files.remove(brought.map(({ path }) => path))
    }
    throw error
  }
}

/** What a commit has made of a dataset that is there after it. */
export function committed(state: CatalogState, ref: DatasetRef): CatalogDataset {
  const dataset = state.get(ref)
  if (!dataset) throw new Error('A committed dataset is not in its snapshot')
  return dataset
}
