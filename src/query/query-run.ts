import type { Frame } from '../../flight/frame.ts'
import { encodeSchema, type Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { statementColumns } from './describe.ts'
import type { Duck } from './duck.ts'
import { type Connection, UTC } from './duckdb.ts'
import { FramesTable } from './frames-table.ts'
import type { GatedQuery } from './gate/gated-query.ts'
import { withNotNull } from './gate/plain-columns.ts'
import { PreparedQuery } from './prepared-query.ts'
import type { Binding } from './query-binding.ts'
import type { Slot } from './query-slots.ts'
import type { QueryDescription, QueryRequest } from './query.ts'
import { ResultStream } from './result-stream.ts'
import { resultSchema } from './result-types.ts'

export interface QueryRunParts {
  readonly duck: Duck
  /** The run's from here on, as is the binding. */
  readonly slot: Slot
  readonly binding: Binding
  readonly request: QueryRequest
  /** What is known of the statement already. */
  readonly description: QueryDescription | undefined
  /** Called once, when nothing of the query is left. */
  readonly onEnd: (run: QueryRun) => void
}

/**
 * One query that runs, until nothing of it is left.
 *
 * A query whose reader stops is parked where it can be: what runs in DuckDB ends, with the row groups that its scan has
 * open (some 20 MB) and its slot. When the reader comes back, the statement runs again from the row after the last one
 * that was taken. That needs a statement whose rows come in the same order each time.
 */
export class QueryRun {
  readonly #parts: QueryRunParts
  #description: QueryDescription | undefined
  #prepared: PreparedQuery | null = null
  #stream: ResultStream | null = null
  #isParked = false
  #isClosed = false
  #hasEnded = false

  constructor(parts: QueryRunParts) {
    this.#parts = parts
    this.#description = parts.description
  }

  /** What reading frames has thrown, which DuckDB knows as text only. */
  get failure(): SternaError | undefined {
    return this.#prepared?.failure
  }

  /** Runs the statement up to its first rows. A rejection has ended the run. */
  async start(): Promise<QueryDescription> {
    await this.#run(0)
    if (this.#description === undefined) throw new SternaError('BUG', 'A query runs without a description')
    return this.#description
  }

  /**
   * Dictionary and batch frames, as {@link ResultStream.frames} gives them.
   *
   * @param onPark - called when the query is parked
   */
  async *frames(onPark: () => void): AsyncGenerator<Frame, void, undefined> {
    let takenRows = 0
    let patienceMs = LIMITS.stalledReaderMs
    try {
      while (this.#stream !== null) {
        let parking: Promise<void> | undefined
        for await (const frame of this.#stream.frames()) {
          const timer = setTimeout(() => {
            parking = this.#park()
            if (parking !== undefined) onPark()
          }, patienceMs).unref()
          try {
            yield frame
          } finally {
            clearTimeout(timer)
          }
          takenRows += frame.rows
          if (parking !== undefined) break
        }
        if (parking === undefined) return
        await parking
        // A reader that is slow, and not gone, runs its statement again less and less often.
        patienceMs *= 2
        await this.#resume(takenRows)
      }
    } finally {
      await this.close()
    }
  }

  /** Ends the query wherever it is. Resolves when nothing runs any more; may be called again. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#isParked) this.#end()
    else await this.#stream?.close()
  }

  /** Undefined where it cannot be. */
  #park(): Promise<void> | undefined {
    const { slot, binding, request } = this.#parts
    const stream = this.#stream
    if (!binding.query.isScan || stream === null || stream.isClosed || !slot.park()) return undefined
    this.#isParked = true
    request.signal?.addEventListener('abort', this.#end)
    return stream.close()
  }

  async #resume(row: number): Promise<void> {
    const { slot, request } = this.#parts
    await slot.resume(request.signal)
    if (this.#hasEnded) throw new SternaError('CANCELLED', 'The query was closed before its end')
    request.signal?.removeEventListener('abort', this.#end)
    this.#isParked = false
    await this.#run(row)
  }

  async #run(row: number): Promise<void> {
    const { duck, binding, request } = this.#parts
    const connection = await duck.connect().catch((error: unknown) => {
      this.#end()
      throw error
    })
    const { query } = binding
    const wanted = row === 0 ? query : { ...query, sql: `SELECT * FROM (${query.sql}\n) OFFSET ${row}` }
    let prepared: PreparedQuery | null = null
    let schema: Schema
    try {
      await connection.useTimeZone(request.timeZone ?? UTC)
      prepared = await PreparedQuery.of(await FramesTable.of(duck), connection, wanted, request.signal)
      this.#prepared = prepared
      schema = (this.#description ??= await this.#describe(connection, prepared)).schema
      prepared.statement.bind(request.parameters ?? [])
      request.progress?.begin(() => connection.progressPercent)
    } catch (error) {
      prepared?.close()
      connection.release()
      this.#end()
      throw error
    }
    const { statement, isSmall } = prepared
    this.#stream = await ResultStream.start({
      connection,
      statement,
      schema,
      isSmall,
      signal: request.signal,
      onClose: (isEnded) => {
        request.progress?.end()
        prepared.close()
        if (isEnded) connection.release()
        else connection.close()
        if (!this.#isParked) this.#end()
      },
    })
    if (this.#isClosed) await this.#stream.close()
  }

  async #describe(connection: Connection, prepared: PreparedQuery): Promise<QueryDescription> {
    const { query } = this.#parts.binding
    return describedAs(await schemaOf(connection, prepared, query, this.#parts.request), query.isOrdered)
  }

  readonly #end = (): void => {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { slot, binding, request, onEnd } = this.#parts
    request.signal?.removeEventListener('abort', this.#end)
    slot.release()
    binding.release()
    onEnd(this)
  }
}

const NO_PARAMETERS: Schema = { fields: [], metadata: new Map() }

export function describedAs(schema: Schema, isOrdered: boolean): QueryDescription {
  return { schema, schemaHeader: encodeSchema(schema), isOrdered, parameters: NO_PARAMETERS }
}

/**
 * The Arrow types of a statement's columns: those that were asked for, or those that DuckDB's become, and what is NOT
 * NULL where they come from.
 */
export async function schemaOf(
  connection: Connection,
  { statement, sql }: Pick<PreparedQuery, 'statement' | 'sql'>,
  { plain }: GatedQuery,
  { target, parameters, timeZone }: QueryRequest,
): Promise<Schema> {
  if (target !== undefined) return target
  const schema = resultSchema(await statementColumns(connection, statement, sql, parameters), timeZone)
  return plain === null ? schema : withNotNull(schema, plain.columns, plain.source)
}
