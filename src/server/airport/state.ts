import type { DatasetRef } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Lake, PinnedDataset, PinnedLake } from '../../store/parts.ts'
import type { LakeTransaction } from '../../store/transaction/lake-transaction.ts'
import type { CallContext } from '../call.ts'
import { Handles } from '../sql/handles.ts'
import { shownSchema } from './names.ts'

/** What transactions are begun on. */
interface TransactionalLake extends Lake {
  begin(): LakeTransaction
}

/** What airport clients hold between calls: transactions, which pin a snapshot with their first read. */
export class AirportState {
  readonly #lake: TransactionalLake
  readonly #transactions = new Handles<LakeTransaction>({
    what: 'transaction',
    advice: 'Begin another',
    countMax: LIMITS.airportTransactionsMax,
    endsOldest: true,
    idleMs: LIMITS.airportTransactionIdleMs,
    onEnd: (transaction) => transaction.rollback(),
  })

  constructor(lake: TransactionalLake) {
    this.#lake = lake
  }

  /** @returns its id, for the header `airport-transaction-id` */
  begin(context: CallContext): string {
    return this.#transactions.add(this.#lake.begin(), clientOf(context)).toString('hex')
  }

  /**
   * What a call sees: the snapshot of its transaction, or the lake as it is.
   *
   * @throws SternaError HANDLE_NOT_FOUND
   */
  pin(transaction: string | undefined): PinnedLake {
    if (transaction === undefined) return this.#lake.pin()
    return this.#transactions.get(Buffer.from(transaction, 'hex')).pin()
  }

  /**
   * A table as its transaction sees it. Its parts may be gone.
   *
   * @throws SternaError DATASET_NOT_FOUND, HANDLE_NOT_FOUND
   */
  look(transaction: string | undefined, ref: DatasetRef): PinnedDataset {
    const pin = this.pin(transaction)
    try {
      return tableIn(pin, ref)
    } finally {
      pin.release()
    }
  }

  /** Tells the transactions of a client that it has written, so that their next statements see it. */
  hasWritten(context: CallContext): void {
    for (const transaction of this.#transactions.owned(clientOf(context))) transaction.refresh()
  }

  close(): void {
    this.#transactions.close()
  }
}

/** @throws SternaError DATASET_NOT_FOUND */
export function tableIn(lake: PinnedLake, ref: DatasetRef): PinnedDataset {
  const dataset = lake.resolve(ref)
  if (dataset !== undefined) return dataset
  throw new SternaError('DATASET_NOT_FOUND', `There is no table "${shownSchema(ref.schema)}"."${ref.key}"`)
}

/** A snapshot as a lake, for statements that end before its pin is released. */
export function heldLake(pin: PinnedLake): Lake {
  const borrowed: PinnedLake = {
    resolve: (ref) => pin.resolve(ref),
    match: (schema, glob) => pin.match(schema, glob),
    list: () => pin.list(),
    views: () => pin.views(),
    release: () => undefined,
  }
  return { pin: () => borrowed }
}

/** Id of the transaction that a call is in. */
export function transactionOf({ metadata }: CallContext): string | undefined {
  const id = String(metadata.get('airport-transaction-id')[0] ?? '')
  return id === '' ? undefined : id
}

/** One for each process of DuckDB; its calls come over several connections. */
function clientOf({ metadata, peer }: CallContext): string {
  return String(metadata.get('airport-client-session-id')[0] ?? peer)
}
