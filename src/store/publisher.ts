import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Change, LogChange } from './catalog/commit.ts'
import { type Refreshed, isRollup } from './catalog/rollups.ts'
import type { CatalogDataset, CatalogPart, NewPart } from './catalog/state.ts'
import { type CommitParts, commit, commitFiles, committed } from './commits.ts'
import type { ComparedParts } from './compared-parts.ts'
import type { Disk } from './disk/disk.ts'
import type { Logs } from './log/logs.ts'
import { nameParts } from './name-parts.ts'
import { type OptionsPatch, areSameOptions, changeOptions, checkOptions } from './options.ts'
import type { PartOrigin } from './part-origin.ts'
import type { PartWriter, RollupDefinition, StagedPart, TimeLimit, WrittenPart } from './parts.ts'
import { comparePartitions } from './partitions.ts'
import { readable } from './pinned-snapshot.ts'
import type { PutMode, PutSession, PutSummary, PutTarget } from './put-session.ts'
import { assertSameSchema } from './same-schema.ts'
import { schemaFrameOf } from './smart-load.ts'
import { Staging } from './staging.ts'

/** What the store gives its publisher. */
export interface PublisherParts extends CommitParts {
  readonly logs: Pick<Logs, 'sequenceOf' | 'flushed' | 'ended' | 'flush'>
  readonly compared: Pick<ComparedParts, 'verify'>
  readonly disk: Disk
  readonly tmpPath: string
  readonly partSize: number
  /** What all puts together should hold at most. */
  readonly heldBytesMax: number
  readonly compressionLevel: number
}

/**
 * Writes parts, names them, and commits them: the only place where the lake changes.
 *
 * The order is always the same: file synced under its temporary name, its own name, folder synced, one catalog
 * commit, cache. Whatever breaks off before the commit has changed nothing that a reader sees.
 */
export class Publisher implements PutTarget {
  readonly #parts: PublisherParts
  readonly #puts = new Set<PutSession>()
  readonly #staging: Staging

  constructor(parts: PublisherParts) {
    this.#parts = parts
    this.#staging = new Staging(parts.files, parts.compared, (paths) => this.discard(paths))
    for (const { parts: live } of parts.catalog.state().list()) {
      for (const { path } of live) parts.files.reserve(path)
    }
  }

  /** Names what writes parts. */
  writeWith(writer: PartWriter): void {
    this.#staging.writeWith(writer)
  }

  get partArrowBytesTarget(): number {
    return this.#parts.partSize
  }

  get cacheShareBytes(): number {
    return this.#parts.cache.entryBytesMax
  }

  get isCrowded(): boolean {
    return this.stats().bytes > this.#parts.heldBytesMax
  }

  /** @throws TYPE_UNSUPPORTED naming the column and its type; SCHEMA_MISMATCH, DATASET_EXISTS, REQUEST_INVALID */
  check(ref: DatasetRef, mode: PutMode, schema: Schema, options?: OptionsPatch): void {
    this.#staging.writer.checkSchema(schema)
    const existing = this.#parts.catalog.state().get(ref)
    if (existing?.rollup && mode !== 'create') throw isRollup(existing)
    if (mode === 'create' && existing)
      throw new SternaError('DATASET_EXISTS', `The dataset "${ref.key}" exists already`)
    if (mode === 'append' && existing) assertSameSchema(ref, existing.schema, schema)
    checkOptions(changeOptions(existing?.options ?? {}, options), schema)
  }

  begun(session: PutSession): () => void {
    this.#puts.add(session)
    return () => this.#puts.delete(session)
  }

