import {
  type DatasetRequest,
  type FlightSqlRequest,
  type Frame,
  decodeFlightData,
  frameFromFlightData,
} from '../../../flight/index.ts'
import { messages, parseDescriptor } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import { type PutIntake, appendIntake, replaceIntake } from '../put-intake.ts'
import type { Services } from '../services.ts'
import { putCommand } from '../sql/index.ts'

/**
 * DoPut: stores the batches of one stream.
 *
 * 1. The first message names the dataset or a Flight SQL command, the first with an IPC header must be the schema. 2.
 * With mode `append` each batch is stored by itself, and its PutResult says so. Otherwise each is checked, held and
 * answered by a PutResult which means received; after the half-close, which must not be the first half of a cancel,
 * everything is committed at once, and a stream that breaks, is given up, or is refused, leaves nothing. 3. The call
 * ends OK when all is stored.
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
  let intake: PutIntake | undefined
  try {
    for await (const bytes of all) {
      const frame = frameFromFlightData(decodeFlightData(bytes))
      if (intake === undefined && frame.kind !== 'metadata') {
        const begin = request.mode === 'append' ? appendIntake : replaceIntake
        intake = begin(services, request, schemaFrame(frame), response, context)
        continue
      }
      if (isAbandon(frame)) throw new SternaError('CANCELLED', 'The client gave the put up')
      await intake?.take(frame)
    }
    if (intake === undefined) throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
    const summary = await intake.finish()
    intake = undefined
    if (request.result) await response.send(putResult(Buffer.from(JSON.stringify(summary))))
  } catch (error) {
    await intake?.abort()
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
  if (first.done === true) {
    // arrow-go's writer sends its schema with the first batch: where it has none, not even the command comes.
    throw new SternaError(
      'SCHEMA_MISSING',
      'The stream ended before a message came, so that nothing says what to store; a driver that sends nothing for no batches sends one with an empty batch',
    )
  }
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
  if (request.kind === 'dataset' && request.durability !== undefined && request.mode !== 'append') {
    throw new SternaError(
      'REQUEST_INVALID',
      'The field "durability" needs the mode "append"; other puts are synced',
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

function putResult(appMetadata: Uint8Array): Buffer {
  return messages.PutResult.encode({ appMetadata })
}
