import { messages, parseDescriptor } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'
import { flightInfo } from '../flight-info.ts'
import type { Services } from '../services.ts'

/** GetFlightInfo: prepares, never runs. */
export async function getFlightInfo(
  request: Buffer,
  context: CallContext,
  services: Services,
): Promise<Buffer> {
  const descriptor = messages.FlightDescriptor.decode(request)
  const info = await flightInfo(services, parseDescriptor(descriptor), descriptor, context)
  return messages.FlightInfo.encode(info)
}
