import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { encodeSchema, type Frame, packAny, type Schema, schemasEqual } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { type ParameterRow, type QueryRequest, type QueryResult } from '../../query/engine.ts'
import type { Lake } from '../../store/parts.ts'
import type { CallContext } from '../call.ts'
import { readJsonTicket } from '../json-ticket.ts'
import { type OpenRead, type ReadDescription, schemaFrame } from '../read.ts'
import type { Services } from '../services.ts'
import { withSqlMetadata } from './column-metadata.ts'
import { boundRows } from './bound-rows.ts'
import type { Readable, ScanRead } from './command.ts'
import { statementOptions } from './session-options.ts'

/**
 * A statement with all that its run depends on. It is the ticket, so that it can be read on another connection and
 * after its prepared statement was closed; a transaction is named only, and must still be open.
 */
const statementSchema = z.strictObject({
  /** Of this execution, for CancelFlightInfo. */
  id: z.string().max(64),
  sql: z.string(),
  /** Schema of tables that name none. */
  schema: z.string().optional(),
  timeoutMs: z.number().positive().optional(),
  /** In which times with a zone are computed and printed. */
  timeZone: z.string().optional(),
  /** Of its session alone; see `SqlMemory`. */
  memory: z.string().max(64).optional(),
  /** As many as its client wants. */
  endpoints: z.number().optional(),
  /** Hex of its id. */
  transaction: z.string().optional(),
  /** An IPC stream in base64. */
  parameters: z.string().optional(),
  /** Of a statement that writes: hex of the handle that says it has not run yet. */
  once: z.string().max(64).optional(),
})

export type Statement = z.infer<typeof statementSchema>

/** What a statement is made of, before it belongs to an execution. */
export interface StatementText {
  readonly sql: string
  /** Hex of its id. */
  readonly transaction: string | null
  readonly parameters: Buffer | null
}

/** The statement as a caller runs it now: with the options of its session. */
export function statementOf(text: StatementText, services: Services, context: CallContext): Statement {
  const { sql, transaction, parameters } = text
  return {
    id: randomBytes(12).toString('base64url'),
    sql,
    ...statementOptions(services.sql.sessions.find(context)),
    ...(transaction !== null && { transaction }),
    ...(parameters !== null && { parameters: parameters.toString('base64') }),
  }
}

/** @throws SternaError TICKET_MALFORMED */
export function decodeStatement(handle: Uint8Array): Statement {
  const statement = readJsonTicket(handle, statementSchema)
  if (statement !== undefined) return statement
  throw new SternaError('TICKET_MALFORMED', 'The ticket holds no statement that GetFlightInfo gave')
}

/** @throws SternaError HANDLE_NOT_FOUND where the session that the memory was of is over */
export function memoryOf({ memory }: Pick<Statement, 'memory'>, { sql }: Services): QueryRequest['memory'] {
  return memory === undefined ? undefined : sql.memory.get(memory)
}

/** Of schemas that are described again and again. */
const headers = new WeakMap<Schema, Uint8Array>()

/** The IPC message of a schema, with what SQL says of its columns. */
function sqlHeader(schema: Schema): Uint8Array {
  const header = headers.get(schema) ?? encodeSchema(withSqlMetadata(schema))
  headers.set(schema, header)
  return header
}

/** The rows of a statement: one run for each row of its parameters, one after the other in one stream. */
export class StatementRead implements Readable {
  readonly #statement: Statement
  readonly #services: Services
  readonly #context: CallContext
  readonly #lake: Lake | undefined

  /** @param lake - what it reads; that of its caller when absent */
  constructor(statement: Statement, services: Services, context: CallContext, lake?: Lake) {
    this.#lake = lake
    this.#statement = statement
    this.#services = services
    this.#context = context
  }

  /** The types of its result, as they are before values are bound, and of its parameters. */
  async prepare(): Promise<{ schemaHeader: Uint8Array; parameters: Schema }> {
    const { schema, parameters } = await this.#services.engine.describe(this.#request(undefined))
    return { schemaHeader: sqlHeader(schema), parameters }
  }

  async describe(): Promise<ReadDescription> {
    const [row] = (await this.#rows()) ?? []
    const { schema, isOrdered } = await this.#services.engine.describe(this.#request(row))
    const ticket = packAny('TicketStatementQuery', {
      statementHandle: Buffer.from(JSON.stringify(this.#statement)),
    })
    return { schemaHeader: sqlHeader(schema), rows: -1, bytes: -1, isOrdered, ticket }
  }

  scan(): ScanRead | null {
    const { endpoints = 1, transaction, parameters } = this.#statement
    const services = this.#services
    // Only the lake itself is a snapshot that stays for a while.
    if (endpoints < 2 || transaction !== undefined || parameters !== undefined) return null
    if (services.sql.temporaryOf(this.#context, false) !== undefined) return null
    return {
      endpoints,
      isWhole: false,
      scanned: (lake) => services.engine.scanned({ ...this.#request(undefined), lake }),
      describe: (lake) => new StatementRead(this.#statement, services, this.#context, lake).describe(),
      open: (lake, context) => new StatementRead(this.#statement, services, context, lake).open(),
    }
  }

  async open(): Promise<OpenRead> {
    const { id, timeoutMs } = this.#statement
    const { signal, end } = this.#services.sql.executions.begin(id, this.#context.signal, timeoutMs)
    try {
      const rows = await this.#rows()
      // Begins here, so that what cannot run fails the call before its first message.
      const first = rows?.length === 0 ? null : await this.#run(rows?.[0], signal)
      return { frames: this.#frames(first, rows?.slice(1) ?? [], signal, end) }
    } catch (error) {
      end()
      throw error
    }
  }

  async *#frames(
    first: QueryResult | null,
    rest: readonly ParameterRow[],
    signal: AbortSignal,
    end: () => void,
  ): AsyncGenerator<Frame> {
    let result = first
    try {
      const { schema } = result ?? (await this.#services.engine.describe(this.#request(undefined)))
      yield schemaFrame(sqlHeader(schema))
      if (result !== null) yield* result.frames
      for (const row of rest) {
        result = await this.#run(row, signal)
        assertSame(schema, result.schema)
        yield* result.frames
      }
    } finally {
      result?.close()
      end()
    }
  }

  #run(row: ParameterRow | undefined, signal: AbortSignal): Promise<QueryResult> {
    const { progress } = this.#context
    return this.#services.engine.run({ ...this.#request(row), signal, progress })
  }

  #request(row: ParameterRow | undefined): QueryRequest {
    const { sql, schema, timeZone, transaction } = this.#statement
    const lake = this.#lake ?? this.#services.sql.lakeOf(this.#context, transaction)
    const memory = memoryOf(this.#statement, this.#services)
    return { sql, parameters: row, schema, timeZone, memory, lake, signal: this.#context.signal }
  }

  /** Null for a statement to which nothing was bound. */
  async #rows(): Promise<readonly ParameterRow[] | null> {
    const { parameters } = this.#statement
    if (parameters === undefined) return null
    const bound = await boundRows(Buffer.from(parameters, 'base64'))
    return bound === null ? null : bound.rows()
  }
}

/** A parameter decides types, and all rows are one stream. */
function assertSame(expected: Schema, found: Schema): void {
  if (schemasEqual(expected, found)) return
  throw new SternaError(
    'SCHEMA_MISMATCH',
    'The bound rows give results of different types: cast the parameters in the SQL',
  )
}
