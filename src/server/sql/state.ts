import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { SqlMemory } from '../../query/sql-memory.ts'
import type { LakeTransaction, TransactionalLake } from '../../store/transaction/lake-transaction.ts'
import type { Lake } from '../../store/parts.ts'
import { SessionReads } from '../../store/transaction/session-lake.ts'
import type { CallContext } from '../call.ts'
import { Polls } from '../polls/polls.ts'
import { Executions } from './executions.ts'
import { Handles } from './handles.ts'
import { Sessions } from './sessions.ts'

/** A statement that a client has prepared, and the values that it has bound to it. */
export interface PreparedStatement {
  readonly sql: string
  /** Hex of the transaction's id; null outside of one. */
  readonly transaction: string | null
  /** An IPC stream: its batches' rows are the parameters of one run each. */
  parameters: Buffer | null
}

/** A write that was asked for as a query. */
export interface PendingWrite {
  isRunning: boolean
}

/** A place in a transaction to which it can go back. */
interface Savepoint {
  readonly transaction: Uint8Array
  readonly content: unknown
}

/** What the Flight SQL clients of a server hold between calls. All of it is bounded, and nothing outlives the server. */
export class SqlState {
  readonly sessions: Sessions
  /** What sessions have of the memory of SQL. */
  readonly memory: SqlMemory
  readonly executions = new Executions()
  readonly polls = new Polls()
  readonly statements = new Handles<PreparedStatement>({
    what: 'prepared statement',
    advice: 'Prepare it again',
    countMax: LIMITS.preparedStatementsMax,
    idleMs: LIMITS.preparedStatementIdleMs,
    onEnd: ({ sql, parameters }) => {
      this.#preparedBytes -= sql.length + (parameters?.length ?? 0)
    },
  })
  readonly transactions = new Handles<LakeTransaction>({
    what: 'transaction',
    advice: 'Begin another',
    countMax: LIMITS.transactionsMax,
    idleMs: LIMITS.transactionIdleMs,
    onEnd: (transaction) => transaction.rollback(),
  })
  /** Writes that were asked for as queries and have not run yet: each runs once, by the ticket that names it. */
  readonly writes = new Handles<PendingWrite>({
    what: 'statement that writes',
    advice: 'Ask for it again with GetFlightInfo',
    countMax: LIMITS.preparedStatementsMax,
    idleMs: LIMITS.transactionIdleMs,
  })
  /** The temporary tables of a session or connection. */
  readonly temporary = new Handles<LakeTransaction>({
    what: 'temporary table',
    advice: 'Make it again',
    countMax: LIMITS.transactionsMax,
    idleMs: LIMITS.sessionIdleMs,
    onEnd: (tables) => tables.rollback(),
  })
  /** Of a savepoint, the transaction it is in, and what that was like. */
  readonly savepoints = new Handles<Savepoint>({
    what: 'savepoint',
    advice: 'Begin another',
    countMax: LIMITS.transactionsMax,
    idleMs: LIMITS.transactionIdleMs,
  })
  readonly #lake: TransactionalLake
  #preparedBytes = 0

  constructor(lake: TransactionalLake, memory: SqlMemory) {
    this.#lake = lake
    this.memory = memory
    this.sessions = new Sessions((session) => {
      if (session.memory !== null) void memory.end(session.memory)
    })
  }

  /** @throws SternaError SERVER_BUSY */
  prepare(sql: string, transaction: string | null, context: CallContext): Buffer {
    this.#addPreparedBytes(sql.length)
    try {
      return this.statements.add({ sql, transaction, parameters: null }, this.sessions.ownerOf(context))
    } catch (error) {
      this.#preparedBytes -= sql.length
      throw error
    }
  }

  /** @param parameters - an IPC stream, kept. @throws SternaError HANDLE_NOT_FOUND, SERVER_BUSY */
  bind(handle: Uint8Array, parameters: Buffer): void {
    const statement = this.statements.get(handle)
    this.#addPreparedBytes(parameters.length - (statement.parameters?.length ?? 0))
    statement.parameters = parameters
  }

