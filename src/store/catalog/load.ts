import { isDeepStrictEqual } from 'node:util'
import { type Schema, encodeSchema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { type DatasetOptions, areSameOptions, readOptions } from '../options.ts'
import { type Partition, inPartitionOrder, isSamePartitioning } from '../partitions.ts'
import type { ArrowSchemas } from './arrow-schemas.ts'
import { readColumns } from './columns-of.ts'
import { schemaOf } from './columns.ts'
import type { Database } from './database.ts'
import { liveAt } from './live.ts'
import { loadObjects } from './objects.ts'
import { type Partitioning, partitionOf, readPartitionValues, readPartitionings } from './partitions.ts'
import { isInside, relativePath } from './paths.ts'
import { type RollupRow, rollupOf } from './rollups.ts'
import {
  type CatalogDataset,
  type CatalogPart,
  type PartTier,
  CatalogState,
  datasetName,
  makeDataset,
} from './state.ts'
import { PAST_COLUMNS } from './tables.ts'
import { fromTimeText, toNs } from './time.ts'

/**
 * Memory a part of another engine may take, per byte of its file: only we note that. Parquet of market data was
 * measured to be 4 to 8 times smaller than its Arrow form.
 */
const ARROW_BYTES_PER_FILE_BYTE = 6

const DELETED =
  'rows of it were deleted by another engine; ducklake_rewrite_data_files with delete_threshold 0 makes it whole'
const INLINED =
  'another engine keeps rows of it in the catalog; ducklake_flush_inlined_data makes them a part'
const ALTERED = 'another engine altered its columns after its parts were written'
const MAPPED = 'a part of it was added by column names, without field ids'
const OUTSIDE = 'a part of it lies outside the folder of the parts'
const MERGED = 'another engine has merged its parts of that version with later ones'
const UNKNOWN_TYPE = 'a column of it has a type that Arrow or Parquet does not have'

/** What `sterna_table` said of each table in snapshot `?1`. */
const PAST_TABLES = `(SELECT *, max(version) FROM (
  SELECT ${PAST_COLUMNS} FROM sterna_table UNION ALL SELECT ${PAST_COLUMNS} FROM sterna_table_past)
  WHERE version <= ?1 GROUP BY table_id)`

type TableRow = readonly [
  tableId: number,
  key: string,
  begin: number,
  schema: string | null,
  folder: string | null,
  arrowSchemaId: number | null,
  columnsSnapshot: number | null,
  version: number | null,
  createdUs: number | null,
  updatedUs: number | null,
  logFlushed: number | null,
  options: string | null,
  ...rollup: RollupRow,
]

type FileRow = readonly [
  dataFileId: number,
  tableId: number,
  begin: number,
  path: string,
  isRelative: number,
  rows: number,
  fileBytes: number,
  mappingId: number | null,
  arrowBytes: number | null,
  tier: PartTier | null,
  partitionId: number | null,
  partialMax: number | null,
]

/** What the catalog says of a table beside its row. */
interface Facts {
  /** The last snapshot that gave it a column or took one. */
  readonly columns: number
  /** The last snapshot that took a part, or rows of one. */
  readonly removals: number
  readonly hasDeletes: boolean
  readonly hasInlined: boolean
}

/**
 * Reads the current snapshot: a handful of scans, whatever the number of datasets.
 *
 * @param previous - datasets that did not change since are taken from it, the very objects
 * @param dataPath - the folder of the parts: absolute, with a slash at its end
 * @param at - a snapshot of the past that is kept, in place of the current one; what it says of logs is of no meaning
 */
export function loadState(
  db: Database,
  schemas: ArrowSchemas,
  dataPath: string,
  previous: CatalogState | undefined,
  at?: number,
): CatalogState {
  const snapshotId = at ?? db.get<[number]>('SELECT max(snapshot_id) FROM ducklake_snapshot')?.[0] ?? 0
  const facts = readFacts(db, snapshotId)
  const files = readFiles(db, snapshotId)
  const partitionings = readPartitionings(db, snapshotId)
  const partitionValues = readPartitionValues(db, snapshotId)
  const datasets = new Map<string, CatalogDataset>()
  for (const row of readTables(db, snapshotId, at === undefined ? 'sterna_table' : PAST_TABLES)) {
    const dataset = readDataset(row, files.get(row[0]) ?? [], facts(row[0]))
    datasets.set(datasetName(dataset.ref), dataset)
  }
  return CatalogState.of(snapshotId, datasets, loadObjects(db, snapshotId))

  function readDataset(row: TableRow, fileRows: readonly FileRow[], fact: Facts): CatalogDataset {
    const [
      tableId,
      key,
      begin,
      schemaName,
      folder,
      arrowSchemaId,
      columnsSnapshot,
      stored,
      createdUs,
      updatedUs,
      logFlushed,
      optionsText,
      ...rollupRow
    ] = row
    if (schemaName === null) {
      throw new SternaError('DATA_CORRUPT', `The catalog has no schema for dataset "${key}"`)
    }
    const ref = { schema: schemaName, key }
    const options = readOptions(optionsText, key)
    const rollup = rollupOf(rollupRow, key, at === undefined)
    const changes = Math.max(stored ?? 0, begin, fact.columns, fact.removals)
    const version = fileRows.reduce((latest, [, , added]) => Math.max(latest, added), changes)
    const known = previous?.get(ref)
    const isKnown = known?.tableId === tableId
    const isSettled = known?.version === version && !isSuspect(known, fact)
    if (isKnown && isSettled && hasFiles(known, fileRows)) {
      const isSame = areSameOptions(known.options, options) && isDeepStrictEqual(known.rollup, rollup)
      if (isSame) return known
      // Another partitioning is another order of the parts.
      if (isSamePartitioning(known.options.partition_by, options.partition_by))
        return { ...known, options, rollup }
    }
    // Columns that changed later are not those that the Arrow schema tells of.
    const isOurs = arrowSchemaId !== null && fact.columns <= (columnsSnapshot ?? -1)
    const arrow = isOurs ? schemas.read(arrowSchemaId) : deriveSchema(db, tableId, snapshotId)
    const parts = inPartitionOrder(
      fileRows.map((file) => ({
        ...toPart(file, folder ?? '', dataPath),
        partition: readPartition(file, options, partitionings.get(tableId)),
      })),
    )
    const loaded = makeDataset({
      tableId,
      ref,
      schemaHeader: arrow?.header ?? new Uint8Array(),
      schema: arrow?.schema ?? { fields: [], metadata: new Map() },
      options,
      parts,
      logFlushed: logFlushed ?? 0,
      rollup,
      version,
      createdNs: toNs(createdUs ?? readInstant(db, begin)),
      updatedNs: toNs(version === stored && updatedUs !== null ? updatedUs : readInstant(db, version)),
      blocked: arrow === undefined ? UNKNOWN_TYPE : reasonToBlock(fileRows, parts, fact, snapshotId),
    })
    if (isKnown && known.version >= version) return newer(known, loaded, snapshotId)
    // Of the past we may know less than then: the snapshot itself surely names what it has.
    return at === undefined ? loaded : { ...loaded, version: at }
  }

  function readPartition(
    [dataFileId, , , , , , , , , , partitionId]: FileRow,
    { partition_by: by }: DatasetOptions,
    partitioning: Partitioning | undefined,
  ): Partition | null {
    if (by === undefined || partitioning?.id !== partitionId) return null
    if (!isSamePartitioning(by, partitioning.by)) return null
    return partitionOf(by, partitionValues.get(dataFileId) ?? [])
  }
}

function reasonToBlock(
  files: readonly FileRow[],
  parts: readonly CatalogPart[],
  facts: Facts,
  snapshotId: number,
): string | null {
  if (facts.hasInlined) return INLINED
  if (facts.hasDeletes) return DELETED
  if (parts.some((part) => part.version < facts.columns)) return ALTERED
  // Of those that were adopted here it is known that their columns are the table's.
  if (files.some(([, , , , , , , mappingId, arrowBytes]) => mappingId !== null && arrowBytes === null))
    return MAPPED
  if (files.some(([, , , , , , , , , , , partialMax]) => (partialMax ?? 0) > snapshotId)) return MERGED
  return parts.every((part) => isInside(part.path)) ? null : OUTSIDE
}

/** True where more than the version tells whether a dataset has changed. */
function isSuspect(known: CatalogDataset, facts: Facts): boolean {
  return known.blocked !== null || facts.hasInlined || facts.hasDeletes
}

function hasFiles(known: CatalogDataset, files: readonly FileRow[]): boolean {
  const ids = new Set(known.parts.map(({ dataFileId }) => dataFileId))
  return ids.size === files.length && files.every(([id]) => ids.has(id))
}

/** Versions only grow: where the rows that told of a change are gone already, the change counts as of now. */
function newer(known: CatalogDataset, loaded: CatalogDataset, snapshotId: number): CatalogDataset {
  const isSame =
    known.blocked === loaded.blocked &&
    known.parts.length === loaded.parts.length &&
    known.parts.every((part, index) => part.dataFileId === loaded.parts[index]?.dataFileId) &&
    Buffer.compare(known.schemaHeader, loaded.schemaHeader) === 0
  return isSame ? { ...known, rollup: loaded.rollup } : { ...loaded, version: snapshotId }
}

function toPart(row: FileRow, folder: string, dataPath: string): Omit<CatalogPart, 'partition'> {
  const [dataFileId, , begin, path, isRelative, rows, fileBytes, , arrowBytes, tier] = row
  return {
    dataFileId,
    path: relativePath(isRelative === 0 ? path : folder + path, dataPath),
    rows,
    fileBytes,
    arrowBytes: arrowBytes ?? fileBytes * ARROW_BYTES_PER_FILE_BYTE,
    tier: tier ?? 'warm',
    version: begin,
  }
}

function deriveSchema(
  db: Database,
  tableId: number,
  at: number,
): { header: Uint8Array; schema: Schema } | undefined {
  const schema = schemaOf(readColumns(db, tableId, at))
  return schema === undefined ? undefined : { header: encodeSchema(schema), schema }
}

function readTables(db: Database, at: number, own: string): TableRow[] {
  return db.all<TableRow>(
    `WITH own AS (SELECT * FROM ${own})
     SELECT t.table_id, t.table_name, t.begin_snapshot, s.schema_name,
       CASE WHEN t.path_is_relative = 0 THEN '' ELSE coalesce(s.path, '') END || coalesce(t.path, ''),
       own.arrow_schema_id, own.columns_snapshot, own.version, own.created_us, own.updated_us, log.flushed,
       told.options, roll.definition, roll.source_table_id, roll.source_version, roll.watermark_us
     FROM ducklake_table t
     LEFT JOIN ducklake_schema s ON s.schema_id = t.schema_id AND ${liveAt('s')}
     LEFT JOIN own ON own.table_id = t.table_id
     LEFT JOIN sterna_log log ON log.table_id = t.table_id
     LEFT JOIN sterna_options told ON told.table_id = t.table_id
     LEFT JOIN sterna_rollup roll ON roll.table_id = t.table_id
     WHERE ${liveAt('t')}`,
    at,
  )
}

/** The live files of each table, in the order of their rows. */
function readFiles(db: Database, at: number): Map<number, FileRow[]> {
  const rows = db.all<FileRow>(
    `SELECT f.data_file_id, f.table_id, f.begin_snapshot, f.path, f.path_is_relative, f.record_count,
       f.file_size_bytes, f.mapping_id, own.arrow_bytes, own.tier, f.partition_id,
       f.partial_max
     FROM ducklake_data_file f LEFT JOIN sterna_data_file own USING (data_file_id)
     WHERE ${liveAt('f')}
     ORDER BY coalesce(f.file_order, f.data_file_id), f.data_file_id`,
    at,
  )
  const files = new Map<number, FileRow[]>()
  for (const row of rows) {
    const known = files.get(row[1])
    if (known === undefined) files.set(row[1], [row])
    else known.push(row)
  }
  return files
}

/** When a snapshot was committed, or where it is expired the oldest one since that is not; µs since 1970. */
function readInstant(db: Database, snapshotId: number): number {
  const row = db.get<[string]>(
    'SELECT snapshot_time FROM ducklake_snapshot WHERE snapshot_id >= ? ORDER BY snapshot_id LIMIT 1',
    snapshotId,
  )
  return row === undefined ? 0 : fromTimeText(row[0])
}

function readFacts(db: Database, at: number): (tableId: number) => Facts {
  const columns = new Map(
    db.all<[number, number]>(
      `SELECT table_id, max(max(begin_snapshot), coalesce(max(end_snapshot) FILTER (WHERE end_snapshot <= ?1), 0))
       FROM ducklake_column WHERE begin_snapshot <= ?1 GROUP BY table_id`,
      at,
    ),
  )
  const removals = new Map(
    db.all<[number, number]>(
      `SELECT table_id, max(snapshot) FROM (
         SELECT table_id, end_snapshot AS snapshot FROM ducklake_data_file
         UNION ALL SELECT table_id, begin_snapshot FROM ducklake_delete_file
         UNION ALL SELECT table_id, end_snapshot FROM ducklake_delete_file)
       WHERE snapshot <= ?1 GROUP BY table_id`,
      at,
    ),
  )
  const deletes = db.all<[number]>(
    `SELECT DISTINCT d.table_id FROM ducklake_delete_file d JOIN ducklake_data_file f USING (data_file_id)
     WHERE ${liveAt('d')} AND ${liveAt('f')}`,
    at,
  )
  const hasDeletes = new Set(deletes.map(([tableId]) => tableId))
  const hasInlined = readInlined(db, at)
  return (tableId) => ({
    columns: columns.get(tableId) ?? 0,
    removals: removals.get(tableId) ?? 0,
    hasDeletes: hasDeletes.has(tableId),
    hasInlined: hasInlined.has(tableId),
  })
}

/** Tables that have rows in tables of the catalog, or rows of parts marked as deleted there. */
function readInlined(db: Database, at: number): Set<number> {
  const found = new Set<number>()
  const named = db.all<[number, string]>('SELECT table_id, table_name FROM ducklake_inlined_data_tables')
  for (const [tableId, name] of named) {
    const table = `"${name.replaceAll('"', '""')}"`
    if (db.get(`SELECT 1 FROM ${table} t WHERE ${liveAt('t')} LIMIT 1`, at) !== undefined) found.add(tableId)
  }
  const deletions = db.all<[string]>(
    `SELECT name FROM sqlite_master WHERE name GLOB 'ducklake_inlined_delete_[0-9]*'`,
  )
  for (const [name] of deletions) {
    const live = `SELECT f.table_id FROM "${name}" d JOIN ducklake_data_file f ON f.data_file_id = d.file_id
      WHERE d.begin_snapshot <= ?1 AND ${liveAt('f')} LIMIT 1`
    const row = db.get<[number]>(live, at)
    if (row !== undefined) found.add(row[0])
  }
  return found
}
