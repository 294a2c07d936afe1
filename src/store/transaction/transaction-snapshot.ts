import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Frame } from '../../../flight/frame.ts'
import { datasetName } from '../catalog/state.ts'
import { matchesGlob } from '../glob.ts'
import type { PastMoment, PinnedDataset, PinnedLake, PinnedRollup, PinnedView } from '../parts.ts'

/** A pinned snapshot with what a transaction has made of some of its datasets. */
export class TransactionSnapshot implements PinnedLake {
  readonly #base: PinnedLake
  readonly #changed: ReadonlyMap<string, PinnedDataset | null>
  readonly #views: readonly PinnedView[]

  /**
   * @param changed - by the names of datasets; null for those that are gone
   * @param views - all of them
   */
  constructor(
    base: PinnedLake,
    changed: ReadonlyMap<string, PinnedDataset | null>,
    views: readonly PinnedView[],
  ) {
    this.#base = base
    this.#views = views
    this.#changed = changed
  }

  /** The past is that of the lake: a transaction has none of its own. */
  at(moment: PastMoment): PinnedLake {
    return this.#base.at(moment)
  }

  resolve(ref: DatasetRef): PinnedDataset | undefined {
    const changed = this.#changed.get(datasetName(ref))
    if (changed !== undefined) return changed ?? undefined
    const dataset = this.#base.resolve(ref)
    return dataset && this.#withSource(dataset)
  }

  match(schema: string, glob: string): PinnedDataset[] {
    return this.list().filter(({ ref }) => ref.schema === schema && matchesGlob(glob, ref.key))
  }

  list(): PinnedDataset[] {
    if (this.#changed.size === 0) return this.#base.list()
    const kept = this.#base.list().filter(({ ref }) => !this.#changed.has(datasetName(ref)))
    const changed = [...this.#changed.values()].filter((dataset) => dataset !== null)
    return [...kept.map((dataset) => this.#withSource(dataset)), ...changed].sort((a, b) =>
      datasetName(a.ref) < datasetName(b.ref) ? -1 : 1,
    )
  }

  /** A rollup of what the transaction has changed is computed anew: its parts know nothing of that. */
  #withSource(dataset: PinnedDataset): PinnedDataset {
    const { rollup } = dataset
    const source = rollup && this.#changed.get(datasetName(rollup.definition.source))
    if (rollup === null || !source) return dataset
    const sourceParts = (): ReturnType<PinnedRollup['sourceParts']> => ({
      parts: source.parts,
      hasNulls: true,
    })
    const changed = { ...rollup, source, sourceParts, watermarkUs: null }
    return { ...dataset, id: `${dataset.id} with ${source.id}`, rollup: changed }
  }

  views(): readonly PinnedView[] {
    return this.#views
  }

  frames(ref: DatasetRef): readonly Frame[] | undefined {
    return this.#changed.has(datasetName(ref)) ? undefined : this.#base.frames?.(ref)
  }

  release(): void {
    this.#base.release()
  }
}
