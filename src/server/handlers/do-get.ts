import { messages, parseTicket } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import { openRead } from '../reads.ts'
import type { Services } from '../services.ts'
import { sendFrames } from '../send-frames.ts'

/**
 * DoGet: streams what a ticket names.
 *
 * 1. The ticket becomes a request. 2. The read opens on the current snapshot. 3. Frames go out as they are, at the
 * pace of the reader. 4. A cancelled call ends the read, which frees its pin and its connection.
 */
export async function doGet(
  request: Buffer,
  response: ResponseStream,
  context: CallContext,
  services: Services,
): Promise<void> {
  const { ticket } = messages.Ticket.decode(request)
  if (ticket.byteLength === 0) throw new SternaError('TICKET_MALFORMED', 'The ticket is empty')
  const read = await openRead(services, parseTicket(ticket), context)
  await sendFrames(read.frames, response, context.signal)
}
