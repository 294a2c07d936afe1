/** How long one partition is, from the longest on. */
export const PARTITION_STEPS = ['month', 'day', 'hour'] as const

/** By which column the parts of a dataset are told apart, and how long the time of each is, in UTC. */
export interface PartitionBy {
  readonly column: string
  readonly every: (typeof PARTITION_STEPS)[number]
}

/** Year, month, day and hour, as far as the length of a partition goes; null for rows whose time is null or infinite. */
export type PartitionValue = readonly number[] | null

/** What all rows of a part have in common. */
export interface Partition {
  readonly by: PartitionBy
  readonly value: PartitionValue
}

/** In the words of DuckLake: the functions of the column whose values make a partition. */
const TRANSFORMS = ['year', 'month', 'day', 'hour'] as const

export function partitionTransforms({ every }: PartitionBy): readonly (typeof TRANSFORMS)[number][] {
  return TRANSFORMS.slice(0, 2 + PARTITION_STEPS.indexOf(every))
}

/** The end of the names of a partition's files: `20260203`; `null` for rows without time. */
export function partitionSuffix(value: PartitionValue): string {
  if (value === null) return 'null'
  return value.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, '0')).join('')
}

/** The order of partitions: parts of none come first, rows without time last. */
export function comparePartitions(a: Partition | null, b: Partition | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null)
  for (const [index, part] of a.value.entries()) {
    const difference = part - (b.value[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Parts as readers get them: by partition, those of one in the order they have. */
export function inPartitionOrder<P extends { readonly partition: Partition | null }>(
  parts: readonly P[],
): P[] {
  return parts.toSorted((a, b) => comparePartitions(a.partition, b.partition))
}

export function isSamePartitioning(a: PartitionBy | undefined, b: PartitionBy | undefined): boolean {
  return a?.column === b?.column && a?.every === b?.every
}
