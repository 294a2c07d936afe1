import { isDeepStrictEqual } from 'node:util'
import type { Frame } from '../../flight/frame.ts'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import type { PinnedLake } from '../store/parts.ts'
import type { GatedQuery } from './gate/gated-query.ts'

/** The batches of a dataset, in its own types. */
export interface WholeDataset {
  readonly schema: Schema
  readonly frames: readonly Frame[]
}

/** What a statement for a whole dataset reads, where that is in memory: batches that may be its result already. */
export function wholeDataset(query: GatedQuery, lake: PinnedLake): WholeDataset | undefined {
  const [dataset] = query.datasets
  if (!query.isWhole || dataset === undefined) return undefined
  const frames = lake.frames?.(dataset.ref)
  return frames && { schema: dataset.schema, frames }
}

/**
 * True where the batches have, byte for byte, a form that a result of this schema may have: columns of the same types,
 * without children or dictionaries, and nothing of their writer beside them. Names, and what a field says beyond its
 * type, stand in the schema alone.
 */
export function isResult({ schema, frames }: WholeDataset, result: Schema): boolean {
  return (
    schema.fields.length === result.fields.length &&
    schema.fields.every((field, index) => isSameFlat(field, result.fields[index])) &&
    frames.every(({ kind, appMetadata }) => kind === 'batch' && appMetadata === null)
  )
}

function isSameFlat(field: Field, other: Field | undefined): boolean {
  return (
    isDeepStrictEqual(field.type, other?.type) &&
    field.dictionary === null &&
    other?.dictionary === null &&
    field.children.length === 0
  )
}
