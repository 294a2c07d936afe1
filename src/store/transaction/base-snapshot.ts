import type { CatalogState } from '../catalog/state.ts'
import type { LogViews } from '../log/log-views.ts'
import type { TransactionParts } from './publish.ts'

/** The lake as a transaction found it: pinned as long as the transaction goes on from it, or somebody reads it. */
export class BaseSnapshot {
  readonly state: CatalogState
  readonly views: LogViews
  readonly #unpin: () => void
  /** The transaction itself is the first. */
  #users = 1

  constructor({ catalog, logs, pins }: Pick<TransactionParts, 'catalog' | 'logs' | 'pins'>) {
    this.state = catalog.state()
    this.views = logs.views()
    this.#unpin = pins.pin(this.state.snapshotId)
  }

  use(): void {
    this.#users += 1
  }

  release(): void {
    this.#users -= 1
    if (this.#users === 0) this.#unpin()
  }
}
