import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type {
  Lake,
  NewRows,
  PinnedDataset,
  PinnedLake,
  PinnedView,
  StagedPart,
  WritableLake,
} from '../parts.ts'
import type { LakeTransaction } from './lake-transaction.ts'

/** The schema of a session's temporary tables, which stand before those of the lake where a name has none. */
export const TEMPORARY_SCHEMA = 'temp'

/**
 * A lake with the temporary tables of a session. They are what a transaction has made that is never committed: their
 * parts stand in `tmp/` and go with it.
 */
export class SessionReads implements Lake {
  readonly #lake: Lake
  readonly #temporary: LakeTransaction

  constructor(lake: Lake, temporary: LakeTransaction) {
    this.#lake = lake
    this.#temporary = temporary
  }

  pin(): PinnedLake {
    const lake = this.#lake.pin()
    const own = this.#temporary.pin()
    // A session lasts: it holds no snapshot between its statements.
    this.#temporary.refresh()
    const temporary = (key: string): PinnedDataset | undefined =>
      own.resolve({ schema: TEMPORARY_SCHEMA, key })
    const listed = (): PinnedDataset[] => own.list().filter(({ ref }) => ref.schema === TEMPORARY_SCHEMA)
    return {
      at: (moment) => lake.at(moment),
      resolve: (ref) => (ref.schema === TEMPORARY_SCHEMA ? temporary(ref.key) : lake.resolve(ref)),
      match: (schema, glob) => (schema === TEMPORARY_SCHEMA ? own : lake).match(schema, glob),
      list: () => [...lake.list().filter(({ ref }) => ref.schema !== TEMPORARY_SCHEMA), ...listed()],
      views: () => lake.views(),
      temporary,
      release: () => {
        lake.release()
        own.release()
      },
    }
  }
}

/** As {@link SessionReads}, for statements that write: what they do to temporary tables is no part of a transaction. */
export class SessionLake extends SessionReads implements WritableLake {
  readonly temporarySchema = TEMPORARY_SCHEMA
  readonly #transaction: LakeTransaction
  readonly #own: LakeTransaction

  constructor(transaction: LakeTransaction, temporary: LakeTransaction) {
    super(transaction, temporary)
    this.#transaction = transaction
    this.#own = temporary
  }

  settle(ref: DatasetRef): Promise<PinnedDataset> {
    return this.#of(ref).settle(ref)
  }

  write(rows: NewRows): Promise<readonly StagedPart[]> {
    return this.#of(rows.ref).write(rows)
  }

  create(ref: DatasetRef, schema: Schema, parts: readonly StagedPart[], isReplace: boolean): void {
    this.#of(ref).create(ref, schema, parts, isReplace)
  }

  alter(
    ref: DatasetRef,
    schema: Schema,
    parts: readonly StagedPart[],
    renamed: ReadonlyMap<string, string>,
  ): void {
    this.#of(ref).alter(ref, schema, parts, renamed)
  }

  change(
    ref: DatasetRef,
    replaced: ReadonlyMap<string, readonly StagedPart[]>,
    added: readonly StagedPart[],
  ): void {
    this.#of(ref).change(ref, replaced, added)
  }

  drop(ref: DatasetRef): void {
    this.#of(ref).drop(ref)
  }

  hasSchema(schema: string): boolean {
    return schema === TEMPORARY_SCHEMA || this.#transaction.hasSchema(schema)
  }

  createSchema(schema: string): void {
    this.#transaction.createSchema(schema)
  }

  dropSchema(schema: string): void {
    this.#transaction.dropSchema(schema)
  }

  createView(view: PinnedView): void {
    this.#transaction.createView(view)
  }

  dropView(ref: DatasetRef): void {
    this.#transaction.dropView(ref)
  }

  comment(...said: Parameters<WritableLake['comment']>): void {
    this.#transaction.comment(...said)
  }

  #of({ schema }: DatasetRef): LakeTransaction {
    return schema === TEMPORARY_SCHEMA ? this.#own : this.#transaction
  }
}
