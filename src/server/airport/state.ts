import type { DatasetRef } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Lake, PastMoment, PinnedDataset } from '../../store/parts.ts'
import type { LakeTransaction, TransactionalLake } from '../../store/transaction/lake-transaction.ts'
import type { CallContext } from '../call.ts'
import { Handles } from '../sql/handles.ts'
import { shownSchema } from './names.ts'

/** One state of the lake for one call. */
interface Snapshot {
  readonly lake: Lake
  /** After what was begun on it: that keeps the snapshot for as long as it runs. */
  readonly end: () => void
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
   * What a call sees: the snapshot of its transaction, or the lake as it is, each time the same.
   *
   * @throws SternaError HANDLE_NOT_FOUND
   */
  open(transaction: string | undefined): Snapshot {
    if (transaction !== undefined) {
      return { lake: this.#transactions.get(Buffer.from(transaction, 'hex')), end: () => undefined }
    }
    const own = this.#lake.begin()
    return { lake: own, end: () => own.rollback() }
  }

  /**
   * A table as its transaction sees it, or as it was at a moment. Its parts may be gone.
   *
   * @throws SternaError DATASET_NOT_FOUND, HANDLE_NOT_FOUND, VERSION_NOT_FOUND
   */
  look(transaction: string | undefined, ref: DatasetRef, moment?: PastMoment): PinnedDataset {
    const { lake, end } = this.open(transaction)
    try {
      return tableIn(lake, ref, moment)
    } finally {
      end()
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

/** @throws SternaError DATASET_NOT_FOUND, VERSION_NOT_FOUND, REQUEST_INVALID for what is no instant */
export function tableIn(lake: Lake, ref: DatasetRef, moment?: PastMoment): PinnedDataset {
  const pin = lake.pin()
  try {
    const dataset = (moment ? pin.at(moment) : pin).resolve(ref)
    if (dataset !== undefined) return dataset
  } finally {
    pin.release()
  }
  throw new SternaError('DATASET_NOT_FOUND', `There is no table "${shownSchema(ref.schema)}"."${ref.key}"`)
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
