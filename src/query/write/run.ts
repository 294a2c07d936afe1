import type { Schema } from '../../../flight/ipc/schema.ts'
import type { Lake, PinnedDataset, PinnedLake, WritableLake } from '../../store/parts.ts'
import type { QueryDescription, QueryRequest, QueryResult } from '../query.ts'
import { requireTable } from './tables.ts'
import type { WrittenName } from './token-reader.ts'
import type { WriteStatement } from './write-statement.ts'

/** A kind of statement. */
export type Of<K extends WriteStatement['kind']> = Extract<WriteStatement, { kind: K }>

/** What runs the queries that a statement is made of. */
export interface Queries {
  run(request: QueryRequest): Promise<QueryResult>
  describe(request: QueryRequest): Promise<QueryDescription>
}

/** What the queries of a statement depend on. */
export interface RunOptions<L extends Lake> {
  readonly lake: L
  /** The schema of tables that name none; `main` when absent. */
  readonly schema?: string | undefined
  /** In which times with a zone are computed. */
  readonly timeZone?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly parameters?: QueryRequest['parameters']
}

/** One statement on its way, over a lake that it may write or, to be described, only read. */
export class Run<L extends Lake = WritableLake> {
  readonly queries: Queries
  readonly lake: L
  readonly schema: string | undefined
  readonly signal: AbortSignal
  readonly #options: RunOptions<L>

  constructor(queries: Queries, options: RunOptions<L>) {
    this.queries = queries
    this.lake = options.lake
    this.schema = options.schema
    this.signal = options.signal ?? new AbortController().signal
    this.#options = options
  }

  /** A query of the statement, with what was bound to it. */
  request(sql: string): QueryRequest {
    return { ...this.#options, sql, isWrite: true }
  }

  /** @param target - the Arrow types that the rows are to have */
  run(sql: string, target: Schema): Promise<QueryResult> {
    return this.queries.run({ ...this.request(sql), target })
  }

  describe(sql: string): Promise<QueryDescription> {
    return this.queries.describe({ ...this.#options, sql })
  }

  /** @throws SternaError DATASET_NOT_FOUND */
  table(name: WrittenName): PinnedDataset {
    return this.pinned((pinned) => requireTable(pinned, name, this.schema))
  }

  /** Looks at the lake as it is at this point of the statement. */
  pinned<T>(look: (pinned: PinnedLake) => T): T {
    const pinned = this.lake.pin()
    try {
      return look(pinned)
    } finally {
      pinned.release()
    }
  }
}
