import type { SternaError } from '../errors.ts'
import { bindings, type Connection, type Statement } from './duckdb.ts'
import type { FramesTable, HeldFrames } from './frames-table.ts'
import type { GatedQuery } from './gate/gated-query.ts'

/** A statement that passed the gate, prepared on a connection, with the frames in memory that it reads. */
export class PreparedQuery {
  readonly statement: Statement
  /** As it was prepared: with names for the frames that are this statement's own. */
  readonly sql: string
  /** Its result is at most what DuckDB gives at once. */
  readonly isSmall: boolean
  readonly #held: readonly HeldFrames[]

  private constructor(query: GatedQuery, statement: Statement, sql: string, held: readonly HeldFrames[]) {
    const rows = held.reduce((sum, frames) => sum + frames.rows, 0)
    this.statement = statement
    this.sql = sql
    this.isSmall = query.isInMemory && query.isRowByRow && rows <= bindings.vector_size()
    this.#held = held
  }

  /**
   * Prepares a statement (0.2–3 ms).
   *
   * @throws {@link SternaError} as DuckDB refuses it; TYPE_UNSUPPORTED for frames that SQL cannot read
   */
  static async of(
    table: FramesTable,
    connection: Connection,
    query: GatedQuery,
    signal?: AbortSignal,
  ): Promise<PreparedQuery> {
    const held: HeldFrames[] = []
    try {
      let { sql } = query
      for (const { handle, schema, source } of query.frames) {
        const holding = table.hold(schema, source.frames, signal)
        held.push(holding)
        sql = sql.replaceAll(handle, holding.handle)
      }
      return new PreparedQuery(query, await connection.prepare(sql), sql, held)
    } catch (error) {
      for (const holding of held) holding.release()
      throw error
    }
  }

  /** What reading frames has thrown, which DuckDB knows as text only. */
  get failure(): SternaError | undefined {
    return this.#held.find(({ failure }) => failure !== undefined)?.failure
  }

  /** Before its connection goes. */
  close(): void {
    this.statement.close()
    for (const held of this.#held) held.release()
  }
}
