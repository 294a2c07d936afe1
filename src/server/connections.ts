import type { ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'

/** The member of grpc-js's call that leads to its connection. Private there: without it only idle expiry is left. */
interface StreamedCall {
  stream?: ServerHttp2Stream
}

/**
 * An interceptor that tells once when the connection of a client has gone, however it went: what belongs to the
 * connection can then be freed.
 *
 * @param onGone - is given the peer as `CallContext` has it
 */
export function connectionInterceptor(onGone: (peer: string) => void): ServerInterceptor {
  const watched = new WeakSet<object>()
  return (_method, call) => {
    const session = (call as unknown as StreamedCall).stream?.session
    if (session !== undefined && !watched.has(session)) {
      watched.add(session)
      const peer = call.getPeer()
      session.once('close', () => {
        onGone(peer)
      })
    }
    // The type asks for the class, the call stack takes whatever has its methods.
    return call as unknown as ServerInterceptingCall
  }
}
