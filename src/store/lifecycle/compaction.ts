import { randomUUID } from 'node:crypto'
import type { CatalogDataset } from '../catalog/state.ts'
import { type Publisher } from '../publisher.ts'
import type { StagedPart } from '../parts.ts'
import type { CompactionGroup } from './plan.ts'

/** What a compaction answers. */
export interface CompactSummary {
  readonly key: string
  readonly parts_before: number
  readonly parts_after: number
  readonly size_bytes_before: number
  readonly size_bytes_after: number
}

/**
 * Rewrites neighbouring parts of a dataset as one, or where they are of no partition yet as one for each, sorted as the
 * dataset says. Readers go on with the old parts; one commit puts the new ones in their place. Nothing is left of one
 * that fails or is stopped.
 *
 * @returns the new parts
 * @throws COMMIT_CONFLICT where one of the parts is gone meanwhile; CANCELLED, DISK_FULL, DISK_FAILED
 */
export async function compactGroup(
  publisher: Publisher,
  dataset: CatalogDataset,
  group: CompactionGroup,
  level: number,
  signal: AbortSignal,
): Promise<readonly StagedPart[]> {
  const id = randomUUID()
  const origin = {
    ref: dataset.ref,
    mode: 'rewrite' as const,
    put: id,
    order: 0,
    arrowBytes: group.reduce((sum, part) => sum + part.arrowBytes, 0),
    sources: group.map(({ path }) => path),
    log: publisher.logOf(dataset),
  }
  const path = publisher.temporaryPath(`${id}.parquet`)
  let staged: readonly StagedPart[] = []
  try {
    staged = await publisher.restage(origin, dataset, group, { path, compressionLevel: level }, signal)
    await publisher.replaceParts(
      dataset.ref,
      group.map(({ dataFileId }) => dataFileId),
      staged,
    )
    return staged
  } finally {
    await publisher.discard(staged.map((part) => part.path))
  }
}
