import type { DatasetRef } from '../../../flight/descriptor.ts'
import { type Schema, schemasEqual } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import {
  type DatasetOptions,
  type OptionsPatch,
  areSameOptions,
  changeOptions,
  checkOptions,
} from '../options.ts'
import { inPartitionOrder, isSamePartitioning } from '../partitions.ts'
import type { ArrowSchemas } from './arrow-schemas.ts'
import { type Column, columnsOf } from './columns.ts'
import { LATEST } from './live.ts'
import { loadObjects } from './objects.ts'
import { writePartitioning } from './partitions.ts'
import { readColumns } from './columns-of.ts'
import type { RollupDefinition } from '../parts.ts'
import { type Refreshed, assertNoRollups, followSource, newRollup, isRollup, refresh } from './rollups.ts'
import {
  type LogChange,
  assertReadable,
  assertSameLog,
  isSameColumn,
  notFound,
  sumRows,
} from './commit-checks.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import {
  type CatalogDataset,
  type CatalogPart,
  type CatalogState,
  type NewPart,
  type RollupState,
  datasetName,
  makeDataset,
} from './state.ts'
import { PAST_COLUMNS } from './tables.ts'
import { toNs } from './time.ts'
import { type ObjectChange, applyObjectChange } from './write-objects.ts'
import { addParts, endParts, ordersOf } from './write-parts.ts'
import { writeTableStats } from './write-statistics.ts'
import { createTable, endTable } from './write-table.ts'

export type { LogChange } from './commit-checks.ts'

/** One change of a commit. */
export type Change =
  | {
      readonly kind: 'put'
      readonly ref: DatasetRef
      /** The IPC Schema message as it came, and what it says. Copied. An append keeps the one the dataset has. */
      readonly schemaHeader: Uint8Array
      readonly schema: Schema
      readonly parts: readonly NewPart[]
      /** `create` refuses a key that exists; `append` and `replace` make one that does not. */
      readonly mode: 'replace' | 'create' | 'append'
      readonly log?: LogChange | undefined
      /** Others stay as they are. */
      readonly options?: OptionsPatch | undefined
      /** What it is a rollup of; with `create` only, and without parts. */
      readonly rollup?: RollupDefinition | undefined
    }
  /** The same rows in other files: each in the place of one that goes, further ones in that of the last. */
  | {
      readonly kind: 'rewrite'
      readonly ref: DatasetRef
      readonly remove: readonly number[]
      readonly parts: readonly NewPart[]
    }
  /** Other options; content and version stay. */
  | { readonly kind: 'configure'; readonly ref: DatasetRef; readonly options: OptionsPatch }
  /** Parts that go, each with those that come in its place, and parts at the end: other rows of the same dataset. */
  | {
      readonly kind: 'change'
      readonly ref: DatasetRef
      /** What the parts were written for: a dataset that another has replaced is not changed. */
      readonly tableId: number
      readonly schema: Schema
      readonly replaced: ReadonlyMap<number, readonly NewPart[]>
      readonly added: readonly NewPart[]
      /** Of a rollup, which nothing else changes: what its parts are true of then. */
      readonly refreshed?: Refreshed
    }
  | { readonly kind: 'drop'; readonly ref: DatasetRef }
  | ObjectChange

/** True for a change of what is no dataset. */
export function isObjectChange(change: Change): change is ObjectChange {
  return !['put', 'rewrite', 'change', 'configure', 'drop'].includes(change.kind)
}

interface Touched {
  readonly columns: readonly Column[]
  /** Null when parts went, too. */
  readonly added: readonly NewPart[] | null
}

/**
 * Applies the changes of one commit, each to another dataset, inside the transaction of the caller.
 *
 * A replace by the same columns keeps the table, with its id and whatever other engines attached to it. Any other
 * replace drops the table and makes a new one in the same snapshot, like `CREATE OR REPLACE TABLE` of DuckDB:
 * field ids then always count from 1, so that a part can be written before anyone knows what it will replace, and
 * older snapshots keep columns and parts that fit each other.
 */
export class Commit {
  readonly #writer: SnapshotWriter
  readonly #schemas: ArrowSchemas
  readonly #base: CatalogState
  /** Null: dropped. */
  readonly #changed = new Map<string, CatalogDataset | null>()
  readonly #touched = new Map<number, Touched>()
  /** What rollups are once their sources have other parts. */
  readonly #followed = new Map<string, { readonly ref: DatasetRef; readonly rollup: RollupState }>()

