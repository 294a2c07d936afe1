import { createHmac, randomBytes } from 'node:crypto'
import type { Metadata } from '@grpc/grpc-js'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { hashPassword, verifyPassword } from './password.ts'
import { Tokens } from './tokens.ts'
import type { UserFile } from './user-file.ts'

/** Who calls. What a caller may do will hang on this. */
export interface Identity {
  /** Null on an open server, which asks nobody. */
  readonly user: string | null
}

/** A caller who has shown who it is. */
export interface Login {
  readonly identity: Identity
  /** For the answer's header, where the caller came with a password: it need not send that again. */
  readonly token: string | undefined
}

const ANYONE: Login = { identity: { user: null }, token: undefined }
/** Drivers that were given a password insist on a token, also where nobody asks for one. */
const ANYONE_WITH_PASSWORD: Login = { ...ANYONE, token: 'open' }
const DIGEST_KEY_BYTES = 32

/**
 * Tells who calls, by the ways that Flight clients know: `authorization: Basic`, answered with a bearer token;
 * `authorization: Bearer`; and `auth-token-bin`, the token of a Handshake with a password in its payload.
 */
export class Authenticator {
  readonly #users: UserFile | null
  readonly #tokens = new Tokens()
  readonly #digestKey = randomBytes(DIGEST_KEY_BYTES)
  /** Credentials, digested, that were right, and the hash they were right for. */
  readonly #known = new Map<string, string>()
  readonly #checks = new Map<string, Promise<boolean>>()
  /** What an unknown name is checked against: the answer must not come sooner than for a known one. */
  readonly #nobody: Promise<string>

  /** @param users - null: the server is open to whoever reaches it */
  constructor(users: UserFile | null) {
    this.#users = users
    // A server that asks nobody does without: it is 0.2 s of the start.
    this.#nobody = users === null ? Promise.resolve('') : hashPassword('nobody')
  }

  /** @throws SternaError UNAUTHENTICATED, SERVER_BUSY */
  async identify(metadata: Metadata): Promise<Login> {
    const [authorization] = metadata.get('authorization')
    if (this.#users === null) return authorization === undefined ? ANYONE : ANYONE_WITH_PASSWORD
    const [handshakeToken] = metadata.get('auth-token-bin')
    if (handshakeToken !== undefined) return this.#byToken(handshakeToken.toString())
    if (authorization === undefined) {
      throw new SternaError(
        'UNAUTHENTICATED',
        'This server wants to know its callers: send a user name and password, or a bearer token',
      )
    }
    const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization.toString()) ?? []
    if (/^bearer$/i.test(scheme)) return this.#byToken(value)
    if (/^basic$/i.test(scheme)) return this.#byBasic(value)
    throw new SternaError('UNAUTHENTICATED', 'The header "authorization" is neither Basic nor Bearer')
  }

  /** Checks a password. @throws SternaError UNAUTHENTICATED, SERVER_BUSY */
  async login(user: string, password: string): Promise<Login> {
    if (this.#users === null) return ANYONE_WITH_PASSWORD
    const known = await this.#users.hashOf(user)
    const hash = known ?? (await this.#nobody)
    const isRight = await this.#check(user, password, hash)
    if (known === undefined || !isRight)
      throw new SternaError('UNAUTHENTICATED', 'User name or password is wrong')
    return { identity: { user }, token: this.#tokens.issue(user, known) }
  }

  async #byBasic(value: string): Promise<Login> {
    const text = Buffer.from(value, 'base64').toString('utf8')
    const colon = text.indexOf(':')
    if (colon < 0)
      throw new SternaError('UNAUTHENTICATED', 'The Basic credentials are not of the form name:password')
    return this.login(text.slice(0, colon), text.slice(colon + 1))
  }

  async #byToken(token: string): Promise<Login> {
    const user = this.#tokens.nameIn(token)
    const hash = user === undefined ? undefined : await this.#users?.hashOf(user)
    if (user === undefined || hash === undefined || !this.#tokens.isGenuine(token, hash)) {
      throw new SternaError('UNAUTHENTICATED', 'The token is not valid or has expired: log in again')
    }
    return { identity: { user }, token: undefined }
  }

  /** One check for all who ask the same at once, none for what was right before. */
  async #check(user: string, password: string, hash: string): Promise<boolean> {
    const digest = createHmac('sha256', this.#digestKey).update(`${user}:${password}`).digest('base64')
    if (this.#known.get(digest) === hash) return true
    let check = this.#checks.get(digest)
    if (check === undefined) {
      if (this.#checks.size >= LIMITS.passwordChecksMax) {
        throw new SternaError(
          'SERVER_BUSY',
          `${this.#checks.size} passwords are being checked, ${LIMITS.passwordChecksMax} at most: try again`,
        )
      }
      check = verifyPassword(password, hash).finally(() => this.#checks.delete(digest))
      this.#checks.set(digest, check)
    }
    const isRight = await check
    if (isRight) this.#remember(digest, hash)
    return isRight
  }

  #remember(digest: string, hash: string): void {
    this.#known.delete(digest)
    this.#known.set(digest, hash)
    const [oldest] = this.#known.keys()
    if (this.#known.size > LIMITS.knownCredentialsMax && oldest !== undefined) this.#known.delete(oldest)
  }
}
