import { EndSavepoint, EndTransaction, packAny, unpackAnyAs } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { Action } from './action.ts'

export const beginTransaction: Action = {
  type: 'BeginTransaction',
  description:
    'Begins a transaction: its statements see the lake as it was at the first, and what they have written. In: Any of ActionBeginTransactionRequest. Out: Any of ActionBeginTransactionResult',
  async *run(body, services, context) {
    unpackAnyAs('ActionBeginTransactionRequest', body)
    yield packAny('ActionBeginTransactionResult', { transactionId: services.sql.beginTransaction(context) })
  },
}

export const endTransaction: Action = {
  type: 'EndTransaction',
  description: 'Commits, all or nothing, or rolls back. In: Any of ActionEndTransactionRequest. Out: nothing',

  async *run(body, services) {
    const { transactionId, action } = unpackAnyAs('ActionEndTransactionRequest', body)
    if (
      action !== EndTransaction.END_TRANSACTION_COMMIT &&
      action !== EndTransaction.END_TRANSACTION_ROLLBACK
    ) {
      throw new SternaError(
        'REQUEST_INVALID',
        `EndTransaction takes commit (1) or rollback (2), not ${action}`,
      )
    }
    if (action === EndTransaction.END_TRANSACTION_COMMIT) await services.sql.commit(transactionId)
    else services.sql.transactions.end(transactionId)
  },
}

export const beginSavepoint: Action = {
  type: 'BeginSavepoint',
  description:
    'Marks a place in a transaction. In: Any of ActionBeginSavepointRequest. Out: Any of ActionBeginSavepointResult',
  async *run(body, services, context) {
    const { transactionId } = unpackAnyAs('ActionBeginSavepointRequest', body)
    yield packAny('ActionBeginSavepointResult', {
      savepointId: await services.sql.beginSavepoint(transactionId, context),
    })
  },
}

export const endSavepoint: Action = {
  type: 'EndSavepoint',
  description:
    'Releases a savepoint or goes back to it, after which it stays. In: Any of ActionEndSavepointRequest. Out: nothing',

  async *run(body, services) {
    const { savepointId, action } = unpackAnyAs('ActionEndSavepointRequest', body)
    if (action !== EndSavepoint.END_SAVEPOINT_RELEASE && action !== EndSavepoint.END_SAVEPOINT_ROLLBACK) {
      throw new SternaError(
        'REQUEST_INVALID',
        `EndSavepoint takes release (1) or rollback (2), not ${action}`,
      )
    }
    await services.sql.endSavepoint(savepointId, action === EndSavepoint.END_SAVEPOINT_RELEASE)
  },
}
