import { messages, parseDescriptor } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'
import { flightInfo } from '../flight-info.ts'
import type { Services } from '../services.ts'

/** PollFlightInfo: complete at once, because nothing runs before DoGet. No descriptor in the answer means done. */
export async function pollFlightInfo(
  request: Buffer,
  context: CallContext,
  services: Services,
): Promise<Buffer> {
  const descriptor = messages.FlightDescriptor.decode(request)
  const info = await flightInfo(services, parseDescriptor(descriptor), descriptor, context)
  return messages.PollInfo.encode({ info, progress: 1 })
}
