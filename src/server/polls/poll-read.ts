import type { Frame } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'
import type { Readable } from '../sql/command.ts'
import { encodePollName, type PollName } from './polls.ts'

/** An endpoint of a polled query. @throws SternaError HANDLE_NOT_FOUND, REQUEST_INVALID for the poll itself */
export function pollRead(name: PollName, services: Services, context: CallContext): Readable {
  const { piece } = name
  const poll = services.sql.polls.get(name)
  if (piece === undefined) {
    throw new SternaError('REQUEST_INVALID', 'This names a query in progress: ask PollFlightInfo for it')
  }
  const frames = (): Iterable<Frame> | AsyncIterable<Frame> =>
    piece === 'rest' ? poll.readRest(context.signal) : poll.readPiece(piece)
  return {
    describe: async () => ({ ...poll.description, rows: -1, bytes: -1, ticket: encodePollName(name) }),
    open: async () => ({ frames: frames() }),
  }
}
