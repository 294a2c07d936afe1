import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { errnoOf, SternaError } from '../errors.ts'

/** A certificate chain and its private key, PEM. */
export interface TlsPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/**
 * Reads a certificate chain and its key, and makes sure that they belong together.
 *
 * @param files - paths of PEM files
 * @throws SternaError CONFIG_INVALID naming the file that cannot be used
 */
export async function readTlsPair(files: { readonly cert: string; readonly key: string }): Promise<TlsPair> {
  const pair = { cert: await readPem(files.cert), key: await readPem(files.key) }
  // One after the other, so that the message can name the file.
  check({ cert: pair.cert }, `${files.cert} is no certificate chain in PEM`)
  check({ key: pair.key }, `${files.key} is no private key in PEM without a passphrase`)
  check(pair, `${files.key} is not the key of the certificate in ${files.cert}`)
  return pair
}

async function readPem(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const errno = errnoOf(error) ?? 'unknown error'
    throw new SternaError('CONFIG_INVALID', `The TLS file ${file} cannot be read (${errno})`, {
      cause: error,
    })
  }
}

function check(pair: Partial<TlsPair>, problem: string): void {
  try {
    createSecureContext(pair)
  } catch (error) {
    throw new SternaError('CONFIG_INVALID', problem, { cause: error })
  }
}