  /** Puts that are neither committed nor aborted, and the bytes of the frames they keep. */
  stats(): { readonly puts: number; readonly bytes: number } {
    let bytes = 0
    for (const session of this.#puts) bytes += session.heldBytes
    return { puts: this.#puts.size, bytes }
  }

  temporaryPath(name: string): string {
    return join(this.#parts.tmpPath, name)
  }

  stage(input: Parameters<PutTarget['stage']>[0], signal: AbortSignal): Promise<StagedPart[]> {
    const known = this.#parts.catalog.state().get(input.origin.ref)
    return this.#staging.stage(
      {
        ...input,
        origin: { ...input.origin, ...rollupOrigin(known) },
        by: changeOptions(known?.options ?? {}, input.options).partition_by,
        compressionLevel: this.#parts.compressionLevel,
      },
      signal,
    )
  }

  /** Writes a part without rows, which only says where it comes from. */
  async stageMarker(origin: PartOrigin, schema: Schema, path: string): Promise<WrittenPart> {
    const segment = { frames: [], rows: 0, bytes: 0 }
    const { compressionLevel } = this.#parts
    const { signal } = new AbortController()
    const [marker] = await this.#staging.stage(
      { origin, schema, segment, path, by: undefined, compressionLevel },
      signal,
    )
    if (!marker) throw new Error('Rows without partitions become one part')
    return marker.written
  }

  /** Rewrites parts of one dataset under temporary names: into one, or one for each partition. */
  restage(
    origin: PartOrigin,
    dataset: CatalogDataset,
    sources: readonly CatalogPart[],
    to: { readonly path: string; readonly compressionLevel: number },
    signal: AbortSignal,
  ): Promise<StagedPart[]> {
    return this.#staging.restage({
      ...to,
      signal,
      origin: { ...origin, ...rollupOrigin(dataset) },
      schema: dataset.schema,
      sources: sources.map((part) => this.#parts.files.absolutePath(part.path)),
      by: dataset.options.partition_by,
      orderBy: dataset.options.order_by ?? [],
    })
  }

  /** Rewrites what is left of a part without the rows that are too old, under a temporary name. */
  async restageSince(
    origin: PartOrigin,
    { schema }: CatalogDataset,
    part: CatalogPart,
    to: { readonly path: string; readonly compressionLevel: number },
    since: TimeLimit,
    signal: AbortSignal,
  ): Promise<StagedPart> {
    const sources = [this.#parts.files.absolutePath(part.path)]
    const kept = { by: undefined, orderBy: [], since, signal }
    const [staged] = await this.#staging.restage({ ...to, ...kept, origin, schema, sources })
    if (staged === undefined) throw new Error('Rows without partitions become one part')
    return { ...staged, partition: part.partition }
  }

  countOlder(input: Parameters<PartWriter['countOlder']>[0]): Promise<number> {
    return this.#staging.writer.countOlder(input)
  }

  async discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#parts.disk.unlink(path)
  }

