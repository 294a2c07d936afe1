import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Lake } from '../../store/parts.ts'
import type { CallContext } from '../call.ts'
import { Executions } from './executions.ts'
import { Handles } from './handles.ts'
import { Sessions } from './sessions.ts'
import { Transaction } from './transactions.ts'

/** A statement that a client has prepared, and the values that it has bound to it. */
export interface PreparedStatement {
  readonly sql: string
  /** Hex of the transaction's id; null outside of one. */
  readonly transaction: string | null
  /** An IPC stream: its batches' rows are the parameters of one run each. */
  parameters: Buffer | null
}

/** What the Flight SQL clients of a server hold between calls. All of it is bounded, and nothing outlives the server. */
export class SqlState {
  readonly sessions = new Sessions()
  readonly executions = new Executions()
  readonly statements = new Handles<PreparedStatement>({
    what: 'prepared statement',
    advice: 'Prepare it again',
    countMax: LIMITS.preparedStatementsMax,
    idleMs: LIMITS.preparedStatementIdleMs,
    onEnd: ({ sql, parameters }) => {
      this.#preparedBytes -= sql.length + (parameters?.length ?? 0)
    },
  })
  readonly transactions = new Handles<Transaction>({
    what: 'transaction',
    advice: 'Begin another',
    countMax: LIMITS.transactionsMax,
    idleMs: LIMITS.transactionIdleMs,
    onEnd: (transaction) => transaction.refresh(),
  })
  /** Of a savepoint, the transaction it is in. */
  readonly savepoints = new Handles<Uint8Array>({
    what: 'savepoint',
    advice: 'Begin another',
    countMax: LIMITS.transactionsMax,
    idleMs: LIMITS.transactionIdleMs,
  })
  readonly #lake: Lake
  #preparedBytes = 0

  constructor(lake: Lake) {
    this.#lake = lake
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
    return this.transactions.add(new Transaction(this.#lake), this.sessions.ownerOf(context))
  }

  /** @throws SternaError HANDLE_NOT_FOUND, SERVER_BUSY */
  beginSavepoint(transaction: Uint8Array, context: CallContext): Buffer {
    this.transactions.get(transaction)
    return this.savepoints.add(transaction, this.sessions.ownerOf(context))
  }

  /** @throws SternaError HANDLE_NOT_FOUND, also where its transaction has ended */
  endSavepoint(savepoint: Uint8Array, isRelease: boolean): void {
    this.transactions.get(this.savepoints.get(savepoint))
    if (isRelease) this.savepoints.end(savepoint)
  }

  /** Tells the transactions of a caller that it has written, so that their next statements see it. */
  hasWritten(context: CallContext): void {
    for (const transaction of this.transactions.owned(this.sessions.ownerOf(context))) transaction.refresh()
  }

  /** Ends a caller's session and all that it holds. @returns whether there was anything */
  closeSession(context: CallContext): boolean {
    const owner = this.sessions.ownerOf(context)
    const held = [this.statements, this.savepoints, this.transactions]
    const isHolding = held.some((handles) => handles.owned(owner).length > 0)
    for (const handles of held) handles.endOwned(owner)
    return this.sessions.close(context) || isHolding
  }

  /** Ends what belongs to a connection that is gone; what a session's cookie names stays with the session. */
  connectionGone(peer: string): void {
    for (const handles of [this.statements, this.savepoints, this.transactions]) handles.endOwned(peer)
    this.sessions.connectionGone(peer)
  }

  /** What clients hold at the moment. */
  get stats(): { sessions: number; statements: number; transactions: number; savepoints: number } {
    return {
      sessions: this.sessions.size,
      statements: this.statements.size,
      transactions: this.transactions.size,
      savepoints: this.savepoints.size,
    }
  }

  close(): void {
    this.sessions.closeAll()
    for (const handles of [this.statements, this.savepoints, this.transactions]) handles.close()
  }
}
