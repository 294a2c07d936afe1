import { isDeepStrictEqual } from 'node:util'
import { type Frame, makeFrame } from '../../flight/frame.ts'
import { openBatch, sliceBatch } from '../../flight/ipc/slice.ts'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { FrameRows, PinnedLake } from '../store/parts.ts'
import type { GatedQuery } from './gate/gated-query.ts'
import type { StoredItem } from './gate/plain-columns.ts'
import { foldName } from './gate/tree.ts'

/** Rows of a dataset in memory, in its own types. */
export interface StoredRows {
  readonly schema: Schema
  /** Places of the columns that are wanted. */
  readonly columns: readonly number[]
  readonly rows: readonly FrameRows[]
}

/** What a statement gives as it is stored, where that is in memory: batches that may be its result already. */
export function storedRows({ stored, datasets }: GatedQuery, lake: PinnedLake): StoredRows | undefined {
  const [dataset] = datasets
  if (stored === null || dataset === undefined) return undefined
  const { schema } = dataset
  const columns = placesOf(stored.items, schema)
  const rows = stored.rows ?? (isEvery(columns, schema) ? allRows(lake.frames?.(dataset.ref)) : undefined)
  return rows && !columns.includes(-1) ? { schema, columns, rows } : undefined
}

/** True for all columns in their order. */
function isEvery(places: readonly number[], { fields }: Schema): boolean {
  return places.length === fields.length && places.every((place, index) => place === index)
}

function allRows(frames: readonly Frame[] | undefined): FrameRows[] | undefined {
  return frames?.map((frame) => ({ frame, start: 0, end: frame.rows }))
}

/** -1 for a name that no column has, or several have. */
function placesOf(items: readonly StoredItem[], { fields }: Schema): number[] {
  return items.flatMap((item) => {
    if (item === 'all') return [...fields.keys()]
    const places = [...fields.keys()].filter(
      (place) => foldName(fields[place]?.name ?? '') === foldName(item.name),
    )
    return places.length === 1 ? places : [-1]
  })
}

/**
 * The rows as batches of a result of this schema, where they have, byte for byte, a form that it may have: columns of
 * the same types, without children or dictionaries, and nothing of their writer beside them. Names, and what a field says
 * beyond its type, stand in the schema alone.
 *
 * @returns null where they have not
 */
export function resultFrames({ schema, columns, rows }: StoredRows, result: Schema): Iterable<Frame> | null {
  const isSame =
    columns.length === result.fields.length &&
    columns.every((place, index) => isSameFlat(schema.fields[place], result.fields[index]))
  const batches = rows.filter(({ frame }) => frame.kind === 'batch')
  if (!isSame || batches.some(({ frame }) => frame.appMetadata !== null)) return null
  return cutAll(batches, schema, columns)
}

function* cutAll(rows: readonly FrameRows[], schema: Schema, columns: readonly number[]): Generator<Frame> {
  const isAll = isEvery(columns, schema)
  for (const { frame, start, end } of rows) {
    yield isAll && end - start === frame.rows ? frame : cut(frame, schema, columns, { start, end })
  }
}

function cut(
  frame: Frame,
  schema: Schema,
  places: readonly number[],
  { start, end }: Pick<FrameRows, 'start' | 'end'>,
): Frame {
  const batch = openBatch(frame.header, frame.body, schema)
  if (batch === null) throw new SternaError('BUG', 'Rows were found in a batch that cannot be read')
  const columns = places.flatMap((place) => batch.columns[place] ?? [])
  const { header, body } = sliceBatch({ ...batch, columns }, start, end)
  return makeFrame(header, body, { kind: 'batch', rows: end - start })
}

function isSameFlat(field: Field | undefined, other: Field | undefined): boolean {
  return (
    field?.dictionary === null &&
    field.children.length === 0 &&
    other?.dictionary === null &&
    isDeepStrictEqual(field.type, other.type)
  )
}
