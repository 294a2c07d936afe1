import { randomUUID } from 'node:crypto'
import { LIMITS } from '../../limits.ts'
import type { CatalogDataset, CatalogPart } from '../catalog/state.ts'
import type { Publisher } from '../publisher.ts'
import type { StagedPart } from '../parts.ts'

/** What a compaction answers. */
export interface CompactSummary {
  readonly key: string
  readonly parts_before: number
  readonly parts_after: number
  readonly size_bytes_before: number
  readonly size_bytes_after: number
}

/**
 * Rewrites all parts of a dataset into as few as their sizes allow, at a higher zstd level, rows in their order.
 * Readers go on with the old parts; one commit puts the new ones in their place. Nothing is left of one that fails.
 */
export async function compact(
  publisher: Publisher,
  dataset: CatalogDataset,
  level: number,
): Promise<CompactSummary> {
  const id = randomUUID()
  const groups = groupParts(dataset.parts)
  const paths = groups.map((_, index) => publisher.temporaryPath(`${id}.${index}.parquet`))
  const sources = dataset.parts.map(({ path }) => path)
  const staged: StagedPart[] = []
  let after: CatalogDataset
  try {
    for (const [index, group] of groups.entries()) {
      const arrowBytes = group.reduce((sum, part) => sum + part.arrowBytes, 0)
      const origin = {
        ref: dataset.ref,
        mode: 'rewrite' as const,
        put: id,
        order: index,
        arrowBytes,
        sources,
        log: publisher.logOf(dataset),
      }
      staged.push(...(await publisher.restage(origin, dataset, group, paths[index] ?? '', level)))
    }
    after = await publisher.replaceParts(
      dataset,
      dataset.parts.map(({ dataFileId }) => dataFileId),
      staged,
    )
  } finally {
    await publisher.discard([...paths, ...staged.map(({ path }) => path)])
  }
  return {
    key: dataset.ref.key,
    parts_before: dataset.parts.length,
    parts_after: after.parts.length,
    size_bytes_before: dataset.fileBytes,
    size_bytes_after: after.fileBytes,
  }
}

/** Neighbouring parts, together up to the size that one new part should have. */
function groupParts(parts: readonly CatalogPart[]): CatalogPart[][] {
  const groups: CatalogPart[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const part of parts) {
    if (bytes + part.arrowBytes > LIMITS.compactArrowBytesTarget) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)?.push(part)
    bytes += part.arrowBytes
  }
  return groups
}
