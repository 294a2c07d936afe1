import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { LIMITS } from '../../limits.ts'

const SECRET_BYTES = 32

/**
 * Bearer tokens: `name.expiry.signature`, each part base64url. They need no table, so nothing has to be bounded or
 * forgotten. The key of a signature is made of a secret of this process and of the user's password hash: a restart, a
 * new password and the removal of the user each end a token.
 */
export class Tokens {
  readonly #secret = randomBytes(SECRET_BYTES)

  /** @param passwordHash - as the users' file has it */
  issue(name: string, passwordHash: string, nowMs: number = Date.now()): string {
    const expiry = Math.floor((nowMs + LIMITS.tokenLifetimeMs) / 1000)
    const claim = `${Buffer.from(name).toString('base64url')}.${expiry}`
    return `${claim}.${this.#sign(claim, passwordHash).toString('base64url')}`
  }

  /** The name in a token, before anyone knows whether that is genuine; undefined where it is no token. */
  nameIn(token: string): string | undefined {
    const [name, , signature] = token.split('.')
    return name === undefined || signature === undefined
      ? undefined
      : Buffer.from(name, 'base64url').toString('utf8')
  }

  /** True where {@link issue} made this token for a user with this password hash and it has not expired. */
  isGenuine(token: string, passwordHash: string, nowMs: number = Date.now()): boolean {
    const end = token.lastIndexOf('.')
    const claim = token.slice(0, end)
    const given = Buffer.from(token.slice(end + 1), 'base64url')
    const expected = this.#sign(claim, passwordHash)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
    return Number(claim.split('.')[1]) * 1000 > nowMs
  }

  #sign(claim: string, passwordHash: string): Buffer {
    return createHmac('sha256', this.#secret).update(passwordHash).update('\0').update(claim).digest()
  }
}
