import { DescriptorType, type FlightDescriptor, messages, type Request } from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import type { CallContext } from '../call.ts'
import { flightInfo } from '../flight-info.ts'
import { describeRead, openRead } from '../reads.ts'
import type { Services } from '../services.ts'
import { heldInfo, inMs } from './held-info.ts'
import type { HeldResult } from './held-result.ts'
import { encodePollName, pollNameOf, type PollName } from './polls.ts'

/** What may take long; anything else is complete at once, because nothing of it runs before DoGet. */
const STATEMENTS: readonly string[] = [
  messages.CommandStatementQuery.typeName,
  messages.CommandPreparedStatementQuery.typeName,
]

/**
 * How far a statement is, which the first call with its descriptor starts, and what of its result can be read.
 *
 * @throws SternaError as the statement failed; HANDLE_NOT_FOUND for a poll that has ended
 */
export async function pollInfo(
  services: Services,
  request: Request,
  descriptor: FlightDescriptor,
  context: CallContext,
): Promise<Buffer> {
  const known = pollNameOf(request)
  if (known !== undefined) {
    const poll = services.sql.polls.get(known)
    await poll.changed(LIMITS.pollNextMs, context.signal)
    return encode(known, poll, context)
  }
  const runs =
    request.kind === 'sql' || (request.kind === 'flight-sql' && STATEMENTS.includes(request.typeName))
  if (!runs) {
    const info = await flightInfo(services, request, descriptor, context)
    return messages.PollInfo.encode({ info, progress: 1 })
  }
  const description = await describeRead(services, request, context)
  const owner = services.sql.sessions.ownerOf(context)
  const { name, poll } = services.sql.polls.begin(
    {
      description,
      open: (signal, progress) => openRead(services, request, { ...context, signal, progress }),
    },
    owner,
  )
  await poll.changed(LIMITS.pollFirstMs, context.signal)
  return encode(name, poll, context)
}

function encode(name: PollName, result: HeldResult, context: CallContext): Buffer {
  const { isRunning, progress } = result
  const next = { type: DescriptorType.CMD, cmd: encodePollName(name), path: [] }
  // Names the run, also while there is no endpoint yet: CancelFlightInfo looks here.
  const info = heldInfo(name, result, next, context)
  if (!isRunning) return messages.PollInfo.encode({ info, progress: 1 })
  const expirationTime = inMs(LIMITS.pollIdleMs)
  return messages.PollInfo.encode({ info, flightDescriptor: next, progress, expirationTime })
}
