import type { CatalogDataset, CatalogPart } from './catalog/state.ts'
import type { ParquetReader } from './parquet/parquet-reader.ts'
import type { PartFiles } from './part-files.ts'
import { parseOrigin } from './part-origin.ts'

export interface AdoptedSumsParts {
  readonly reader: Pick<ParquetReader, 'readPartMetadata'>
  readonly files: Pick<PartFiles, 'absolutePath'>
}

/** By dataset as it is: some have ten thousand parts that were adopted, each of which is asked for. */
const known = new WeakMap<CatalogDataset, Promise<ReadonlyMap<string, number>>>()

/** CRC32 of the adopted parts of a dataset, by their paths relative to `cold/`. They have no checksums of their own. */
export function adoptedSums(
  dataset: CatalogDataset,
  parts: AdoptedSumsParts,
): Promise<ReadonlyMap<string, number>> {
  const sums = known.get(dataset) ?? readSums(dataset.parts, parts)
  known.set(dataset, sums)
  return sums
}

/** The part without rows has them that was written with the adopted ones. */
async function readSums(
  parts: readonly CatalogPart[],
  { reader, files }: AdoptedSumsParts,
): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>()
  for (const { path } of parts.filter(({ rows }) => rows === 0)) {
    // One that cannot be read is told of when its turn comes.
    const footer = await reader.readPartMetadata(files.absolutePath(path)).catch(() => null)
    const origin = footer && parseOrigin(footer.metadata)
    for (const [index, source] of (origin?.sources ?? []).entries()) {
      const sum = origin?.sums?.[index]
      if (sum !== undefined) sums.set(source, sum)
    }
  }
  return sums
}