  constructor(writer: SnapshotWriter, schemas: ArrowSchemas, base: CatalogState) {
    this.#writer = writer
    this.#schemas = schemas
    this.#base = base
  }

  /**
   * @throws {@link SternaError} DATASET_EXISTS, DATASET_NOT_FOUND, SCHEMA_MISMATCH, TYPE_UNSUPPORTED, KEY_INVALID;
   * COMMIT_CONFLICT when parts to rewrite are gone; NOT_IMPLEMENTED when another engine has made of the dataset
   * what can only be replaced
   */
  apply(change: Change): void {
    if (isObjectChange(change)) {
      applyObjectChange(this.#writer, change)
      return
    }
    const name = datasetName(change.ref)
    if (this.#changed.has(name)) throw new Error('A commit changes each dataset at most once')
    const existing = this.#base.get(change.ref)
    const isOfClient = change.kind === 'put' || (change.kind === 'change' && !change.refreshed)
    if (existing?.rollup && isOfClient) throw isRollup(existing)
    if (change.kind === 'put') this.#put(change, existing)
    else if (change.kind === 'rewrite') this.#rewrite(change, existing)
    else if (change.kind === 'configure') this.#configure(change, existing)
    else if (change.kind === 'change') this.#change(change, existing)
    else this.#drop(change.ref, existing)
  }

  /** Brings statistics up to date; call when expired parts are gone. @returns the state that the commit makes */
  finish(): CatalogState {
    for (const [tableId, { columns, added }] of this.#touched) {
      writeTableStats(this.#writer.db, tableId, columns, added)
    }
    for (const [name, { ref, rollup }] of this.#followed) {
      const changed = this.#changed.get(name)
      const dataset = changed === undefined ? this.#base.get(ref) : changed
      if (dataset) this.#changed.set(name, { ...dataset, rollup })
    }
    const { db, hasChangedSchema, snapshotId } = this.#writer
    return this.#base.with(
      snapshotId,
      this.#changed,
      hasChangedSchema ? loadObjects(db, LATEST) : this.#base.objects,
    )
  }

  #put(change: Extract<Change, { kind: 'put' }>, existing: CatalogDataset | undefined): void {
    const { ref, schema, schemaHeader, parts, mode } = change
    if (mode === 'create' && existing !== undefined) {
      throw new SternaError(
        'DATASET_EXISTS',
        `Dataset "${ref.key}" exists; put it with mode replace or append`,
      )
    }
    assertSameLog(ref, existing, change.log)
    const columns = columnsOf(schema)
    if (mode === 'append' && existing !== undefined) {
      this.#append(existing, change, columns)
      return
    }
    const isKept = existing?.blocked === null && this.#hasColumns(existing.tableId, columns)
    if (existing !== undefined && isKept) this.#endParts(existing)
    else if (existing !== undefined) this.#endTable(existing, 'given other columns')
    const tableId = isKept ? existing.tableId : createTable(this.#writer, ref, columns, parts)
    // The log of a table that goes, goes with it.
    const isOther = existing !== undefined && !isKept
    const before = isKept ? existing.logFlushed : 0
    const logFlushed = this.#recordLog(tableId, before, isOther ? undefined : change.log)
    const options = this.#recordOptions({ tableId, schema, columns }, existing, change.options)
    const rollup = newRollup(this.#writer.db, tableId, change.rollup, (source) => this.#base.get(source))
    this.#record(
      {
        rollup,
        tableId,
        ref,
        schemaHeader,
        schema,
        options,
        logFlushed,
        createdNs: existing?.createdNs ?? this.#now,
      },
      addParts(this.#writer, tableId, columns, parts),
    )
    this.#touched.set(tableId, { columns, added: null })
  }

  #append(
    existing: CatalogDataset,
    { schema, parts, log, options: patch }: Extract<Change, { kind: 'put' }>,
    columns: readonly Column[],
  ): void {
    assertReadable(existing)
    // Metadata may differ: writers put versions of themselves there.
    const isSame = schemasEqual(existing.schema, schema, { metadata: false })
    if (!isSame || !this.#hasColumns(existing.tableId, columns)) {
      throw new SternaError(
        'SCHEMA_MISMATCH',
        `The rows to append have not the schema of dataset "${existing.ref.key}"`,
      )
    }
    const options = this.#recordOptions({ tableId: existing.tableId, schema, columns }, existing, patch)
    const added = addParts(this.#writer, existing.tableId, columns, parts)
    const logFlushed = this.#recordLog(existing.tableId, existing.logFlushed, log)
    const kept = this.#partsUnder(options, existing)
    this.#record({ ...existing, options, logFlushed }, [...kept, ...added])
    this.#touched.set(existing.tableId, { columns, added: parts })
    this.#follow(existing, parts)
  }

  #rewrite(change: Extract<Change, { kind: 'rewrite' }>, existing: CatalogDataset | undefined): void {
    const { ref, parts } = change
    const remove = new Set(change.remove)
    const removed = existing?.parts.filter((part) => remove.has(part.dataFileId)) ?? []
    if (existing === undefined || removed.length < remove.size) {
      throw new SternaError(
        'COMMIT_CONFLICT',
        `Dataset "${ref.key}" was changed while its parts were rewritten`,
      )
    }
    assertReadable(existing)
    if (sumRows(parts) !== sumRows(removed)) throw new Error('A rewrite keeps all rows')
    const ids = removed.map((part) => part.dataFileId)
    const columns = readColumns(this.#writer.db, existing.tableId)
    const orders = ordersOf(this.#writer, ids)
    const places = parts.map((_, index) => Math.min(index, ids.length - 1))
    const added = addParts(
      this.#writer,
      existing.tableId,
      columns,
      parts,
      places.map((place) => orders[place] ?? 0),
    )
    endParts(this.#writer, ids)
    this.#writer.note(`merge_adjacent:${existing.tableId}`)
    const kept = existing.parts.flatMap((part) => {
      const place = ids.indexOf(part.dataFileId)
      return place === -1 ? [part] : added.filter((_, index) => places[index] === place)
    })
    this.#record(existing, kept)
    this.#touched.set(existing.tableId, { columns, added: null })
    this.#follow(existing)
  }

  /** Has the rollups of a dataset take in which parts rows came with or went with; none where only files changed. */
  #follow(before: CatalogDataset, added: readonly NewPart[] = [], removed: readonly number[] = []): void {
    for (const followed of followSource(this.#writer, { before, added, removed }, (ref) =>
      this.#base.get(ref),
    )) {
      this.#followed.set(datasetName(followed.ref), followed)
    }
  }

  #configure(
    { ref, options: patch }: Extract<Change, { kind: 'configure' }>,
    existing: CatalogDataset | undefined,
  ): void {
    if (existing === undefined) throw notFound(ref)
    const columns = readColumns(this.#writer.db, existing.tableId)
    const options = this.#recordOptions({ ...existing, columns }, existing, patch)
    this.#writer.note(`altered_table:${existing.tableId}`)
    const parts = this.#partsUnder(options, existing)
    if (parts === existing.parts) {
      this.#changed.set(datasetName(ref), { ...existing, options })
      return
    }
    this.#record({ ...existing, options }, parts)
    this.#follow(existing)
  }

  #change(change: Extract<Change, { kind: 'change' }>, existing: CatalogDataset | undefined): void {
    const { ref, tableId, schema, replaced } = change
    const live = new Set(existing?.parts.map((part) => part.dataFileId))
    const ids = [...replaced.keys()]
    const isSame = existing?.tableId === tableId && schemasEqual(existing.schema, schema)
    if (!isSame || !ids.every((id) => live.has(id))) {
      throw new SternaError('COMMIT_CONFLICT', `Dataset "${ref.key}" was changed by another meanwhile`)
    }
    assertReadable(existing)
    const columns = readColumns(this.#writer.db, tableId)
    const orders = ordersOf(this.#writer, ids)
    const places = new Map<number, CatalogPart[]>()
    for (const [index, id] of ids.entries()) {
      const parts = replaced.get(id) ?? []
      const order = orders[index] ?? id
      places.set(
        id,
        addParts(
          this.#writer,
          tableId,
          columns,
          parts,
          parts.map(() => order),
        ),
      )
    }
    const added = addParts(this.#writer, tableId, columns, change.added)
    endParts(this.#writer, ids)
    if (ids.length > 0) this.#writer.note(`deleted_from_table:${tableId}`)
    const kept = existing.parts.flatMap((part) => places.get(part.dataFileId) ?? [part])
    const rollup = refresh(this.#writer.db, existing, change.refreshed, (source) => this.#base.get(source))
    this.#record({ ...existing, rollup }, [...kept, ...added])
    this.#touched.set(tableId, { columns, added: ids.length === 0 ? change.added : null })
    this.#follow(existing, [...change.added, ...[...replaced.values()].flat()], ids)
  }

  #drop(ref: DatasetRef, existing: CatalogDataset | undefined): void {
    if (existing === undefined) throw notFound(ref)
    this.#endTable(existing, 'dropped')
    this.#changed.set(datasetName(ref), null)
  }

  #endTable(existing: CatalogDataset, what: string): void {
    assertNoRollups(this.#writer.db, existing, what)
    endTable(this.#writer, existing.tableId)
  }

  #endParts(existing: CatalogDataset): void {
    endParts(
      this.#writer,
      existing.parts.map((part) => part.dataFileId),
    )
    this.#writer.note(`deleted_from_table:${existing.tableId}`)
  }

  /** @returns how far the log is in the parts */
  #recordLog(tableId: number, before: number, log: LogChange | undefined): number {
    if (log === undefined) return before
    const flushed = Math.max(before, log.flushed)
    this.#writer.db.run(
      `INSERT INTO sterna_log(table_id, name, flushed, ids) VALUES (?, ?, ?, ?)
       ON CONFLICT(table_id) DO UPDATE SET flushed = excluded.flushed, ids = coalesce(excluded.ids, ids)`,
      tableId,
      log.name ?? null,
      flushed,
      log.ids ?? null,
    )
    return flushed
  }

  /** The parts of a dataset; by another partitioning than they were written for they are in no partition. */
  #partsUnder({ partition_by: by }: DatasetOptions, existing: CatalogDataset): readonly CatalogPart[] {
    if (isSamePartitioning(by, existing.options.partition_by)) return existing.parts
    const ids = existing.parts.map(({ dataFileId }) => dataFileId)
    const orders = new Map(ordersOf(this.#writer, ids).map((order, index) => [ids[index], order]))
    return existing.parts
      .map((part) => ({ ...part, partition: null }))
      .sort((a, b) => (orders.get(a.dataFileId) ?? 0) - (orders.get(b.dataFileId) ?? 0))
  }

  /** @param existing - what a table with another id may take the place of @returns the options that it has now */
  #recordOptions(
    { tableId, schema, columns }: { tableId: number; schema: Schema; columns: readonly Column[] },
    existing: CatalogDataset | undefined,
    patch: OptionsPatch | undefined,
  ): DatasetOptions {
    const before = existing?.options ?? {}
    const options = changeOptions(before, patch)
    const isOther = tableId !== existing?.tableId
    if (!isOther && areSameOptions(before, options)) return options
    checkOptions(options, schema)
    this.#writer.db.run(
      'INSERT OR REPLACE INTO sterna_options VALUES (?, ?)',
      tableId,
      JSON.stringify(options),
    )
    const by = options.partition_by
    if (!isSamePartitioning(isOther ? undefined : before.partition_by, by))
      writePartitioning(this.#writer, tableId, columns, by)
    return options
  }

  /** The dataset as it is now, in memory and in the side table. */
  #record(
    dataset: Pick<
      CatalogDataset,
      'tableId' | 'ref' | 'schemaHeader' | 'schema' | 'options' | 'createdNs' | 'logFlushed' | 'rollup'
    >,
    parts: readonly CatalogPart[],
  ): void {
    const { tableId, ref, options, createdNs, logFlushed, rollup } = dataset
    const stored = this.#schemas.write(dataset.schemaHeader, dataset.schema)
    const version = this.#writer.snapshotId
    this.#writer.db.run(
      `INSERT OR REPLACE INTO sterna_table_past(${PAST_COLUMNS}, end_snapshot)
       SELECT ${PAST_COLUMNS}, ? FROM sterna_table WHERE table_id = ?`,
      version,
      tableId,
    )
    this.#writer.db.run(
      `INSERT OR REPLACE INTO sterna_table(table_id, arrow_schema_id, columns_snapshot, version, created_us, updated_us)
       VALUES (?, ?, ?, ?, ?, ?)`,
      tableId,
      stored.id,
      version,
      version,
      createdNs / 1000n,
      this.#writer.timeUs,
    )
    const { header: schemaHeader, schema } = stored
    const updatedNs = this.#now
    const made = makeDataset({
      tableId,
      ref,
      schemaHeader,
      schema,
      options,
      parts: inPartitionOrder(parts),
      logFlushed,
      rollup,
      version,
      createdNs,
      updatedNs,
      blocked: null,
    })
    this.#changed.set(datasetName(ref), made)
  }

  get #now(): bigint {
    return toNs(this.#writer.timeUs)
  }

  #hasColumns(tableId: number, columns: readonly Column[]): boolean {
    const live = new Map(readColumns(this.#writer.db, tableId).map((column) => [column.id, column]))
    return (
      live.size === columns.length && columns.every((column) => isSameColumn(column, live.get(column.id)))
    )
  }
}
