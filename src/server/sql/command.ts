import type { Lake, PinnedDataset } from '../../store/parts.ts'
import type { CallContext } from '../call.ts'
import type { OpenRead, ReadDescription } from '../read.ts'
import type { Services } from '../services.ts'

/** Something that GetFlightInfo describes and DoGet streams. */
export interface Readable {
  /** Never runs a query. */
  describe(): Promise<ReadDescription>
  open(): Promise<OpenRead>
  /** How it is read in pieces; null where its client does not ask for that, or it is no query. */
  scan?(): ScanRead | null
}

/** A read that may be of one dataset, row by row, so that its pieces can be read apart. */
export interface ScanRead {
  /** As many as its client wants. */
  readonly endpoints: number
  /** Gives every row of the dataset. */
  readonly isWhole: boolean
  /** That dataset; null where there is none. */
  scanned(lake: Lake): Promise<PinnedDataset | null>
  describe(lake: Lake): Promise<ReadDescription>
  /** @param lake - with a piece of the dataset in its place */
  open(lake: Lake, context: CallContext): Promise<OpenRead>
}

/** A Flight SQL command or ticket that gives rows. */
export interface ReadCommand {
  readonly typeName: string
  /** @param value - the message, still encoded */
  read(value: Uint8Array, services: Services, context: CallContext): Readable
}

/** A Flight SQL command that takes batches, or none, and answers once. */
export interface PutCommand {
  readonly typeName: string
  /**
   * @param value - the message, still encoded
   * @param requests - all messages of the call, the first included
   * @returns what the one PutResult carries, once everything is done
   */
  put(
    value: Uint8Array,
    requests: AsyncIterable<Buffer>,
    services: Services,
    context: CallContext,
  ): Promise<Uint8Array>
}
