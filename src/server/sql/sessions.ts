import type { SessionOptionValue } from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import type { CallContext } from '../call.ts'
import { Handles } from './handles.ts'

/** Source: Flight SQL specification, "Session Management". */
const COOKIE = 'arrow_flight_session_id'

/** What a client has set for its statements. */
export interface Session {
  /** As they were set. */
  readonly options: Map<string, SessionOptionValue>
}

/**
 * Sessions by their cookie. Most clients keep no cookies: theirs goes with the connection that they opened it on.
 */
export class Sessions {
  readonly #sessions = new Handles<Session>({
    what: 'session',
    advice: 'Set its options again',
    countMax: LIMITS.sessionsMax,
    idleMs: LIMITS.sessionIdleMs,
    onEnd: (session) => {
      for (const [peer, entry] of this.#byPeer) if (entry.session === session) this.#byPeer.delete(peer)
    },
  })
  readonly #byPeer = new Map<string, { readonly handle: Uint8Array; readonly session: Session }>()

  /** What things that a call begins end with: its session where it names one, else its connection. */
  ownerOf(context: CallContext): string {
    const cookie = cookieOf(context)
    return cookie !== undefined && this.#sessions.find(cookie) !== undefined
      ? Buffer.from(cookie).toString('hex')
      : context.peer
  }

  find(context: CallContext): Session | undefined {
    const cookie = cookieOf(context)
    return this.#sessions.find(cookie ?? this.#byPeer.get(context.peer)?.handle ?? new Uint8Array())
  }

  /** The session of a call, a new one where it has none. @throws SternaError SERVER_BUSY */
  open(context: CallContext): Session {
    const known = this.find(context)
    if (known !== undefined) return known
    const session = { options: new Map<string, SessionOptionValue>() }
    const handle = this.#sessions.add(session, context.peer)
    this.#byPeer.set(context.peer, { handle, session })
    context.setHeader('set-cookie', `${COOKIE}=${handle.toString('hex')}; HttpOnly`)
    return session
  }

  /** @returns whether there was one */
  close(context: CallContext): boolean {
    const handle = cookieOf(context) ?? this.#byPeer.get(context.peer)?.handle
    if (handle === undefined || this.#sessions.find(handle) === undefined) return false
    this.#sessions.end(handle)
    return true
  }

  closeAll(): void {
    this.#sessions.close()
  }
}

function cookieOf(context: CallContext): Uint8Array | undefined {
  for (const header of context.metadata.get('cookie')) {
    for (const pair of String(header).split(';')) {
      const [name, value] = pair.trim().split('=', 2)
      if (name === COOKIE && value !== undefined) return Buffer.from(value.replaceAll('"', ''), 'hex')
    }
  }
  return undefined
}
