import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** scrypt with 2^15 rounds of 8 blocks takes 32 MiB and some 80 ms: what OWASP's cheat sheet on passwords asks for. */
const COST_LOG2 = 15
const BLOCK_SIZE = 8
const PARALLELISM = 3
/** More of a password than this is refused rather than hashed. */
export const PASSWORD_BYTES_MAX = 1_024

const SALT_BYTES = 16
const HASH_BYTES = 32
/** What a file of users may ask of the server's memory, should someone else have written it. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** Hashes a password with a fresh salt. @returns `$scrypt$ln=…,r=…,p=…$salt$hash`, the PHC string format */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password, salt, HASH_BYTES, options(COST_LOG2, BLOCK_SIZE, PARALLELISM))
  return `$scrypt$ln=${COST_LOG2},r=${BLOCK_SIZE},p=${PARALLELISM}$${unpadded(salt)}$${unpadded(hash)}`
}

/** True where `hashed` has the form that {@link hashPassword} gives, with costs that a server can bear. */
export function isPasswordHash(hashed: string): boolean {
  const [, costLog2, blockSize, parallelism] = (FORM.exec(hashed) ?? []).map(Number)
  if (!costLog2 || !blockSize || !parallelism) return false
  return 128 * 2 ** costLog2 * blockSize <= MEMORY_BYTES_MAX / 2
}

/**
 * Takes as long whether the password is right or wrong.
 *
 * @param hashed - one that {@link isPasswordHash}
 */
export async function verifyPassword(password: string, hashed: string): Promise<boolean> {
  const [, costLog2, blockSize, parallelism, salt = '', hash = ''] = FORM.exec(hashed) ?? []
  const expected = Buffer.from(hash, 'base64')
  const given = await derive(
    password,
    Buffer.from(salt, 'base64'),
    HASH_BYTES,
    options(Number(costLog2), Number(blockSize), Number(parallelism)),
  )
  return expected.length === given.length && timingSafeEqual(expected, given)
}

function options(costLog2: number, blockSize: number, parallelization: number): ScryptOptions {
  return { N: 2 ** costLog2, r: blockSize, p: parallelization, maxmem: MEMORY_BYTES_MAX }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
