import type { DatasetRef, Field, Frame, Schema } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'

/** A DoExchange by which DuckDB writes to a table. */
export interface RowExchange {
  /** The columns that the client sends. */
  readonly schema: Schema
  /** Its batches, checked, with the dictionaries before them. */
  readonly frames: AsyncIterable<Frame>
  /** True where each batch is to be answered by one with its rows as they are stored. */
  readonly isReturning: boolean
  /** Sends the schema of what comes back. The client sends no row before it has that. */
  readonly begin: (fields: readonly Field[]) => Promise<void>
  /** Sends a batch back. */
  readonly answer: (frame: Frame) => Promise<void>
}

/** An operation on a table. @returns how many rows have changed, once that is durable */
export type RowOperation = (
  table: DatasetRef,
  exchange: RowExchange,
  services: Services,
  context: CallContext,
) => Promise<number>
