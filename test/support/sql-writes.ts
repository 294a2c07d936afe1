/** Statements that write, and transactions around them, as Flight SQL clients send them. */
import assert from 'node:assert/strict'
import { EndTransaction, messages, packAny, unpackAnyAs } from '../../flight/index.ts'
import type { RawClient, RawStatus } from './raw-client.ts'
import { actionMessage, commandDescriptor } from './raw-flight.ts'

/** Runs a statement, in a transaction or in its own. Never rejects: the status is the answer. */
export function write(
  client: RawClient,
  query: string,
  transactionId: Uint8Array | null = null,
): Promise<RawStatus> {
  const command = packAny('CommandStatementUpdate', { query, transactionId })
  const flightDescriptor = messages.FlightDescriptor.decode(commandDescriptor(command))
  return client.exchange('DoPut', [messages.FlightData.encode({ flightDescriptor })])
}

/** @returns its id */
export async function beginTransaction(client: RawClient): Promise<Uint8Array> {
  const body = packAny('ActionBeginTransactionRequest', {})
  const {
    code,
    details,
    messages: results,
  } = await client.exchange('DoAction', [actionMessage('BeginTransaction', body)])
  assert.equal(code, 0, details)
  const [result = Buffer.alloc(0)] = results
  return unpackAnyAs('ActionBeginTransactionResult', messages.Result.decode(result).body).transactionId
}

export function endTransaction(
  client: RawClient,
  transactionId: Uint8Array,
  end: 'commit' | 'rollback',
): Promise<RawStatus> {
  const action =
    end === 'commit' ? EndTransaction.END_TRANSACTION_COMMIT : EndTransaction.END_TRANSACTION_ROLLBACK
  const body = packAny('ActionEndTransactionRequest', { transactionId, action })
  return client.exchange('DoAction', [actionMessage('EndTransaction', body)])
}
