import type { Schema } from '../../../flight/ipc/schema.ts'
import type { NewRows, PinnedDataset, StagedPart, WritableLake } from '../../store/parts.ts'
import type { QueryRequest, QueryResult } from '../query.ts'
import { withoutNulls } from './checked-frames.ts'
import { addedQuery, rewriteQuery } from './compose.ts'
import type { RowChanges } from './row-changes.ts'
import { partsTable, WriteLake } from './write-lake.ts'

/** What runs queries. */
export interface Runner {
  run(request: QueryRequest): Promise<QueryResult>
}

/** A dataset that a transaction changes. */
export interface ChangedDataset extends Pick<PinnedDataset, 'ref' | 'parts'> {
  readonly schema: Schema
  readonly lake: WritableLake
  readonly signal: AbortSignal
}

/**
 * Rewrites the parts in which rows change, each into what is left of it, and adds new rows at the end.
 *
 * @param changed - the columns that updated rows have new values of
 * @throws SternaError SQL_FAILED naming a column that is NOT NULL
 */
export async function applyChanges(
  runner: Runner,
  { ref, schema, parts, lake, signal }: ChangedDataset,
  changes: RowChanges,
  changed: ReadonlySet<number>,
): Promise<void> {
  const rows = async (
    tables: ConstructorParameters<typeof WriteLake>[1],
    sql: string,
    place: NewRows['place'],
  ): Promise<readonly StagedPart[]> => {
    const read = { ...tables, changes: changes.table }
    const request = { sql, target: schema, lake: new WriteLake(lake, read), signal, isWrite: true }
    const sources = typeof place === 'object' ? [place.path] : []
    return writeResult(lake, { ref, schema, place, sources, signal }, await runner.run(request))
  }
  const replaced = new Map<string, readonly StagedPart[]>()
  for (const [file, { deleted }] of [...changes.files].toSorted(([a], [b]) => a - b)) {
    const part = parts[file]
    if (part === undefined) throw new Error('A row was found in no part')
    const isLeft = deleted < part.rows
    const only = { part: partsTable('part', schema, [part]) }
    const rewritten = isLeft ? await rows(only, rewriteQuery(schema, file, changed), { path: part.path }) : []
    replaced.set(part.path, rewritten)
  }
  const added = changes.inserted > 0 ? await rows({}, addedQuery(schema), 'end') : []
  lake.change(ref, replaced, added)
}

/** Writes the rows of a result, of which no column that is NOT NULL has a null, and closes it. */
export async function writeResult(
  lake: WritableLake,
  rows: Omit<NewRows, 'frames'>,
  result: QueryResult,
): Promise<readonly StagedPart[]> {
  try {
    return await lake.write({ ...rows, frames: withoutNulls(rows.ref, rows.schema, result.frames) })
  } finally {
    result.close()
  }
}

/** How many rows parts have. */
export function rowsOf(parts: readonly StagedPart[]): number {
  return parts.reduce((sum, { written }) => sum + written.rows, 0)
}
