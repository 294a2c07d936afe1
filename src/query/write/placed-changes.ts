import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { PinnedDataset } from '../../store/parts.ts'
import { ROW_ID } from '../dataset-query.ts'
import { quoteName } from '../duckdb.ts'
import type { QueryResult } from '../query.ts'
import { applyChanges, type ChangedDataset, type Runner } from './apply-changes.ts'
import { ACTION, ACTIONS, columnIndex, columnTypes, FILE, ROW, valueName } from './compose.ts'
import { readChanges } from './row-changes.ts'
import { framesTable, PARAMETERS, partsTable, TARGET, WriteLake } from './write-lake.ts'

/** Rows of a dataset by their places, counted over its parts from `from` on, with new values or without. */
export interface PlacedRows {
  /** The column {@link ROW_ID}, and one for each column that gets new values. */
  readonly schema: Schema
  readonly frames: readonly Frame[]
  readonly from: bigint
}

/**
 * Changes rows by their places: deletes them where nothing but the places is given.
 *
 * @returns how many; a row that is named twice counts once
 * @throws SternaError SQL_INVALID for an unknown column, SQL_FAILED for a value that does not fit
 */
export async function changePlaces(
  runner: Runner,
  dataset: ChangedDataset,
  rows: PlacedRows,
): Promise<number> {
  const { lake, signal, schema, ref } = dataset
  const names = rows.schema.fields.map(({ name }) => name).filter((name) => name !== ROW_ID.name)
  const columns = names.map((name) => columnIndex({ name: ref.key, schema, hasParts: true }, name))
  const types = columnTypes(schema)
  const values = names.map((name, place) => {
    const index = columns[place] ?? 0
    return `CAST(sterna_rows.${quoteName(name)} AS ${types[index]}) AS ${valueName(index)}`
  })
  if (rowCount(rows.frames) === 0) return 0
  const action = names.length === 0 ? ACTIONS.delete : ACTIONS.update
  const items = [`DISTINCT ON (${FILE}, ${ROW}) ${FILE}, ${ROW}, ${action} AS ${ACTION}`, ...values]
  const sql = `SELECT ${items.join(', ')} FROM ${placed(dataset.parts, rows.from)} AS sterna_rows`
  const parameters = framesTable('parameters', rows.schema, rows.frames)
  const own = new WriteLake(lake, { parameters })
  const changes = await readChanges(lake, await runner.run({ sql, lake: own, signal, isWrite: true }), signal)
  if (changes.rows > 0) await applyChanges(runner, dataset, changes, new Set(columns))
  return changes.rows
}

/** The rows at some places, as they are, in no order. */
export async function rowsAt(
  runner: Runner,
  { lake, parts, schema, signal }: ChangedDataset,
  rows: PlacedRows,
): Promise<QueryResult> {
  const types = columnTypes(schema)
  const items = schema.fields.map(({ name }, index) => {
    return `CAST(t.${quoteName(name)} AS ${types[index]}) AS ${quoteName(name)}`
  })
  const target = `SELECT *, CAST(file_index AS BIGINT) AS ${FILE}, CAST(file_row_number AS BIGINT) AS ${ROW} FROM ${TARGET}`
  const sql = `SELECT ${items.join(', ')} FROM (${target}) AS t JOIN ${placed(parts, rows.from)} AS r
    ON t.${FILE} = r.${FILE} AND t.${ROW} = r.${ROW}`
  const tables = {
    target: partsTable('target', schema, parts),
    parameters: framesTable('parameters', rows.schema, rows.frames),
  }
  return runner.run({ sql, target: schema, lake: new WriteLake(lake, tables), signal, isWrite: true })
}

function rowCount(frames: readonly Frame[]): number {
  return frames.reduce((sum, { rows }) => sum + rows, 0)
}

/** The rows of {@link PARAMETERS}, each with its part and its place in that. */
function placed(parts: PinnedDataset['parts'], from: bigint): string {
  let start = 0
  const starts = parts.flatMap(({ rows }, file) => {
    const pair = `(${start}::BIGINT, ${file}::BIGINT)`
    start += rows
    // A part without rows begins where the next one does.
    return rows === 0 ? [] : [pair]
  })
  const place = `(SELECT *, ${quoteName(ROW_ID.name)} - CAST('${from}' AS BIGINT) AS sterna_place FROM ${PARAMETERS})`
  return `(SELECT p.*, s.${FILE}, p.sterna_place - s.sterna_start AS ${ROW} FROM ${place} AS p
    ASOF JOIN (VALUES ${starts.join(', ')}) AS s(sterna_start, ${FILE}) ON p.sterna_place >= s.sterna_start)`
}
