import type { SessionOptionValue } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { CallContext } from '../call.ts'
import { Handles } from './handles.ts'

/** Source: Flight SQL specification, "Session Management". */
const COOKIE = 'arrow_flight_session_id'

/** What a client has set for its statements. */
export interface Session {
  /** As they were set. */
  readonly options: Map<string, SessionOptionValue>
  /** The memory that it has for itself, if any; see `SqlMemory`. */
  memory: string | null
  hasEnded: boolean
}

interface Opened extends Session {
  /** A call has come with its cookie, so that it outlives the connection that it was opened on. */
  isNamed: boolean
}

/**
 * Sessions by their cookie. Most clients keep no cookies: theirs goes with the connection that they opened it on.
 */
export class Sessions {
  readonly #sessions: Handles<Opened>
  readonly #byPeer = new Map<string, { readonly handle: Uint8Array; readonly session: Opened }>()

  /** @param onEnd - frees what a session has */
  constructor(onEnd: (session: Session) => void) {
    this.#sessions = new Handles<Opened>({
      what: 'session',
      advice: 'Set its options again',
      countMax: LIMITS.sessionsMax,
      idleMs: LIMITS.sessionIdleMs,
      onEnd: (session) => {
        for (const [peer, entry] of this.#byPeer) if (entry.session === session) this.#byPeer.delete(peer)
        session.hasEnded = true
        onEnd(session)
      },
    })
  }

  get size(): number {
    return this.#sessions.size
  }

  /**
   * What things that a call begins end with: its session where it names one, else its connection.
   *
   * @throws SternaError CANCELLED where the client is gone, so that nobody would end them
   */
  ownerOf(context: CallContext): string {
    if (context.signal.aborted) throw SternaError.from(context.signal.reason)
    const cookie = cookieOf(context)
    return cookie !== undefined && this.#named(cookie) !== undefined
      ? Buffer.from(cookie).toString('hex')
      : context.peer
  }

  find(context: CallContext): Session | undefined {
    const cookie = cookieOf(context)
    if (cookie !== undefined) return this.#named(cookie)
    return this.#sessions.find(this.#byPeer.get(context.peer)?.handle ?? new Uint8Array())
  }

  /** The session of a call, a new one where it has none. @throws SternaError SERVER_BUSY */
  open(context: CallContext): Session {
    const known = this.find(context)
    if (known !== undefined) return known
    const owner = this.ownerOf(context)
    const session: Opened = { options: new Map(), memory: null, hasEnded: false, isNamed: false }
    const handle = this.#sessions.add(session, owner)
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

  /** Ends the session of a connection that is gone, unless its cookie comes on another one soon. */
  connectionGone(peer: string): void {
    const entry = this.#byPeer.get(peer)
    if (entry === undefined) return
    this.#byPeer.delete(peer)
    const { handle, session } = entry
    setTimeout(() => {
      if (!session.isNamed && this.#sessions.find(handle) !== undefined) this.#sessions.end(handle)
    }, LIMITS.sessionCookieMs).unref()
  }

  closeAll(): void {
    this.#sessions.close()
  }

  #named(cookie: Uint8Array): Session | undefined {
    const session = this.#sessions.find(cookie)
    if (session !== undefined) session.isNamed = true
    return session
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
