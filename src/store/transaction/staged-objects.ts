import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { datasetName } from '../catalog/names.ts'
import type { CatalogObjects, TableComments } from '../catalog/objects.ts'
import type { CommentOn, ObjectChange } from '../catalog/write-objects.ts'
import type { PinnedView } from '../parts.ts'

/** What a transaction has made of schemas, views and comments so far. Immutable. */
export interface StagedObjects {
  /** By name: whether it is there. */
  readonly schemas: ReadonlyMap<string, boolean>
  /** By {@link datasetName}; null where it is gone. */
  readonly views: ReadonlyMap<string, PinnedView | null>
  /** By what they are on. */
  readonly comments: ReadonlyMap<string, Extract<ObjectChange, { kind: 'comment' }>>
}

export const NO_OBJECTS: StagedObjects = { schemas: new Map(), views: new Map(), comments: new Map() }

export function withSchema(staged: StagedObjects, schema: string, isThere: boolean): StagedObjects {
  const comments = isThere
    ? staged.comments
    : without(staged.comments, (on) => 'schema' in on && on.schema === schema)
  return { ...staged, comments, schemas: new Map(staged.schemas).set(schema, isThere) }
}

/** @param view - null for one that is dropped */
export function withView(staged: StagedObjects, ref: DatasetRef, view: PinnedView | null): StagedObjects {
  return { ...withoutComments(staged, ref), views: new Map(staged.views).set(datasetName(ref), view) }
}

export function withComment(staged: StagedObjects, on: CommentOn, text: string | null): StagedObjects {
  const comments = new Map(staged.comments).set(JSON.stringify(on), { kind: 'comment', on, text } as const)
  return { ...staged, comments }
}

/**
 * A table that takes the place of another has to be told what was said of that.
 *
 * @param said - of the other, in the catalog
 * @param renamed - columns, by what they were called
 */
export function withKeptComments(
  staged: StagedObjects,
  ref: DatasetRef,
  said: TableComments | undefined,
  { fields }: Schema,
  renamed: ReadonlyMap<string, string>,
): StagedObjects {
  const columns = new Map(said?.columns)
  let table = said?.table ?? null
  for (const { on, text } of staged.comments.values()) {
    if (!('ref' in on) || datasetName(on.ref) !== datasetName(ref)) continue
    if (on.column === null) table = text
    else if (text === null) columns.delete(on.column)
    else columns.set(on.column, text)
  }
  let kept = withoutComments(staged, ref)
  if (table !== null) kept = withComment(kept, { ref, column: null }, table)
  for (const [column, text] of columns) {
    const name = renamed.get(column) ?? column
    const isThere = fields.some((field) => field.name === name)
    if (isThere) kept = withComment(kept, { ref, column: name }, text)
  }
  return kept
}

/** What was said of a table or view that is gone is gone as well. */
export function withoutComments(staged: StagedObjects, ref: DatasetRef): StagedObjects {
  const isOf = (on: CommentOn): boolean => 'ref' in on && datasetName(on.ref) === datasetName(ref)
  return { ...staged, comments: without(staged.comments, isOf) }
}

/** Views as the transaction sees them. */
export function viewsOf(base: CatalogObjects, { views }: StagedObjects): PinnedView[] {
  const kept = [...base.views].filter(([name]) => !views.has(name)).map(([, view]) => view)
  return [...kept, ...[...views.values()].filter((view) => view !== null)]
}

export function hasSchema(base: CatalogObjects, { schemas }: StagedObjects, schema: string): boolean {
  return schemas.get(schema) ?? base.schemas.has(schema)
}

/** What there is to commit: before the datasets change, and after it. */
export function objectChanges(
  base: CatalogObjects,
  { schemas, views, comments }: StagedObjects,
): { readonly before: ObjectChange[]; readonly after: ObjectChange[] } {
  const before: ObjectChange[] = []
  const after: ObjectChange[] = []
  for (const [name, view] of views) {
    const known = base.views.get(name)
    if (known !== undefined) before.push({ kind: 'drop-view', ref: known.ref })
    if (view !== null) after.push({ kind: 'create-view', ref: view.ref, sql: view.sql, names: view.names })
  }
  for (const [schema, isThere] of schemas) {
    if (isThere && !base.schemas.has(schema)) before.push({ kind: 'create-schema', schema })
  }
  after.push(...comments.values())
  for (const [schema, isThere] of schemas) {
    if (!isThere && base.schemas.has(schema)) after.push({ kind: 'drop-schema', schema })
  }
  return { before, after }
}

function without(
  comments: StagedObjects['comments'],
  isGone: (on: CommentOn) => boolean,
): StagedObjects['comments'] {
  return new Map([...comments].filter(([, { on }]) => !isGone(on)))
}
