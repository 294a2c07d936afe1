import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import type { RollupDefinition } from '../parts.ts'
import { readDefinition } from '../rollup-definition.ts'
import { readColumns } from './columns-of.ts'
import type { Database } from './database.ts'
import { readPartTimes, timesOf } from './part-times.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import type { CatalogDataset, NewPart, RollupState } from './state.ts'

/** What `sterna_rollup` has of a table; all null where it is none. */
export type RollupRow = readonly [
  definition: string | null,
  sourceTableId: number | null,
  sourceVersion: number | null,
  watermarkUs: number | null,
]

/**
 * The state of a rollup from its row.
 *
 * @param isCurrent - false for one of the past: the row does not tell what its parts were true of then
 * @throws {@link SternaError} DATA_CORRUPT
 */
export function rollupOf(
  [definition, tableId, version, watermarkUs]: RollupRow,
  key: string,
  isCurrent: boolean,
): RollupState | null {
  if (definition === null) return null
  if (!isCurrent) return { definition: readDefinition(definition, key), source: NO_SOURCE, watermarkUs: null }
  return {
    definition: readDefinition(definition, key),
    source: { tableId: tableId ?? -1, version: version ?? -1 },
    watermarkUs,
  }
}

/** That of a rollup whose parts are true of nothing. */
const NO_SOURCE = { tableId: -1, version: -1 } as const

function recordRollup(db: Database, tableId: number, state: RollupState): void {
  db.run(
    'INSERT OR REPLACE INTO sterna_rollup VALUES (?, ?, ?, ?, ?)',
    tableId,
    JSON.stringify(state.definition),
    state.source.tableId,
    state.source.version,
    state.watermarkUs,
  )
}

/**
 * Makes a rollup of a new table, with nothing in its parts yet; null where there is no definition.
 *
 * @throws {@link SternaError} DATASET_NOT_FOUND, REQUEST_INVALID
 */
export function newRollup(
  db: Database,
  tableId: number,
  definition: RollupDefinition | undefined,
  datasetOf: (ref: DatasetRef) => CatalogDataset | undefined,
): RollupState | null {
  if (definition === undefined) return null
  const { key } = definition.source
  const source = datasetOf(definition.source)
  if (source === undefined) throw new SternaError('DATASET_NOT_FOUND', `There is no dataset "${key}"`)
  if (source.rollup !== null) {
    throw new SternaError(
      'REQUEST_INVALID',
      `Dataset "${key}" is a rollup itself; a rollup of one is not there yet`,
    )
  }
  const state = {
    definition,
    source: { tableId: source.tableId, version: source.version },
    watermarkUs: null,
  }
  recordRollup(db, tableId, state)
  return state
}

/** The datasets that are rollups of a table. */
function rollupsOf(
  db: Database,
  sourceTableId: number,
): { readonly tableId: number; readonly ref: DatasetRef }[] {
  return db
    .all<[number, string, string]>(
      `SELECT t.table_id, s.schema_name, t.table_name FROM sterna_rollup r
       JOIN ducklake_table t ON t.table_id = r.table_id AND t.end_snapshot IS NULL
       JOIN ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
       WHERE r.source_table_id = ? ORDER BY 2, 3`,
      sourceTableId,
    )
    .map(([tableId, schema, key]) => ({ tableId, ref: { schema, key } }))
}

/** A dataset with the parts that rows came with or went with; none where the same rows are in other ones. */
export interface Grown {
  readonly before: CatalogDataset
  readonly added: readonly NewPart[]
  /** By their ids. */
  readonly removed: readonly number[]
}

/**
 * Has rollups take in what their source got or lost, in the very commit and before its old parts are forgotten.
 *
 * @returns those that have kept up
 */
export function followSource(
  { db, snapshotId }: SnapshotWriter,
  grown: Grown,
  datasetOf: (ref: DatasetRef) => CatalogDataset | undefined,
): { readonly ref: DatasetRef; readonly rollup: RollupState }[] {
  return rollupsOf(db, grown.before.tableId).flatMap(({ tableId, ref }) => {
    const state = datasetOf(ref)?.rollup
    const rollup = state ? followed(db, state, grown, snapshotId) : null
    if (rollup === null) return []
    recordRollup(db, tableId, rollup)
    return [{ ref, rollup }]
  })
}

