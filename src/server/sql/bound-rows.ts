import {
  decodeFlightData,
  type FlightDataView,
  type Frame,
  makeFrame,
  parseSchema,
  readIpcStream,
  type Schema,
  writeIpcStream,
} from '../../../flight/index.ts'
import { parameterRows } from '../../query/engine.ts'
import type { BoundRows } from '../../query/write/write-engine.ts'
import { clientRows, within } from '../client-rows.ts'

/** The rows of an IPC stream as parameters, one run each; null for a stream without columns. */
export async function boundRows(stream: Uint8Array): Promise<BoundRows | null> {
  let schema: Schema | undefined
  const frames: Frame[] = []
  for await (const frame of readIpcStream(oneChunk(stream))) {
    if (frame.kind === 'schema') schema = parseSchema(frame.header)
    else frames.push(frame)
  }
  if (schema === undefined || schema.fields.length === 0) return null
  const known = schema
  return { schema, frames, rows: () => parameterRows(known, frames) }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The batches of a put as an IPC stream of their own memory; null for a put without a schema. @throws SternaError LIMIT_EXCEEDED, TYPE_UNSUPPORTED, IPC_MALFORMED */
export async function readParameters(
  requests: AsyncIterable<Buffer>,
  bytesMax: number,
): Promise<Buffer | null> {
  const rows = await clientRows(flightData(requests))
  if (rows === null) return null
  const message = `The bound values have over ${bytesMax} bytes, the limit; put them as a dataset and join it`
  const frames = [makeFrame(rows.schemaFrame.header, [], { kind: 'schema' })]
  for await (const frame of within(bytesMax, rows.frames, message)) frames.push(frame)
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* flightData(requests: AsyncIterable<Buffer>): AsyncGenerator<FlightDataView> {
  for await (const message of requests) yield decodeFlightData(message)
}
