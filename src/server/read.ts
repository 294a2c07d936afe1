import { type Frame, makeFrame } from '../../flight/frame.ts'

/** What can be said of a read without running it. */
export interface ReadDescription {
  /** IPC Schema message, byte for byte the one that the stream begins with. */
  readonly schemaHeader: Uint8Array
  /** Rows and Arrow bytes of the stream; -1 where only running it would tell. */
  readonly rows: number
  readonly bytes: number
  readonly isOrdered: boolean
  readonly ticket: Uint8Array
}

/** A read that runs. `frames` begins with the schema; its buffers are shared and must not be written to. */
export interface OpenRead {
  readonly frames: Iterable<Frame> | AsyncIterable<Frame>
}

/** The frame that a stream begins with. */
export function schemaFrame(schemaHeader: Uint8Array): Frame {
  return makeFrame(schemaHeader, [], { kind: 'schema' })
}
