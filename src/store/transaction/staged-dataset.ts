import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { CatalogDataset, CatalogPart } from '../catalog/state.ts'
import type { LogRows, PinnedDataset, StagedPart } from '../parts.ts'

/** A part as a transaction sees it: of the catalog, or written by the transaction. */
export type StagedEntry =
  | { readonly kind: 'kept'; readonly part: CatalogPart; readonly place: number }
  /** In the place of that part of the catalog, by its id; null at the end. */
  | { readonly kind: 'new'; readonly part: StagedPart; readonly place: number | null }

/** One dataset as a transaction has made it. Immutable: whoever holds one sees that moment of the transaction. */
export interface StagedDataset {
  readonly ref: DatasetRef
  /** What it goes on from; null where the transaction has made it. */
  readonly base: CatalogDataset | null
  /** Null: dropped. */
  readonly content: StagedContent | null
}

export interface StagedContent {
  /** Names this content and no other, ever. */
  readonly id: string
  /** `change`: other rows of the base. `replace`: whatever stands there goes. `alter`: the same, if it is the base yet. */
  readonly kind: 'change' | 'create' | 'replace' | 'alter'
  readonly schemaHeader: Uint8Array
  readonly schema: Schema
  readonly entries: readonly StagedEntry[]
  /** Rows of the base that are in no part yet. */
  readonly log: LogRows | null
}

/** A dataset of the catalog as a transaction begins to change it. */
export function stagedFrom(base: CatalogDataset, log: LogRows | null): StagedDataset {
  const { ref, schemaHeader, schema } = base
  const entries = base.parts.map((part): StagedEntry => ({ kind: 'kept', part, place: part.dataFileId }))
  return { ref, base, content: { id: randomUUID(), kind: 'change', schemaHeader, schema, entries, log } }
}

/** What a transaction puts in the place of a dataset, or makes. */
export function newContent(
  kind: StagedContent['kind'],
  schema: Schema,
  schemaHeader: Uint8Array,
  parts: readonly StagedPart[],
): StagedContent {
  const entries = parts.map((part): StagedEntry => ({ kind: 'new', part, place: null }))
  return { id: randomUUID(), kind, schemaHeader, schema, entries, log: null }
}

/** With parts that go, by path, each with those in its place, and parts at the end. */
export function withParts(
  content: StagedContent,
  pathOf: (entry: StagedEntry) => string,
  replaced: ReadonlyMap<string, readonly StagedPart[]>,
  added: readonly StagedPart[],
): StagedContent {
  const entries = content.entries.flatMap((entry): StagedEntry[] => {
    const parts = replaced.get(pathOf(entry))
    return parts === undefined ? [entry] : parts.map((part) => ({ kind: 'new', part, place: entry.place }))
  })
  const ends = added.map((part): StagedEntry => ({ kind: 'new', part, place: null }))
  return { ...content, id: randomUUID(), entries: [...entries, ...ends] }
}

/** As SQL sees it. */
export function pinnedOf(
  ref: DatasetRef,
  { id, schema, entries, log }: StagedContent,
  pathOf: (entry: StagedEntry) => string,
): PinnedDataset {
  const parts = entries.map((entry) => ({
    path: pathOf(entry),
    rows: entry.kind === 'kept' ? entry.part.rows : entry.part.written.rows,
    of: ref,
  }))
  const rows = parts.reduce((sum, part) => sum + part.rows, log?.rows ?? 0)
  return { ref, id, schema, parts, log, rows, rollup: null }
}
