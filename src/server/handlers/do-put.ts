import {
  type DatasetRequest,
  type FlightSqlRequest,
  type Frame,
  decodeFlightData,
  frameFromFlightData,
} from '../../../flight/index.ts'
import { messages, parseDescriptor } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { PutSession } from '../../store/put-session.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import type { Services } from '../services.ts'
import { putCommand } from '../sql/index.ts'

/**
 * DoPut: stores the batches of one stream as one commit.
 *
 * 1. The first message names the dataset or a Flight SQL command, the first with an IPC header must be the schema. 2. Each batch is checked,
 * held and answered by a PutResult, which means received. 3. After the half-close, which must not be the first
 * half of a cancel, everything is committed; only then does the call end OK. 4. A stream that breaks, is given up, or is refused, leaves nothing.
 */
export async function doPut(
  requests: AsyncIterable<Buffer>,
  response: ResponseStream,
  context: CallContext,
  services: Services,
): Promise<void> {
  const { descriptor, all } = await peekDescriptor(requests)
  const request = putRequest(descriptor)
  if (request.kind === 'flight-sql') {
    const answer = await putCommand(request.typeName).put(request.value, all, services, context)
    await response.send(putResult(answer))
    return
  }
  let session: PutSession | undefined
  try {
    for await (const bytes of all) {
      const frame = frameFromFlightData(decodeFlightData(bytes))
      if (session === undefined && frame.kind !== 'metadata') {
        session = services.store.beginPut(request.dataset, request.mode ?? 'replace', schemaFrame(frame))
        continue
      }
      if (isAbandon(frame)) throw new SternaError('CANCELLED', 'The client gave the put up')
      if (frame.kind !== 'metadata') await session?.write(frame)
      if (frame.kind !== 'dictionary') acknowledge(frame, response)
    }
    if (session === undefined)
      throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
    const summary = await session.commit(context.confirmed())
    session = undefined
    if (request.result) await response.send(putResult(Buffer.from(JSON.stringify(summary))))
  } catch (error) {
    await session?.abort()
    throw error
  }
}

/**
 * What a client sends, as a message of app_metadata only, to give a put up. pyarrow's writer cannot cancel a call: it
 * half-closes whatever happened, which looks like the end of a complete stream.
 */
const ABANDON = Buffer.from('{"abandon":true}')

function isAbandon(frame: Frame): boolean {
  return frame.kind === 'metadata' && frame.appMetadata !== null && ABANDON.equals(frame.appMetadata)
}

/** The descriptor of the first message, and all messages with it. */
async function peekDescriptor(
  requests: AsyncIterable<Buffer>,
): Promise<{ descriptor: Uint8Array | null; all: AsyncIterable<Buffer> }> {
  const iterator = requests[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
  const { descriptor } = decodeFlightData(first.value)
  return { descriptor, all: withFirst(first.value, { [Symbol.asyncIterator]: () => iterator }) }
}

async function* withFirst(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

function putRequest(descriptor: Uint8Array | null): DatasetRequest | FlightSqlRequest {
  if (descriptor === null) {
    throw new SternaError(
      'DESCRIPTOR_MALFORMED',
      'The first message of a DoPut must carry a descriptor; this one has none',
    )
  }
  const request = parseDescriptor(messages.FlightDescriptor.decode(descriptor))
  if (request.kind === 'sql') {
    throw new SternaError(
      'DESCRIPTOR_MALFORMED',
      'A DoPut needs a path or a command with a key; this descriptor holds SQL',
    )
  }
  return request
}

function schemaFrame(frame: Frame): Frame {
  if (frame.kind !== 'schema') {
    throw new SternaError('SCHEMA_MISSING', `A ${frame.kind} came before the schema`)
  }
  return frame
}

/**
 * Answers one batch. Not awaited: a client may send everything before it reads, and waiting here for it to read
 * would stop both sides for good. What it leaves unread is bounded instead.
 */
function acknowledge(frame: Frame, response: ResponseStream): void {
  if (response.queuedBytes > LIMITS.putResultsBytesMax) {
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `The client has left ${response.queuedBytes} bytes of PutResults unread; the limit is ${LIMITS.putResultsBytesMax}. Read them while writing`,
    )
  }
  const received =
    frame.appMetadata ?? Buffer.from(JSON.stringify({ rows: frame.rows, bytes: frame.byteLength }))
  void response.send(putResult(received))
}

function putResult(appMetadata: Uint8Array): Buffer {
  return messages.PutResult.encode({ appMetadata })
}
