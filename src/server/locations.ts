import type { Location, MessageInput } from '../../flight/index.ts'
import type { CallContext } from './call.ts'

/** The location that says "over the connection you have". Source: Flight.rst, "Connection Reuse". */
export const REUSE_CONNECTION = 'arrow-flight-reuse-connection://?'

/**
 * Where an endpoint is read: over the connection that the client has, or at host and port as it dialled them, the one
 * address that surely reaches this server.
 */
export function locations({ authority }: CallContext): MessageInput<Location>[] {
  return [{ uri: REUSE_CONNECTION }, { uri: `grpc+tcp://${authority}` }]
}
