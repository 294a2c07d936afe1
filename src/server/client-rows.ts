import {
  type FlightDataView,
  type Frame,
  frameFromFlightData,
  type Schema,
  StreamCheck,
} from '../../flight/index.ts'
import { SternaError } from '../errors.ts'

/** The rows that a client sends along with a call. */
export interface ClientRows {
  readonly schemaFrame: Frame
  readonly schema: Schema
  /** Dictionaries and batches as they come, each checked against the schema. */
  readonly frames: AsyncIterable<Frame>
}

/**
 * Reads a client's stream up to its schema. Messages of app_metadata alone are left out.
 *
 * @returns null where the stream ends without a schema
 * @throws SternaError SCHEMA_MISSING for rows before it; IPC_MALFORMED, also from the frames
 */
export async function clientRows(views: AsyncIterable<FlightDataView>): Promise<ClientRows | null> {
  const frames = dataFrames(views)
  const first = await frames.next()
  if (first.done === true) return null
  const schemaFrame = first.value
  if (schemaFrame.kind !== 'schema') {
    throw new SternaError('SCHEMA_MISSING', `A ${schemaFrame.kind} came before the schema`)
  }
  const check = new StreamCheck(schemaFrame)
  return { schemaFrame, schema: check.schema, frames: checked(frames, check) }
}

/**
 * Frames that somebody holds, as long as they are few.
 *
 * @param message - of the error for more bytes than that
 * @throws SternaError LIMIT_EXCEEDED
 */
export async function* within(
  bytesMax: number,
  frames: AsyncIterable<Frame>,
  message: string,
): AsyncGenerator<Frame> {
  let bytes = 0
  for await (const frame of frames) {
    bytes += frame.byteLength
    if (bytes > bytesMax) throw new SternaError('LIMIT_EXCEEDED', message)
    yield frame
  }
}

async function* dataFrames(views: AsyncIterable<FlightDataView>): AsyncGenerator<Frame> {
  for await (const view of views) {
    const frame = frameFromFlightData(view)
    if (frame.kind !== 'metadata') yield frame
  }
}

async function* checked(frames: AsyncIterable<Frame>, check: StreamCheck): AsyncGenerator<Frame> {
  for await (const frame of frames) {
    check.check(frame)
    yield frame
  }
}
