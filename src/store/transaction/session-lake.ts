import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Lake, PinnedDataset, PinnedLake, WritableLake } from '../parts.ts'
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

  write(...[rows]: Parameters<WritableLake['write']>): ReturnType<WritableLake['write']> {
    return this.#of(rows.ref).write(rows)
  }

  create(...made: Parameters<WritableLake['create']>): void {
    this.#of(made[0]).create(...made)
  }

  alter(...changed: Parameters<WritableLake['alter']>): void {
    this.#of(changed[0]).alter(...changed)
  }

  change(...changed: Parameters<WritableLake['change']>): void {
    this.#of(changed[0]).change(...changed)
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

  createView(...made: Parameters<WritableLake['createView']>): void {
    this.#transaction.createView(...made)
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
