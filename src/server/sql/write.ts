import { batchOf, encodeSchema, packAny, type Schema } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { QueryRequest } from '../../query/engine.ts'
import { type BoundRows, parseWrite, type WriteStatement } from '../../query/write/write-engine.ts'
import type { LakeTransaction } from '../../store/transaction/lake-transaction.ts'
import { SessionLake } from '../../store/transaction/session-lake.ts'
import type { CallContext } from '../call.ts'
import { type OpenRead, type ReadDescription, schemaFrame } from '../read.ts'
import type { Services } from '../services.ts'
import type { Readable } from './command.ts'
import { INT64, nullable, schemaOf } from './metadata.ts'
import { boundRows } from './bound-rows.ts'
import { memoryOf, type Statement, StatementRead } from './statement.ts'

/** What a statement that writes gives where rows are asked for: how many it has written, as DuckDB calls it. */
const COUNT_SCHEMA = schemaOf(nullable('Count', INT64))
const COUNT_HEADER = encodeSchema(COUNT_SCHEMA)

/** How a statement that writes is to run. */
export interface WriteInput {
  readonly sql: string
  readonly schema?: string | undefined
  readonly timeZone?: string | undefined
  /** Hex of its id. */
  readonly transaction?: string | undefined
  readonly memory?: QueryRequest['memory']
  readonly parameters?: QueryRequest['parameters']
  readonly bound?: BoundRows | undefined
  readonly signal: AbortSignal
}

/**
 * Runs a statement that writes: in its transaction, or as one of its own that is committed at once.
 *
 * @returns how many rows it has written; null where it defines something
 */
export async function runWrite(
  statement: WriteStatement,
  input: WriteInput,
  services: Services,
  context: CallContext,
): Promise<number | null> {
  const isTemporary = statement.kind === 'create-table' && statement.isTemporary
  const temporary = services.sql.temporaryOf(context, isTemporary)
  const execute = (lake: LakeTransaction): Promise<number | null> => {
    if (temporary === undefined) return services.writes.execute(statement, { ...input, lake })
    const session = new SessionLake(lake, temporary)
    return temporary.statement(() => services.writes.execute(statement, { ...input, lake: session }))
  }
  if (input.transaction !== undefined) {
    const open = services.sql.transactions.get(Buffer.from(input.transaction, 'hex'))
    return open.statement(() => execute(open))
  }
  const own = services.store.begin()
  try {
    const rows = await own.statement(() => execute(own))
    await own.commit()
    services.sql.hasWritten(context)
    return rows
  } finally {
    own.rollback()
  }
}

/** The parameters that a statement takes. Never runs it. */
export function writeParameters(
  statement: WriteStatement,
  { schema, transaction }: Statement,
  { sql, writes }: Services,
  context: CallContext,
): Promise<Schema> {
  return writes.describe(statement, schema, sql.lakeOf(context, transaction))
}

/** What reads a statement, whether it only reads or writes. @param isTicket - see {@link WriteRead} */
export function readOf(
  statement: Statement,
  services: Services,
  context: CallContext,
  isTicket: boolean,
): Readable {
  const write = parseWrite(statement.sql)
  if (write === null) return new StatementRead(statement, services, context)
  return new WriteRead(write, statement, services, context, isTicket)
}

/** A statement that writes, on the way of queries: it runs once, when its one row is read. */
class WriteRead implements Readable {
  readonly #write: WriteStatement
  readonly #statement: Statement
  readonly #services: Services
  readonly #context: CallContext
  readonly #isTicket: boolean

  /** @param isTicket - comes from {@link describe}: whoever reads it a second time gets nothing */
  constructor(
    write: WriteStatement,
    statement: Statement,
    services: Services,
    context: CallContext,
    isTicket: boolean,
  ) {
    this.#write = write
    this.#statement = statement
    this.#services = services
    this.#context = context
    this.#isTicket = isTicket
  }

  async describe(): Promise<ReadDescription> {
    const { sql } = this.#services
    const once = sql.writes.add({ isRunning: false }, sql.sessions.ownerOf(this.#context)).toString('hex')
    const ticket = packAny('TicketStatementQuery', {
      statementHandle: Buffer.from(JSON.stringify({ ...this.#statement, once })),
    })
    return { schemaHeader: COUNT_HEADER, rows: -1, bytes: -1, isOrdered: false, ticket }
  }

  async open(): Promise<OpenRead> {
    const { id, sql, schema, timeZone, transaction, parameters, timeoutMs, once } = this.#statement
    const memory = memoryOf(this.#statement, this.#services)
    const done = this.#isTicket ? this.#claim(Buffer.from(once ?? '', 'hex')) : null
    let hasRun = false
    const { signal, end } = this.#services.sql.executions.begin(id, this.#context.signal, timeoutMs)
    try {
      const bound = parameters === undefined ? null : await boundRows(Buffer.from(parameters, 'base64'))
      const input = { sql, schema, timeZone, memory, transaction, signal, ...(bound !== null && { bound }) }
      const rows = await runWrite(this.#write, input, this.#services, this.#context)
      hasRun = true
      const frames = rows === null ? [] : [batchOf(COUNT_SCHEMA, [[BigInt(rows)]])]
      return { frames: [schemaFrame(COUNT_HEADER), ...frames] }
    } finally {
      done?.(hasRun)
      end()
    }
  }

  /** Lets nobody else run the statement. @returns to be told whether it has run: one that failed may run again */
  #claim(handle: Buffer): (hasRun: boolean) => void {
    const { writes } = this.#services.sql
    const write = writes.get(handle)
    if (write.isRunning) throw new SternaError('SERVER_BUSY', 'The statement runs already; it runs once')
    write.isRunning = true
    return (hasRun) => {
      write.isRunning = false
      if (hasRun) writes.take(handle)
    }
  }
}
