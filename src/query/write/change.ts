import type { DatasetRef } from '../../../flight/request.ts'
import { SternaError } from '../../errors.ts'
import type { Lake, PinnedDataset } from '../../store/parts.ts'
import type { QueryRequest } from '../query.ts'
import { applyChanges } from './apply-changes.ts'
import * as compose from './compose.ts'
import { readChanges, type RowChanges } from './row-changes.ts'
import type { Of, Run } from './run.ts'
import { partsTable, WriteLake } from './write-lake.ts'

/** `UPDATE`, `DELETE` and `MERGE`: the parts in which rows change are written anew. @returns how many rows */
export async function change(statement: Of<'update' | 'delete' | 'merge'>, run: Run): Promise<number> {
  const found = run.table(statement.table)
  const { ref, schema, parts } = await run.lake.settle(found.ref)
  const target = { name: ref.key, schema, hasParts: parts.length > 0 }
  const isWhole = statement.kind === 'delete' && statement.where === null && statement.using === null
  if (isWhole) return truncate(statement, run)
  const sql = await changeQuery(statement, target, run)
  const lake = new WriteLake(run.lake, { target: partsTable('target', schema, parts) })
  const result = await run.queries.run({ ...run.request(sql), lake })
  const changes = await readChanges(run.lake, result, run.signal)
  if (changes.rows === 0) return 0
  await apply(statement, { ref, schema, parts }, changes, run)
  return changes.rows
}

/** The rows that a statement changes, as a query. */
export async function changeQuery(
  statement: Of<'update' | 'delete' | 'merge'>,
  target: compose.Target,
  run: Run<Lake>,
): Promise<string> {
  if (statement.kind === 'update') return compose.updateQuery(target, statement)
  if (statement.kind === 'delete') return compose.deleteQuery(target, statement)
  const sql = `SELECT * FROM ${statement.source} AS sterna_source`
  const { schema } = await run.describe(sql)
  return compose.mergeQuery(
    target,
    statement,
    schema.fields.map(({ name }) => name),
  )
}

async function apply(
  statement: Of<'update' | 'delete' | 'merge'>,
  { ref, schema, parts }: Pick<PinnedDataset, 'ref' | 'schema' | 'parts'>,
  changes: RowChanges,
  run: Run,
): Promise<void> {
  const { lake, signal } = run
  const changesOnly = new WriteLake(lake, { changes: changes.table })
  if (statement.kind === 'merge')
    await assertOnce(
      ref,
      { ...run.request(compose.TWICE_QUERY), lake: changesOnly, parameters: undefined },
      run,
    )
  const changed = changedColumns(statement, { name: ref.key, schema, hasParts: true })
  await applyChanges(run.queries, { ref, schema, parts, lake, signal }, changes, changed)
}

/** @throws SternaError SQL_FAILED where a row of the table would be changed by two of the source */
async function assertOnce(ref: DatasetRef, request: QueryRequest, { queries }: Run): Promise<void> {
  const result = await queries.run(request)
  try {
    const { done } = await result.frames.next()
    if (done === true) return
    throw new SternaError(
      'SQL_FAILED',
      `Several rows of the source match one row of "${ref.key}", which a MERGE can change only once`,
    )
  } finally {
    result.close()
  }
}

/** `TRUNCATE`: all parts go. @returns how many rows they had */
export async function truncate({ table }: Pick<Of<'truncate'>, 'table'>, run: Run): Promise<number> {
  const { ref } = run.table(table)
  const { parts, rows } = await run.lake.settle(ref)
  run.lake.change(ref, new Map(parts.map(({ path }) => [path, []])), [])
  return rows
}

function changedColumns(
  statement: Of<'update' | 'delete' | 'merge'>,
  target: compose.Target,
): ReadonlySet<number> {
  if (statement.kind === 'delete') return new Set()
  if (statement.kind === 'update') {
    return new Set(statement.set.map(({ column }) => compose.columnIndex(target, column)))
  }
  return new Set(target.schema.fields.keys())
}
