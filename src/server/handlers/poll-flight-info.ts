import { messages, parseDescriptor } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'
import { pollInfo } from '../polls/poll-info.ts'
import type { Services } from '../services.ts'

/**
 * PollFlightInfo: starts a statement and tells how far it is; anything else is complete at once. No descriptor in the
 * answer means that nothing more will come.
 */
export async function pollFlightInfo(
  request: Buffer,
  context: CallContext,
  services: Services,
): Promise<Buffer> {
  const descriptor = messages.FlightDescriptor.decode(request)
  return pollInfo(services, parseDescriptor(descriptor), descriptor, context)
}
