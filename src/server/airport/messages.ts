import { isUtf8 } from 'node:buffer'
import { decode, encode } from '@msgpack/msgpack'
import { z } from 'zod'
import { SternaError } from '../../errors.ts'

/**
 * The msgpack of the airport protocol. Its C++ client packs a `std::string` as msgpack str whatever is in it, so that a
 * FlightDescriptor comes as text that is no UTF-8: all texts are read as bytes, and become texts where a field is one.
 */

/** Bytes, of msgpack str or bin. */
export const bytesField = z.instanceof(Uint8Array)

/** Text in UTF-8, of msgpack str or bin. */
export const textField = bytesField.refine((bytes) => isUtf8(bytes), 'it is not UTF-8').transform(textOf)

/** How the client says that there is no such text: nil, or a text of no length. */
export const optionalText = textField.nullish().transform((text) => text ?? '')

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/**
 * @param what - the action, for messages
 * @throws SternaError REQUEST_INVALID naming each field that is wrong
 */
export function unpack<T>(what: string, schema: z.ZodType<T>, bytes: Uint8Array): T {
  const parsed = schema.safeParse(decoded(what, bytes))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '))
  throw new SternaError('REQUEST_INVALID', `The body of action "${what}" is wrong: ${problems.join('; ')}`)
}

function decoded(what: string, bytes: Uint8Array): unknown {
  try {
    // No array or map has more items than the body has bytes.
    const [maxArrayLength, maxMapLength] = [bytes.length, bytes.length]
    return decode(bytes, { rawStrings: true, useBigInt64: true, maxArrayLength, maxMapLength })
  } catch (error) {
    const text = `The body of action "${what}" is no msgpack`
    throw new SternaError('REQUEST_INVALID', text, { cause: error })
  }
}

/** @param value - texts become str, bytes bin; the client takes either for the other */
export function pack(value: unknown): Uint8Array {
  return encode(value)
}
