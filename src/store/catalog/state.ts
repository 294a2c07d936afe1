import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { DatasetOptions } from '../options.ts'
import type { RollupDefinition, WrittenPart } from '../parts.ts'
import type { Partition } from '../partitions.ts'
import { datasetName } from './names.ts'
import type { CatalogObjects } from './objects.ts'

export { datasetName }

/** Where the rows of a part are in their life: as written, or compacted. */
export type PartTier = 'warm' | 'cold'

/** One part of a dataset, as a snapshot names it. */
export interface CatalogPart {
  readonly dataFileId: number
  /** Relative to the folder of the parts; its names are percent-encoded by whoever gave them. */
  readonly path: string
  readonly rows: number
  readonly fileBytes: number
  /** Size in memory; an estimate for parts that another engine wrote. */
  readonly arrowBytes: number
  readonly tier: PartTier
  /** Null where the dataset is not partitioned, or was not when it was written. */
  readonly partition: Partition | null
  /** The snapshot that added it. */
  readonly version: number
}

/** A part to be committed: a file that is complete, synced and under its final name. */
export interface NewPart extends WrittenPart {
  /** Relative to the folder of the parts, with slashes. */
  readonly path: string
  readonly arrowBytes: number
  readonly tier: PartTier
  readonly partition?: Partition | null
}

/** What a dataset is a rollup of, and how far its parts go. */
export interface RollupState {
  readonly definition: RollupDefinition
  /** The table and the version of the source that the watermark is true of: of any other version, no part is. */
  readonly source: { readonly tableId: number; readonly version: number }
  /** Buckets that begin before it are in the parts; µs since 1970. Null: none is. */
  readonly watermarkUs: number | null
}

/** One dataset in one snapshot. Immutable. */
export interface CatalogDataset {
  readonly tableId: number
  readonly ref: DatasetRef
  /** The IPC Schema message, as the client sent it; borrowed by every reader, so never written to. */
  readonly schemaHeader: Uint8Array
  readonly schema: Schema
  readonly options: DatasetOptions
  /** In the order of their rows: by partition, then as they were acknowledged. */
  readonly parts: readonly CatalogPart[]
  readonly rows: number
  readonly fileBytes: number
  readonly arrowBytes: number
  /** Of the batches of its log, the last that is in a part; 0 where none is. */
  readonly logFlushed: number
  /** Null for a dataset that clients put. */
  readonly rollup: RollupState | null
  /** The snapshot that last changed it. With `tableId` it names this content and no other, ever. */
  readonly version: number
  /** When its key was first put, and when it last changed. */
  readonly createdNs: bigint
  readonly updatedNs: bigint
  /**
   * Null, or why the parts alone do not say what the dataset holds, as words that can follow "because": another
   * engine has done to it what we cannot read. Such a dataset can be replaced or dropped only.
   */
  readonly blocked: string | null
}

/** Changed datasets that a state keeps beside the shared map before it makes a new one. */
const CHANGED_MAX = 256

/** A map that many states share, and its order once somebody asked. */
interface Base {
  readonly datasets: ReadonlyMap<string, CatalogDataset>
  sorted?: readonly Entry[]
}

type Entry = readonly [name: string, dataset: CatalogDataset]

/**
 * All datasets of one snapshot. Immutable: whoever holds one sees that snapshot, whatever is committed.
 *
 * States share what they have in common: a commit to one of 10,000 datasets copies 256 entries at most, not all.
 */
export class CatalogState {
  readonly snapshotId: number
  /** Schemas, views and comments. */
  readonly objects: CatalogObjects
  readonly #base: Base
  readonly #changed: ReadonlyMap<string, CatalogDataset | null>
  #list: readonly CatalogDataset[] | undefined

  private constructor(
    snapshotId: number,
    objects: CatalogObjects,
    base: Base,
    changed: ReadonlyMap<string, CatalogDataset | null>,
  ) {
    this.snapshotId = snapshotId
    this.objects = objects
    this.#base = base
    this.#changed = changed
  }

  /** @param datasets - by {@link datasetName}; not changed afterwards */
  static of(
    snapshotId: number,
    datasets: ReadonlyMap<string, CatalogDataset>,
    objects: CatalogObjects,
  ): CatalogState {
    return new CatalogState(snapshotId, objects, { datasets }, new Map())
  }

  /** The state after this one. @param changes - by {@link datasetName}; null for one that is gone */
  with(
    snapshotId: number,
    changes: ReadonlyMap<string, CatalogDataset | null>,
    objects: CatalogObjects,
  ): CatalogState {
    const changed = new Map([...this.#changed, ...changes])
    if (changed.size <= CHANGED_MAX) return new CatalogState(snapshotId, objects, this.#base, changed)
    const datasets = new Map(this.#base.datasets)
    for (const [name, dataset] of changed) {
      if (dataset === null) datasets.delete(name)
      else datasets.set(name, dataset)
    }
    return CatalogState.of(snapshotId, datasets, objects)
  }

  get(ref: DatasetRef): CatalogDataset | undefined {
    const name = datasetName(ref)
    const changed = this.#changed.get(name)
    return changed === undefined ? this.#base.datasets.get(name) : (changed ?? undefined)
  }

  /** All datasets by schema and key, in the order of their UTF-16 code units. */
  list(): readonly CatalogDataset[] {
    this.#list ??= this.#sort()
    return this.#list
  }

  #sort(): readonly CatalogDataset[] {
    this.#base.sorted ??= [...this.#base.datasets].sort(byName)
    const kept = this.#base.sorted.filter(([name]) => !this.#changed.has(name))
    const changed = [...this.#changed].filter((entry): entry is [string, CatalogDataset] => entry[1] !== null)
    return merge(kept, changed.sort(byName)).map(([, dataset]) => dataset)
  }
}

function byName([a]: Entry, [b]: Entry): number {
  return a < b ? -1 : 1
}

/** Two sorted lists as one. */
function merge(left: readonly Entry[], right: readonly Entry[]): Entry[] {
  const merged: Entry[] = []
  let index = 0
  for (const entry of right) {
    for (let next = left[index]; next !== undefined && byName(next, entry) < 0; next = left[index]) {
      merged.push(next)
      index += 1
    }
    merged.push(entry)
  }
  return merged.concat(left.slice(index))
}

/** A dataset from its parts; the sums are taken here, so that they cannot differ from them. */
export function makeDataset(
  input: Omit<CatalogDataset, 'rows' | 'fileBytes' | 'arrowBytes'>,
): CatalogDataset {
  let rows = 0
  let fileBytes = 0
  let arrowBytes = 0
  for (const part of input.parts) {
    rows += part.rows
    fileBytes += part.fileBytes
    arrowBytes += part.arrowBytes
  }
  return { ...input, rows, fileBytes, arrowBytes }
}
