import type { QueryEngine } from '../query/engine.ts'
import type { WriteEngine } from '../query/write/write-engine.ts'
import type { Store } from '../store/store.ts'
import type { EventLoopMonitor } from '../telemetry/event-loop.ts'
import type { Logger } from '../telemetry/log.ts'
import type { AirportState } from './airport/state.ts'
import type { Authenticator } from './auth/authenticator.ts'
import type { SqlState } from './sql/state.ts'

/** What handlers and actions call. They hold no path, no SQL of their own and no Parquet. */
export interface Services {
  readonly store: Store
  readonly engine: QueryEngine
  /** SQL that writes. */
  readonly writes: WriteEngine
  readonly authenticator: Authenticator
  /** What Flight SQL clients hold between calls. */
  readonly sql: SqlState
  /** What airport clients hold between calls. */
  readonly airport: AirportState
  readonly eventLoop: EventLoopMonitor
  readonly log: Logger
  /** When the server began to accept calls, ms since the epoch. */
  readonly startedMs: number
}
