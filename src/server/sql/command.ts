import type { CallContext } from '../call.ts'
import type { OpenRead, ReadDescription } from '../read.ts'
import type { Services } from '../services.ts'

/** Something that GetFlightInfo describes and DoGet streams. */
export interface Readable {
  /** Never runs a query. */
  describe(): Promise<ReadDescription>
  open(): Promise<OpenRead>
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
