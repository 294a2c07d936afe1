import {
  type FlightDescriptor,
  type FlightInfo,
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
 * The FlightInfo of a read: schema, sizes, and one endpoint whose ticket needs nothing else.
 *
 * @param context - its authority is host and port as the client dialled them: the one address that surely reaches this server
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
        location: [{ uri: REUSE_CONNECTION }, { uri: `grpc+tcp://${context.authority}` }],
      },
    ],
    totalRecords: rows,
    totalBytes: bytes,
    ordered: isOrdered,
  }
}
