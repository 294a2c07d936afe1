import type { Frame } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'
import type { Readable } from '../sql/command.ts'
import { encodePollName, type PollName } from './polls.ts'

/** An endpoint of a polled query. @throws SternaError HANDLE_NOT_FOUND, REQUEST_INVALID for the poll itself */
export function pollRead(name: PollName, services: Services, context: CallContext): Readable {
  const { piece } = name
  const { polls } = services.sql
  const result = polls.get(name)
  if (piece === undefined) {
    throw new SternaError('REQUEST_INVALID', 'This names a query in progress: ask PollFlightInfo for it')
  }
  return {
    describe: async () => ({ ...result.description, rows: -1, bytes: -1, ticket: encodePollName(name) }),
    open: async () => {
      const { frames } = await result.open(piece, context)
      return { frames: Symbol.asyncIterator in frames ? kept(frames, () => polls.keep(name)) : frames }
    },
  }
}

/** A result does not expire while somebody reads it. */
async function* kept(frames: AsyncIterable<Frame>, keep: () => void): AsyncGenerator<Frame> {
  for await (const frame of frames) {
    keep()
    yield frame
  }
}
