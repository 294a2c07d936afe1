import type { Server, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { inflateMessage, type InflatedEncoding, isInflated } from './inflate.ts'
import { type CallStatus, codedStatus, toStatus } from './status.ts'

/**
 * What grpc-js does with a call before and beside our handlers, held to our rules: a status that it makes by itself
 * gets a code, and a compressed message is inflated up to a limit. Uses members that grpc-js does not promise; where
 * one is missing its own behaviour stays.
 */

/** The members of grpc-js's call that are guarded. */
interface GuardedCall {
  sendStatus?(status: CallStatus): void
  /** @param message - with its 5-byte prefix */
  decompressMessage?(message: Buffer, encoding: string): Promise<Buffer> | Buffer
}

interface GuardedServer {
  _respondWithError?(status: CallStatus, ...rest: unknown[]): void
}

/** An interceptor for every call, however it is transported. */
export function guardInterceptor(): ServerInterceptor {
  return (_method, call) => {
    const guarded = call as unknown as GuardedCall
    const send = guarded.sendStatus?.bind(call)
    if (send) guarded.sendStatus = (status) => send(codedStatus(status))
    const stock = guarded.decompressMessage?.bind(call)
    if (stock) {
      guarded.decompressMessage = (message, encoding) => {
        return isInflated(encoding) ? inflated(message, encoding) : stock(message, encoding)
      }
    }
    // The type asks for the class, the call stack takes whatever has its methods.
    return call as unknown as ServerInterceptingCall
  }
}

/** The same for calls of methods that there are not: no interceptor sees them. */
export function guardServer(server: Server): void {
  const guarded = server as unknown as GuardedServer
  const respond = guarded._respondWithError?.bind(server)
  if (!respond) return
  guarded._respondWithError = (status, ...rest) => {
    const { code, details } = codedStatus(status)
    respond({ code, details: encodeURI(details) }, ...rest)
  }
}

/** Calls that wait to inflate a message: one of each call at most. */
const waiting: (() => void)[] = []
let inflatingCount = 0

/** @throws an error that is a status as well, which is what grpc-js takes here */
async function inflated(message: Buffer, encoding: InflatedEncoding): Promise<Buffer> {
  const bytes = message.subarray(5)
  const limit = LIMITS.inflatedMessageBytesMax
  if (inflatingCount < LIMITS.inflatingMessagesMax) inflatingCount += 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await inflateMessage(bytes, encoding)
  } catch (error) {
    const isOver = error instanceof RangeError
    const text = isOver
      ? `A message of ${bytes.byteLength} bytes of ${encoding} is larger than the limit of ${limit} bytes once it is inflated; send less at once, or send it uncompressed`
      : `A message that is marked as ${encoding} is not`
    const status = toStatus(new SternaError(isOver ? 'LIMIT_EXCEEDED' : 'MESSAGE_MALFORMED', text))
    throw Object.assign(new Error(text, { cause: error }), status)
  } finally {
    const next = waiting.shift()
    if (next === undefined) inflatingCount -= 1
    else next()
  }
}
