import type { CallContext } from '../call.ts'
import type { OpenRead, ReadDescription } from '../read.ts'

/** A result that is there for its client for a while, each of its pieces an endpoint. */
export interface HeldResult {
  readonly description: ReadDescription
  /** True while there may come more pieces. */
  readonly isRunning: boolean
  /** 0 to 1. */
  readonly progress: number
  /** Pieces that can be read by now, as often as a client likes. */
  readonly pieceCount: number
  /** True where more follows the pieces, for one reader, once. */
  readonly hasRest: boolean
  /** Of the whole result; -1 while that is not known. */
  readonly rows: number
  /** Waits until there is more to tell, or not any longer. @throws SternaError as the statement failed */
  changed(timeoutMs: number, signal: AbortSignal): Promise<void>
  /** @throws SternaError TICKET_MALFORMED for a piece that there never was */
  open(piece: number | 'rest', context: CallContext): Promise<OpenRead>
  /** Ends it wherever it is, also under its readers. */
  cancel(): void
  /** Frees what it holds; readers that have begun may finish. */
  close(): void
}
