import type { DatasetRef } from '../../flight/descriptor.ts'
import type { NewPart } from './catalog/state.ts'
import type { PartFiles } from './part-files.ts'
import type { StagedPart } from './parts.ts'
import { partitionSuffix } from './partitions.ts'

/** Gives staged parts their names, durably. All or none of them are there afterwards. */
export async function nameParts(
  files: PartFiles,
  ref: DatasetRef,
  staged: readonly StagedPart[],
  tier: NewPart['tier'],
): Promise<NewPart[]> {
  const named: NewPart[] = []
  if (staged.length === 0) return named
  try {
    for (const { path, written, arrowBytes, partition } of staged) {
      const suffix = partition && partitionSuffix(partition.value)
      const published = await files.publish(ref, path, suffix)
      named.push({ ...written, path: published, arrowBytes, partition, tier })
    }
    await files.syncFolder(ref)
  } catch (error) {
    await files.remove(named.map(({ path }) => path))
    throw error
  }
  return named
}