  #addPreparedBytes(bytes: number): void {
    const total = this.#preparedBytes + bytes
    if (bytes > 0 && total > LIMITS.preparedBytesMax) {
      throw new SternaError(
        'SERVER_BUSY',
        `The prepared statements would hold ${total} bytes; the limit is ${LIMITS.preparedBytesMax}. Close those that are done`,
      )
    }
    this.#preparedBytes = total
  }

  beginTransaction(context: CallContext): Buffer {
    return this.transactions.add(this.#lake.begin(), this.sessions.ownerOf(context))
  }

  /** The temporary tables of a caller; made where there are none, if that is asked for. @throws SternaError SERVER_BUSY */
  temporaryOf(context: CallContext, isMade: true): LakeTransaction
  temporaryOf(context: CallContext, isMade: boolean): LakeTransaction | undefined
  temporaryOf(context: CallContext, isMade: boolean): LakeTransaction | undefined {
    // Most callers have none.
    if (!isMade && this.temporary.size === 0) return undefined
    const owner = this.sessions.ownerOf(context)
    const [known] = this.temporary.owned(owner)
    if (known !== undefined || !isMade) return known
    const made = this.#lake.begin()
    this.temporary.add(made, owner)
    return made
  }

  /** What a query of a caller reads: its transaction or the lake, with its temporary tables. */
  lakeOf(context: CallContext, transaction: string | undefined): Lake {
    const open =
      transaction === undefined ? this.#lake : this.transactions.get(Buffer.from(transaction, 'hex'))
    const temporary = this.temporaryOf(context, false)
    return temporary === undefined ? open : new SessionReads(open, temporary)
  }

  /** Makes what a transaction has written visible, and ends it. @throws SternaError HANDLE_NOT_FOUND, COMMIT_CONFLICT */
  async commit(transaction: Uint8Array): Promise<void> {
    const found = this.transactions.take(transaction)
    await found.commit()
  }

  /** @throws SternaError HANDLE_NOT_FOUND, SERVER_BUSY */
  async beginSavepoint(transaction: Uint8Array, context: CallContext): Promise<Buffer> {
    const found = this.transactions.get(transaction)
    const content = await found.statement(async () => found.savepoint())
    return this.savepoints.add({ transaction, content }, this.sessions.ownerOf(context))
  }

  /**
   * Forgets a savepoint, or goes back to it, after which it stays and those after it are gone.
   *
   * @throws SternaError HANDLE_NOT_FOUND, also where its transaction has ended
   */
  async endSavepoint(savepoint: Uint8Array, isRelease: boolean): Promise<void> {
    const { transaction, content } = this.savepoints.get(savepoint)
    const found = this.transactions.get(transaction)
    if (isRelease) this.savepoints.end(savepoint)
    else await found.statement(async () => found.restore(content))
  }

  /** Tells the transactions of a caller that it has written, so that their next statements see it. */
  hasWritten(context: CallContext): void {
    for (const transaction of this.transactions.owned(this.sessions.ownerOf(context))) transaction.refresh()
  }

  /** Ends a caller's session and all that it holds. @returns whether there was anything */
  closeSession(context: CallContext): boolean {
    const owner = this.sessions.ownerOf(context)
    const isHolding = this.#held.some((handles) => handles.owned(owner).length > 0)
    this.#endOwned(owner)
    return this.sessions.close(context) || isHolding
  }

  /** Ends what belongs to a connection that is gone; what a session's cookie names stays with the session. */
  connectionGone(peer: string): void {
    this.#endOwned(peer)
    this.sessions.connectionGone(peer)
  }

  /** What clients hold at the moment. */
  get stats(): Readonly<
    Record<'sessions' | 'memory_limits' | 'statements' | 'transactions' | 'savepoints' | 'polls', number>
  > {
    return {
      sessions: this.sessions.size,
      memory_limits: this.memory.shareCount,
      statements: this.statements.size,
      transactions: this.transactions.size,
      savepoints: this.savepoints.size,
      polls: this.polls.size,
    }
  }

  close(): void {
    this.sessions.closeAll()
    for (const handles of [this.polls, ...this.#held]) handles.close()
  }

  /** What a session holds; what may use a transaction before the transactions. */
  get #held() {
    return [this.statements, this.savepoints, this.transactions, this.writes, this.temporary]
  }

  #endOwned(owner: string): void {
    for (const handles of [this.polls, ...this.#held]) handles.endOwned(owner)
  }
}
