import {
  type Frame,
  type FlightDataView,
  decodeFlightData,
  frameFromFlightData,
  messages,
  parseDescriptor,
  makeFrame,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { QueryRequest } from '../../query/engine.ts'
import { airportExchange, operationOf } from '../airport/exchange.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import { clientRows, within } from '../client-rows.ts'
import { sendFrames } from '../send-frames.ts'
import type { Services } from '../services.ts'

/**
 * DoExchange: a compute step. The command is SQL, the batches that the client sends are its table `input`, and the
 * result streams back once the client has half-closed. The command `echo` gives back each message as it came. DuckDB's
 * airport extension writes rows by it.
 */
export async function doExchange(
  requests: AsyncIterable<Buffer>,
  response: ResponseStream,
  context: CallContext,
  services: Services,
): Promise<void> {
  const iterator = requests[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw new SternaError('DESCRIPTOR_MALFORMED', 'The stream ended before a descriptor came')
  const message = decodeFlightData(first.value)
  const descriptor = message.descriptor ? messages.FlightDescriptor.decode(message.descriptor) : undefined
  if (!descriptor) {
    throw new SternaError('DESCRIPTOR_MALFORMED', 'The first message of a DoExchange must carry a descriptor')
  }
  const views = flightData(message, { [Symbol.asyncIterator]: () => iterator })
  const operation = operationOf(context)
  if (operation !== undefined) {
    return airportExchange(operation, descriptor, views, response, services, context)
  }
  if (Buffer.from(descriptor.cmd).toString('utf8') === 'echo') {
    for await (const view of views) await response.sendFrame(frameFromFlightData(view))
    return
  }
  const request = parseDescriptor(descriptor)
  if (request.kind !== 'sql') {
    throw new SternaError('DESCRIPTOR_MALFORMED', 'A DoExchange takes SQL or "echo" as its command')
  }
  const input = await readInput(views)
  const result = await services.engine.run({ ...request, ...(input && { input }), signal: context.signal })
  await response.sendFrame(makeFrame(result.schemaHeader, [], { kind: 'schema' }))
  await sendFrames(result.frames, response, context.signal)
}

async function* flightData(
  first: FlightDataView,
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<FlightDataView> {
  // A first message may hold nothing but the descriptor.
  if (first.dataHeader.byteLength > 0 || first.appMetadata !== null) yield first
  for await (const bytes of rest) yield decodeFlightData(bytes)
}

type QueryInput = NonNullable<QueryRequest['input']>

/** The client's batches, held for the query. Undefined when it sent no schema. */
async function readInput(views: AsyncIterable<FlightDataView>): Promise<QueryInput | undefined> {
  const rows = await clientRows(views)
  if (rows === null) return undefined
  const { exchangeInputBytesMax: bytesMax } = LIMITS
  const message = `The table "input" has over ${bytesMax} bytes; put it as a dataset and query that`
  const frames: Frame[] = []
  for await (const frame of within(bytesMax, rows.frames, message)) frames.push(frame)
  return { schema: rows.schema, frames }
}