  async publish(input: {
    readonly ref: DatasetRef
    readonly mode: PutMode
    readonly schemaFrame: Frame
    readonly schema: Schema
    readonly options?: OptionsPatch
    readonly parts: readonly StagedPart[]
    readonly frames: readonly Frame[] | null
    /** Of rows that come from the log. */
    readonly log?: LogChange
  }): Promise<PutSummary> {
    const { ref, mode, schemaFrame, schema, options, frames } = input
    // Rows that the log has were acknowledged before these.
    if (mode === 'append' && input.log === undefined) await this.#parts.logs.flush(ref)
    const parts = await nameParts(this.#parts.files, ref, input.parts, 'warm')
    const before = mode === 'append' ? this.#parts.catalog.state().get(ref) : undefined
    // Rows that were added to a dataset that is not cached are added to nothing.
    const isCached =
      before === undefined || before.parts.length === 0 || this.#parts.cache.has(before.tableId)
    const log = mode === 'append' ? input.log : { flushed: this.#parts.logs.sequenceOf(ref) }
    const after = await this.#commit(
      { kind: 'put', ref, mode, schemaHeader: schemaFrame.header, schema, parts, log, options },
      parts,
    )
    if (isCached && frames && isInOrder(input.parts) && areLarge(frames, input.log !== undefined)) {
      this.#parts.cache.add(after, [{ parts: idsOf(after, parts), frames }])
    }
    return {
      key: ref.key,
      schema: ref.schema,
      version: after.version,
      rows: parts.reduce((sum, part) => sum + part.rows, 0),
      parts: parts.length,
    }
  }

  /**
   * The dataset that rows of a schema can be appended to; made without rows where there is none.
   *
   * @throws SCHEMA_MISMATCH, KEY_INVALID, DISK_FULL; NOT_IMPLEMENTED where another engine has changed it
   */
  openToAppend(ref: DatasetRef, schemaFrame: Frame, schema: Schema, options: OptionsPatch): CatalogDataset {
    const { catalog } = this.#parts
    this.check(ref, 'append', schema)
    const existing = catalog.state().get(ref)
    if (existing) return this.configure(readable(existing), options)
    const change = {
      ref,
      schemaHeader: schemaFrame.header,
      schema,
      options,
      parts: [],
      mode: 'create' as const,
    }
    return this.#committed({ kind: 'put', ...change })
  }

  /** How far the log of a dataset is in its parts, for a part to say; undefined where there is no log. */
  logOf({ tableId, logFlushed }: CatalogDataset): PartOrigin['log'] {
    if (logFlushed === 0) return undefined
    return { table: this.#parts.catalog.logName(tableId), sequence: logFlushed }
  }

  /** Makes a part of rows of a dataset's log. Nothing is left of one that fails. */
  async flush(dataset: CatalogDataset, frames: readonly Frame[], log: LogChange): Promise<void> {
    const { ref, schema } = dataset
    const put = randomUUID()
    const path = this.temporaryPath(`${put}.0.parquet`)
    const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
    const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    const position = { table: this.#parts.catalog.logName(dataset.tableId), sequence: log.flushed }
    const origin = { ref, mode: 'append' as const, put, order: 0, arrowBytes: bytes, log: position }
    let staged: readonly StagedPart[] = []
    try {
      const { signal } = new AbortController()
      staged = await this.stage({ origin, schema, segment: { frames, rows, bytes }, path }, signal)
      await this.publish({
        ref,
        mode: 'append',
        schemaFrame: schemaFrameOf(dataset),
        schema,
        parts: staged,
        frames,
        log,
      })
    } catch (error) {
      await this.discard(staged.map((part) => part.path))
      throw error
    }
  }

  /** Puts rewritten parts in the place of others that hold the same rows. */
  async replaceParts(
    ref: DatasetRef,
    remove: readonly number[],
    staged: readonly StagedPart[],
  ): Promise<CatalogDataset> {
    const parts = await nameParts(this.#parts.files, ref, staged, 'cold')
    const before = this.#parts.catalog.state().get(ref)
    const frames = before && this.#parts.cache.framesOf(before, remove)
    const after = await this.#commit({ kind: 'rewrite', ref, remove, parts }, parts)
    // Rows in another order are not those that the cache has.
    if (frames && isInOrder(staged)) this.#parts.cache.add(after, [{ parts: idsOf(after, parts), frames }])
    return after
  }

  /** Has parts go, each for what is left of its rows. @throws COMMIT_CONFLICT where one of them is gone meanwhile */
  async changeParts(
    { ref, tableId, schema }: CatalogDataset,
    left: ReadonlyMap<number, readonly StagedPart[]>,
  ): Promise<void> {
    const parts = await nameParts(this.#parts.files, ref, [...left.values()].flat(), 'cold')
    const named = [...parts]
    const replaced = new Map<number, NewPart[]>()
    for (const [id, staged] of left) replaced.set(id, named.splice(0, staged.length))
    await this.#commit({ kind: 'change', ref, tableId, schema, replaced, added: [] }, parts)
  }

  /**
   * Makes a dataset what it was: as a replace by parts that are named already. To be called in a moment in which its
   * log has no rows.
   */
  restore(past: CatalogDataset, parts: readonly NewPart[], message: string): CatalogDataset {
    const { ref, schema, schemaHeader } = past
    const log = { flushed: this.#parts.logs.sequenceOf(ref) }
    const change = { kind: 'put' as const, ref, mode: 'replace' as const, schema, schemaHeader, parts, log }
    return committed(commit(this.#parts, [change], message), ref)
  }

  /** Makes a dataset that is a rollup. @throws DATASET_EXISTS, DATASET_NOT_FOUND, TYPE_UNSUPPORTED, KEY_INVALID */
  declareRollup(
    ref: DatasetRef,
    { schemaHeader, schema, ...rollup }: RollupDefinition & { schemaHeader: Uint8Array; schema: Schema },
  ): CatalogDataset {
    this.check(ref, 'create', schema)
    const change = { ref, mode: 'create' as const, schemaHeader, schema, parts: [], rollup }
    return this.#committed({ kind: 'put', ...change })
  }

  /** Puts parts of a rollup in the place of some of its own. */
  async refresh(
    dataset: CatalogDataset,
    staged: readonly StagedPart[],
    remove: readonly CatalogPart[],
    refreshed: Omit<Refreshed, 'version'>,
  ): Promise<CatalogDataset> {
    const parts = await nameParts(this.#parts.files, dataset.ref, staged, 'warm')
    return this.#commit(refreshOf(dataset, remove, parts, refreshed), parts)
  }

  /** Takes all parts away from a rollup, whose source is not what they were made of. */
  forgetRollup(dataset: CatalogDataset, source: Refreshed['source']): CatalogDataset {
    const change = refreshOf(dataset, dataset.parts, [], { source, watermarkUs: null })
    return this.#committed(change)
  }

  /** Tells a dataset other options. @returns it as it is then, the very one where nothing changes */
  configure(dataset: CatalogDataset, options: OptionsPatch): CatalogDataset {
    if (dataset.rollup !== null && options.retention) throw isRollup(dataset)
    if (areSameOptions(dataset.options, changeOptions(dataset.options, options))) return dataset
    // Another partitioning is another order of rows, and another version.
    return this.#committed({ kind: 'configure', ref: dataset.ref, options })
  }

  drop({ ref }: CatalogDataset): void {
    commit(this.#parts, [{ kind: 'drop', ref }])
  }

  /** Commits what brings no files. @returns the dataset as it is then */
  #committed(change: Change & { ref: DatasetRef }): CatalogDataset {
    return committed(commit(this.#parts, [change]), change.ref)
  }

  async #commit(change: Change & { ref: DatasetRef }, parts: readonly NewPart[]): Promise<CatalogDataset> {
    return committed(await commitFiles(this.#parts, [change], parts), change.ref)
  }
}

/** True where rows came in the order in which readers will get them. */
function isInOrder(staged: readonly StagedPart[]): boolean {
  return staged.every((part, index) => {
    const before = staged[index - 1]?.partition ?? null
    return part.isInOrder && comparePartitions(before, part.partition) <= 0
  })
}

/** True for frames that are worth their place in the cache. @param areFlushed - they come from a log */
function areLarge(frames: readonly Frame[], areFlushed: boolean): boolean {
  const bytes = frames.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const { cachedFrameBytesMin, cachedSmallFlushedMax, cachedSmallPutMax } = LIMITS
  const smallMax = areFlushed ? cachedSmallFlushedMax : cachedSmallPutMax
  return frames.length <= smallMax || bytes >= frames.length * cachedFrameBytesMin
}

/** The ids that parts with rows were given, in order; of a put without rows that of its part. */
function idsOf(dataset: CatalogDataset, parts: readonly NewPart[]): number[] {
  const isEmpty = parts.every(({ rows }) => rows === 0)
  const paths = new Set(parts.filter(({ rows }) => isEmpty || rows > 0).map(({ path }) => path))
  return dataset.parts.filter(({ path }) => paths.has(path)).map(({ dataFileId }) => dataFileId)
}

function refreshOf(
  { ref, tableId, schema, version }: CatalogDataset,
  remove: readonly CatalogPart[],
  added: readonly NewPart[],
  refreshed: Omit<Refreshed, 'version'>,
): Extract<Change, { kind: 'change' }> {
  const replaced = new Map(remove.map(({ dataFileId }) => [dataFileId, []]))
  return { kind: 'change', ref, tableId, schema, replaced, added, refreshed: { ...refreshed, version } }
}

/** What a part of a rollup says of itself. */
function rollupOrigin(dataset: CatalogDataset | undefined): Pick<PartOrigin, 'rollup'> {
  return dataset?.rollup ? { rollup: dataset.rollup.definition.sql } : {}
}
