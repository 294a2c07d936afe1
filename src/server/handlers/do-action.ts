import { messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { ACTIONS } from '../actions/index.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import type { Services } from '../services.ts'

/** DoAction: runs the action of that name and streams its results. */
export async function doAction(
  request: Buffer,
  response: ResponseStream,
  context: CallContext,
  services: Services,
): Promise<void> {
  const { type, body } = messages.Action.decode(request)
  const action = ACTIONS.find((candidate) => candidate.type === type)
  if (!action) {
    const known = ACTIONS.map((candidate) => candidate.type).join(', ')
    throw new SternaError('ACTION_UNKNOWN', `There is no action "${type}"; there are ${known}`)
  }
  if (body.byteLength > LIMITS.requestBytesMax) {
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `The body of action "${type}" has ${body.byteLength} bytes; the limit is ${LIMITS.requestBytesMax}`,
    )
  }
  for await (const result of action.run(body, services, context)) {
    if (context.signal.aborted) throw SternaError.from(context.signal.reason)
    await response.send(messages.Result.encode({ body: result }))
  }
}
