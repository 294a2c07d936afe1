import { z } from 'zod'
import { messages, packAny, type Request } from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import { readJsonTicket } from '../json-ticket.ts'
import { Handles } from '../sql/handles.ts'
import type { HeldResult } from './held-result.ts'
import { type HeldBytes, Poll, type PollRun } from './poll.ts'

/** What a poll's descriptor and the tickets of its endpoints name. */
const nameSchema = z.strictObject({
  /** Hex of its handle. */
  poll: z.string().max(64),
  /** An endpoint of it; without, the poll itself. */
  piece: z.union([z.int().nonnegative(), z.literal('rest')]).optional(),
})

export type PollName = z.infer<typeof nameSchema>

/** The results that are held for clients: of statements which they poll, and such as are read in pieces. */
export class Polls {
  readonly #held: HeldBytes = { bytes: 0 }
  readonly #polls = new Handles<HeldResult>({
    what: 'result',
    advice: 'Run it again',
    countMax: LIMITS.pollsMax,
    idleMs: LIMITS.pollIdleMs,
    onEnd: (poll) => poll.close(),
  })

  get size(): number {
    return this.#polls.size
  }

  /**
   * Starts a statement.
   *
   * @param owner - the session or connection without which it does not run on
   * @throws SternaError SERVER_BUSY
   */
  begin(run: PollRun, owner: string): { name: PollName; poll: Poll } {
    this.#polls.assertRoom()
    const poll = new Poll(run, this.#held)
    return { name: this.hold(poll, owner), poll }
  }

  /** @param result - closed where this throws. @throws SternaError SERVER_BUSY */
  hold(result: HeldResult, owner: string): PollName {
    try {
      return { poll: this.#polls.add(result, owner).toString('hex') }
    } catch (error) {
      result.close()
      throw error
    }
  }

  /** Counts as a use, where it is still there. */
  keep(name: PollName): void {
    this.#polls.find(Buffer.from(name.poll, 'hex'))
  }

  /** Counts as a use: it is kept for another while. @throws SternaError HANDLE_NOT_FOUND */
  get(name: PollName): HeldResult {
    return this.#polls.get(Buffer.from(name.poll, 'hex'))
  }

  /** @throws SternaError HANDLE_NOT_FOUND */
  cancel(name: PollName): void {
    this.get(name).cancel()
    this.#polls.end(Buffer.from(name.poll, 'hex'))
  }

  /** Ends what still runs for a client that is gone; results stay for as long as they are promised. */
  endOwned(owner: string): void {
    this.#polls.endOwned(owner, (poll) => poll.isRunning)
  }

  close(): void {
    this.#polls.close()
  }
}

/** What the ticket of an endpoint, or the descriptor to poll, has in it. */
export function encodePollName(name: PollName): Uint8Array {
  return packAny('TicketStatementQuery', { statementHandle: Buffer.from(JSON.stringify(name)) })
}

/** Undefined for a request that names no poll. */
export function pollNameOf(request: Request): PollName | undefined {
  if (request.kind !== 'flight-sql' || request.typeName !== messages.TicketStatementQuery.typeName)
    return undefined
  return decodePollName(messages.TicketStatementQuery.decode(request.value).statementHandle)
}

const POLL = Buffer.from('{"poll":')

/** @param handle - of a TicketStatementQuery */
export function decodePollName(handle: Uint8Array): PollName | undefined {
  // Most tickets are statements, whose bound values may be a megabyte.
  return POLL.equals(handle.subarray(0, POLL.byteLength)) ? readJsonTicket(handle, nameSchema) : undefined
}
