import { createHash } from 'node:crypto'
import { type Schema, parseSchema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import type { Database } from './database.ts'

/** An Arrow schema in the catalog. */
export interface StoredSchema {
  readonly id: number
  readonly header: Uint8Array
  readonly schema: Schema
}

/**
 * The Arrow schemas of a catalog, each kept and parsed once, however many datasets share it: a lake of 10,000
 * symbols has a handful.
 */
export class ArrowSchemas {
  readonly #db: Database
  readonly #byId = new Map<number, StoredSchema>()
  readonly #pending = new Map<number, StoredSchema>()

  constructor(db: Database) {
    this.#db = db
  }

  /** @throws {@link SternaError} DATA_CORRUPT when there is none of this id, or not a schema */
  read(id: number): StoredSchema {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const row = this.#db.get<[ArrayBuffer]>('SELECT header FROM sterna_arrow_schema WHERE schema_id = ?', id)
    if (row === undefined) throw new SternaError('DATA_CORRUPT', `The catalog has no Arrow schema ${id}`)
    const header = new Uint8Array(row[0])
    const stored = { id, header, schema: parse(id, header) }
    this.#byId.set(id, stored)
    return stored
  }

  /**
   * Keeps a schema, in the transaction of the caller, who tells by {@link settle} how that ended.
   *
   * @param header - copied; `schema` is what it says
   */
  write(header: Uint8Array, schema: Schema): StoredSchema {
    const hash = createHash('sha256').update(header).digest('hex')
    const found = this.#db.get<[number]>('SELECT schema_id FROM sterna_arrow_schema WHERE hash = ?', hash)
    const known = found && (this.#byId.get(found[0]) ?? this.#pending.get(found[0]))
    if (known !== undefined) return known
    const row =
      found ??
      this.#db.get<[number]>(
        'INSERT INTO sterna_arrow_schema(hash, header) VALUES (?, ?) RETURNING schema_id',
        hash,
        header,
      )
    if (row === undefined) throw new Error('INSERT gave no id')
    const stored = { id: row[0], header: header.slice(), schema }
    this.#pending.set(stored.id, stored)
    return stored
  }

  /** Keeps what was written, or forgets it: the ids of a transaction that failed will name other schemas. */
  settle(isCommitted: boolean): void {
    if (isCommitted) for (const stored of this.#pending.values()) this.#byId.set(stored.id, stored)
    this.#pending.clear()
  }
}

function parse(id: number, header: Uint8Array): Schema {
  try {
    return parseSchema(header)
  } catch (error) {
    throw new SternaError('DATA_CORRUPT', `Arrow schema ${id} of the catalog is damaged`, { cause: error })
  }
}
