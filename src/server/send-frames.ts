import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import type { ResponseStream } from './call.ts'

/**
 * Sends frames at the pace of the reader.
 *
 * @throws SternaError CANCELLED once the signal aborts; whatever the source throws
 */
export async function sendFrames(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
  response: ResponseStream,
  signal: AbortSignal,
): Promise<void> {
  for await (const frame of frames) {
    if (signal.aborted) throw SternaError.from(signal.reason)
    const room = response.sendFrame(frame)
    if (room) await room
  }
}
