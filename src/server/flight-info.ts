import {
  type FlightDescriptor,
  type FlightInfo,
  type MessageInput,
  type Request,
  encapsulate,
} from '../../flight/index.ts'
import type { CallContext } from './call.ts'
import { locations } from './locations.ts'
import { cutResult } from './polls/cut-result.ts'
import { heldInfo } from './polls/held-info.ts'
import { describeRead } from './reads.ts'
import type { Services } from './services.ts'

/**
 * The FlightInfo of a read: schema, sizes, and one endpoint whose ticket needs nothing else, or several as
 * {@link cutResult} says.
 */
export async function flightInfo(
  services: Services,
  request: Request,
  descriptor: FlightDescriptor,
  context: CallContext,
): Promise<MessageInput<FlightInfo>> {
  const cut = await cutResult(services, request, context)
  if (cut !== null) {
    const name = services.sql.polls.hold(cut, services.sql.sessions.ownerOf(context))
    return heldInfo(name, cut, descriptor, context)
  }
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
