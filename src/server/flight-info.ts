import {
  type FlightDescriptor,
  type FlightInfo,
  type Location,
  type MessageInput,
  type Request,
  encapsulate,
} from '../../flight/index.ts'
import type { CallContext } from './call.ts'
import { describeRead } from './reads.ts'
import type { Services } from './services.ts'

/** The location that says "over the connection you have". Source: Flight.rst, "Connection Reuse". */
export const REUSE_CONNECTION = 'arrow-flight-reuse-connection://?'

/**
 * Where an endpoint is read: over the connection that the client has, or at host and port as it dialled them, the one
 * address that surely reaches this server.
 */
export function locations({ authority }: CallContext): MessageInput<Location>[] {
  return [{ uri: REUSE_CONNECTION }, { uri: `grpc+tcp://${authority}` }]
}

/**
 * The FlightInfo of a read: schema, sizes, and one endpoint whose ticket needs nothing else.
 */
export async function flightInfo(
  services: Services,
  request: Request,
  descriptor: FlightDescriptor,
  context: CallContext,
): Promise<MessageInput<FlightInfo>> {
  const { schemaHeader, rows, bytes, isOrdered, ticket } = await describeRead(services, request, context)
  return {
    schema: encapsulate(schemaHeader),
    flightDescriptor: descriptor,
    endpoint: [
      {
        ticket: { ticket },
        location: locations(context),
      },
    ],
    totalRecords: rows,
    totalBytes: bytes,
    ordered: isOrdered,
  }
}
