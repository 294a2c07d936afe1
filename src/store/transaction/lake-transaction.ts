import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Frame } from '../../../flight/frame.ts'
import { encodeSchema, type Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { datasetName } from '../catalog/names.ts'
import type { CommentOn } from '../catalog/write-objects.ts'
import { logRows } from '../log/log-views.ts'
import type {
  Lake,
  NewRows,
  PinnedDataset,
  PinnedLake,
  PinnedView,
  StagedPart,
  WritableLake,
} from '../parts.ts'
import { PinnedSnapshot, readable, type SnapshotParts } from '../pinned-snapshot.ts'
import type { Publisher } from '../publisher.ts'
import { type PutMode, PutSession } from '../put-session.ts'
import { assertSameSchema } from '../same-schema.ts'
import { BaseSnapshot } from './base-snapshot.ts'
import { transactionPutTarget } from './put-target.ts'
import { publishAll, type TransactionParts } from './publish.ts'
import {
  hasSchema,
  NO_OBJECTS,
  type StagedObjects,
  viewsOf,
  withComment,
  withKeptComments,
  withoutComments,
  withSchema,
  withView,
} from './staged-objects.ts'
import {
  newContent,
  pinnedOf,
  type StagedContent,
  type StagedDataset,
  type StagedEntry,
  stagedFrom,
  withParts,
} from './staged-dataset.ts'
import { type FilesParts, TransactionFiles } from './transaction-files.ts'
import { TransactionSnapshot } from './transaction-snapshot.ts'

const MAIN_SCHEMA = 'main'

/** What a transaction is made over. */
export interface LakeTransactionParts extends TransactionParts, FilesParts {
  readonly publisher: Pick<Publisher, 'begun' | 'check'> & FilesParts['publisher']
  readonly snapshots: SnapshotParts
}

/** A lake on which transactions can be begun. */
export interface TransactionalLake extends Lake {
  /** The transaction must be committed or rolled back. */
  begin(): LakeTransaction
}

/** What a transaction has changed so far. Never changed itself. */
interface Overlay {
  /** By name. */
  readonly datasets: ReadonlyMap<string, StagedDataset>
  readonly objects: StagedObjects
}

/**
 * A transaction: its statements see the lake as it was at the first of them, and what they have changed since. All of
 * that becomes one snapshot of the catalog, or nothing.
 *
 * What it writes stands in `tmp/` until then, under names that no catalog has: a transaction that is rolled back,
 * forgotten or killed leaves nothing.
 */
export class LakeTransaction implements WritableLake {
  readonly temporarySchema = null
  readonly #parts: LakeTransactionParts
  readonly #files: TransactionFiles
  #base: BaseSnapshot | null = null
  #overlay: Overlay = { datasets: new Map(), objects: NO_OBJECTS }
  #running: Promise<unknown> = Promise.resolve()
  #hasEnded = false
  #readers = 0

  constructor(parts: LakeTransactionParts) {
    this.#parts = parts
    this.#files = new TransactionFiles(parts)
  }

  pin(): PinnedLake {
    const base = this.#pinnedBase()
    base.use()
    this.#readers += 1
    let isHeld = true
    const release = (): void => {
      if (!isHeld) return
      isHeld = false
      base.release()
      this.#readers -= 1
      void this.#discardFiles()
    }
    const views = viewsOf(base.state.objects, this.#overlay.objects)
    const snapshot = new PinnedSnapshot(this.#parts.snapshots, base.state, base.views, release)
    return new TransactionSnapshot(snapshot, this.#pinnedOverlay(), views)
  }

  /** The next statement sees the lake as it is then: after a write outside of the transaction that it is to see. */
  refresh(): void {
    this.#base?.release()
    this.#base = null
  }

  /**
   * Runs a statement that writes, one after the other. One that fails leaves the transaction as it was before.
   *
   * @throws what `work` throws; HANDLE_NOT_FOUND where the transaction has ended
   */
  statement<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#running.then(async () => {
      this.#assertOpen()
      const before = this.#overlay
      try {
        return await work()
      } catch (error) {
        this.#overlay = before
        throw error
      }
    })
    this.#running = run.catch(() => undefined)
    return run
  }

  /** The place to which {@link restore} goes back. */
  savepoint(): unknown {
    return this.#overlay
  }

  /** @param savepoint - of this transaction */
  restore(savepoint: unknown): void {
    this.#overlay = savepoint as Overlay
  }

  async settle(ref: DatasetRef): Promise<PinnedDataset> {
    const staged = this.#staged(ref)
    if (staged.content.log !== null) await this.#rebase(staged)
    return this.#pinned(this.#staged(ref))
  }

  write(rows: NewRows): Promise<readonly StagedPart[]> {
    return this.#files.write(rows)
  }

  /** Begins to take a dataset in, as part of the transaction. The session must be committed or aborted. */
  beginPut(ref: DatasetRef, mode: PutMode, schemaFrame: Frame): PutSession {
    const target = transactionPutTarget(this.#parts.publisher, {
      check: (...put) => {
        this.#checkPut(...put)
      },
      staged: ({ parts, schema, ...put }) =>
        this.statement(async () => {
          this.#files.take(parts)
          this.#checkPut(put.ref, put.mode, schema)
          const withRows = parts.filter(({ written }) => written.rows > 0)
          if (put.mode === 'append' && this.#find(put.ref)?.content) this.change(put.ref, new Map(), withRows)
          else this.#create(put.ref, schema, put.schemaFrame.header, withRows, put.mode === 'replace')
        }),
    })
    return new PutSession(target, ref, mode, schemaFrame, {})
  }

  #checkPut(ref: DatasetRef, mode: PutMode, schema: Schema): void {
    const content = this.#find(ref)?.content ?? null
    if (mode === 'create' && content !== null) throw exists(ref)
    // Against what the transaction sees, not against what others see.
    if (mode === 'append' && content !== null) assertSameSchema(ref, content.schema, schema)
    else this.#parts.publisher.check(ref, 'replace', schema)
  }

  create(ref: DatasetRef, schema: Schema, parts: readonly StagedPart[], isReplace: boolean): void {
    this.#create(ref, schema, encodeSchema(schema), parts, isReplace)
  }

  #create(
    ref: DatasetRef,
    schema: Schema,
    schemaHeader: Uint8Array,
    parts: readonly StagedPart[],
    isReplace: boolean,
  ): void {
    const known = this.#find(ref)
    if (known?.content && !isReplace) throw exists(ref)
    const views = viewsOf(this.#pinnedBase().state.objects, this.#overlay.objects)
    if (views.some((view) => datasetName(view.ref) === datasetName(ref))) throw exists(ref)
    this.#parts.publisher.check(ref, 'replace', schema)
    const kind = isReplace || known !== undefined ? 'replace' : 'create'
    this.#put({ ref, base: known?.base ?? null, content: newContent(kind, schema, schemaHeader, parts) })
  }

  alter(
    ref: DatasetRef,
    schema: Schema,
    parts: readonly StagedPart[],
    renamed: ReadonlyMap<string, string>,
  ): void {
    const { base, content } = this.#staged(ref)
    const said = base === null ? undefined : this.#pinnedBase().state.objects.comments.get(base.tableId)
    this.#setObjects(withKeptComments(this.#overlay.objects, ref, said, schema, renamed))
    this.#parts.publisher.check(ref, 'replace', schema)
    const kind = content.kind === 'change' ? 'alter' : content.kind
    this.#put({ ref, base, content: newContent(kind, schema, encodeSchema(schema), parts) })
  }

  change(
    ref: DatasetRef,
    replaced: ReadonlyMap<string, readonly StagedPart[]>,
    added: readonly StagedPart[],
  ): void {
    const { base, content } = this.#staged(ref)
    this.#put({ ref, base, content: withParts(content, this.#pathOf, replaced, added) })
  }

  drop(ref: DatasetRef): void {
    const { base } = this.#staged(ref)
    this.#setObjects(withoutComments(this.#overlay.objects, ref))
    this.#put({ ref, base, content: null })
  }

  hasSchema(schema: string): boolean {
    return hasSchema(this.#pinnedBase().state.objects, this.#overlay.objects, schema)
  }

  createSchema(schema: string): void {
    this.#setObjects(withSchema(this.#overlay.objects, schema, true))
  }

  dropSchema(schema: string): void {
    const pinned = this.pin()
    const isUsed = [...pinned.list(), ...pinned.views()].some(({ ref }) => ref.schema === schema)
    pinned.release()
    if (schema === MAIN_SCHEMA || isUsed) {
      const reason = isUsed ? 'has tables or views; DROP SCHEMA … CASCADE drops them too' : 'always stays'
      throw new SternaError('REQUEST_INVALID', `Schema "${schema}" ${reason}`)
    }
    this.#setObjects(withSchema(this.#overlay.objects, schema, false))
  }

  createView(view: PinnedView): void {
    if (this.#find(view.ref)?.content) {
      throw new SternaError('DATASET_EXISTS', `"${view.ref.key}" is a table already`)
    }
    this.#setObjects(withView(this.#overlay.objects, view.ref, view))
  }

  dropView(ref: DatasetRef): void {
    this.#setObjects(withView(this.#overlay.objects, ref, null))
  }

  comment(on: CommentOn, text: string | null): void {
    this.#setObjects(withComment(this.#overlay.objects, on, text))
  }

  /**
   * Makes everything visible at once and ends the transaction, also where it fails: nothing of it is there then.
   *
   * @throws COMMIT_CONFLICT where another has changed the same, DISK_FULL, DISK_FAILED
   */
  async commit(): Promise<void> {
    try {
      await this.#running
      this.#assertOpen()
      await publishAll(this.#parts, [...this.#overlay.datasets.values()], this.#overlay.objects)
    } finally {
      this.rollback()
    }
  }

  /** Forgets everything. Safe at any time. */
  rollback(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.refresh()
    void this.#running.then(() => this.#discardFiles())
  }

  async #rebase({ ref, base, content }: StagedDataset): Promise<void> {
    const { catalog, logs } = this.#parts
    await logs.flush(ref)
    const now = catalog.state().get(ref)
    const live = new Set(now?.parts.map((part) => part.dataFileId))
    const isSame = base !== null && now?.tableId === base.tableId
    if (!isSame || !base.parts.every((part) => live.has(part.dataFileId))) {
      throw new SternaError('COMMIT_CONFLICT', `Dataset "${ref.key}" was changed by another meanwhile`)
    }
    const { content: fresh } = stagedFrom(readable(now), null)
    const added = content?.entries.filter(({ kind }) => kind === 'new') ?? []
    if (fresh === null) return
    this.#put({ ref, base: now, content: { ...fresh, entries: [...fresh.entries, ...added] } })
  }

  /** Absent where neither the transaction nor its snapshot has it; without content where it was dropped. */
  #find(ref: DatasetRef): StagedDataset | undefined {
    const staged = this.#overlay.datasets.get(datasetName(ref))
    if (staged !== undefined) return staged
    const { state, views } = this.#pinnedBase()
    const base = state.get(ref)
    return base && stagedFrom(base, logRows(views, base))
  }

  #staged(ref: DatasetRef): StagedDataset & { content: StagedContent } {
    const staged = this.#find(ref)
    if (!staged?.content) throw notFound(ref)
    if (staged.base !== null && staged.content.kind === 'change') readable(staged.base)
    return { ...staged, content: staged.content }
  }

  #put(staged: StagedDataset): void {
    const datasets = new Map(this.#overlay.datasets).set(datasetName(staged.ref), staged)
    this.#set({ ...this.#overlay, datasets })
  }

  #set(overlay: Overlay): void {
    const { schemas, views, comments } = overlay.objects
    const count = overlay.datasets.size + schemas.size + views.size + comments.size
    if (count > LIMITS.transactionChangesMax) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `The transaction would change ${count} things; the limit is ${LIMITS.transactionChangesMax}`,
      )
    }
    this.#overlay = overlay
  }

  #setObjects(objects: StagedObjects): void {
    this.#set({ ...this.#overlay, objects })
  }

  #pinned({ ref, content }: StagedDataset & { content: StagedContent }): PinnedDataset {
    return pinnedOf(ref, content, this.#pathOf)
  }

  #pinnedOverlay(): ReadonlyMap<string, PinnedDataset | null> {
    const pinned = new Map<string, PinnedDataset | null>()
    for (const [name, { ref, content }] of this.#overlay.datasets) {
      pinned.set(name, content === null ? null : pinnedOf(ref, content, this.#pathOf))
    }
    return pinned
  }

  readonly #pathOf = (entry: StagedEntry): string =>
    entry.kind === 'kept' ? this.#parts.files.absolutePath(entry.part.path) : entry.part.path

  #pinnedBase(): BaseSnapshot {
    this.#assertOpen()
    this.#base ??= new BaseSnapshot(this.#parts)
    return this.#base
  }

  #assertOpen(): void {
    if (!this.#hasEnded) return
    throw new SternaError('HANDLE_NOT_FOUND', 'The transaction has ended; begin another')
  }

  /** Once nobody reads them any more. */
  async #discardFiles(): Promise<void> {
    if (this.#hasEnded && this.#readers === 0) await this.#files.discard()
  }
}

function exists(ref: DatasetRef): SternaError {
  return new SternaError('DATASET_EXISTS', `The dataset "${ref.key}" exists already`)
}

function notFound(ref: DatasetRef): SternaError {
  return new SternaError('DATASET_NOT_FOUND', `There is no dataset "${ref.key}"`)
}