/** The rollup once its source has other parts; null where it has not kept up before. */
function followed(
  db: Database,
  state: RollupState,
  { before: { tableId, version: known }, added, removed }: Grown,
  version: number,
): RollupState | null {
  if (state.source.tableId !== tableId || state.source.version !== known) return null
  const { time } = state.definition
  const column = readColumns(db, tableId).find(({ name, parent }) => parent === null && name === time)
  const came = added.map((part) => {
    const stats = part.columns.find(({ fieldId }) => fieldId === column?.id)
    return timesOf(part.rows, stats?.nullCount ?? null, stats?.min ?? null, stats?.max ?? null)
  })
  const wentIds = new Set(removed)
  const went =
    removed.length === 0
      ? []
      : readPartTimes(db, tableId, time).filter(({ dataFileId }) => wentIds.has(dataFileId))
  // What the statistics do not tell of may be anything.
  const unknown = went.length < wentIds.size ? [-Infinity] : []
  const mins = [...came, ...went].map(({ minUs }) => minUs)
  const source = { tableId, version }
  return { ...state, source, watermarkUs: earlier(state.watermarkUs, [...mins, ...unknown]) }
}

/** What a refresh has brought a rollup to. */
export interface Refreshed {
  /** Of the rollup whose parts it goes on from. */
  readonly version: number
  /** The source as it was read. */
  readonly source: { readonly tableId: number; readonly version: number }
  /** Buckets before it are in the parts now; null: none is. */
  readonly watermarkUs: number | null
}

/**
 * The rollup after a refresh, which knows nothing of what the source got meanwhile.
 *
 * @throws {@link SternaError} COMMIT_CONFLICT where rows of the source were replaced meanwhile, or its own parts
 */
function refreshed(
  db: Database,
  state: RollupState,
  now: CatalogDataset | undefined,
  { source, watermarkUs }: Omit<Refreshed, 'version'>,
): RollupState {
  const { definition } = state
  const isFollowed = state.source.tableId === now?.tableId && state.source.version === now.version
  const isSame = source.tableId === now?.tableId && (source.version === now.version || isFollowed)
  if (now === undefined || !isSame) {
    throw new SternaError(
      'COMMIT_CONFLICT',
      `Dataset "${definition.source.key}" was changed while its rollup was made`,
    )
  }
  const mins = readPartTimes(db, now.tableId, definition.time, source.version).map(({ minUs }) => minUs)
  return {
    definition,
    source: { tableId: now.tableId, version: now.version },
    watermarkUs: earlier(watermarkUs, mins),
  }
}

/** What the commit of a refresh makes of a rollup; nothing of a dataset that is none. @throws as refreshed */
export function refresh(
  db: Database,
  { ref, tableId, version, rollup }: CatalogDataset,
  change: Refreshed | undefined,
  datasetOf: (ref: DatasetRef) => CatalogDataset | undefined,
): RollupState | null {
  if (rollup === null || change === undefined) return rollup
  if (version !== change.version) {
    throw new SternaError(
      'COMMIT_CONFLICT',
      `The parts of rollup "${ref.key}" were changed while more were made`,
    )
  }
  const after = refreshed(db, rollup, datasetOf(rollup.definition.source), change)
  recordRollup(db, tableId, after)
  return after
}

/** @throws {@link SternaError} REQUEST_INVALID where a rollup would lose its source */
export function assertNoRollups(db: Database, { ref, tableId }: CatalogDataset, what: string): void {
  const keys = rollupsOf(db, tableId).map((rollup) => `"${rollup.ref.key}"`)
  if (keys.length === 0) return
  throw new SternaError(
    'REQUEST_INVALID',
    `Dataset "${ref.key}" cannot be ${what} while it has rollups: drop ${keys.join(', ')} first`,
  )
}

function earlier(watermarkUs: number | null, instants: readonly number[]): number | null {
  const earliest = Math.min(watermarkUs ?? -Infinity, ...instants)
  return Number.isSafeInteger(earliest) ? earliest : null
}

/** Why rows cannot come from anyone but the source. */
export function isRollup({ ref, rollup }: CatalogDataset): SternaError {
  const source = rollup?.definition.source.key ?? ''
  return new SternaError(
    'REQUEST_INVALID',
    `Dataset "${ref.key}" is a rollup of "${source}": its rows come from there alone`,
  )
}
