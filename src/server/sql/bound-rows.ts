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
import { LIMITS } from '../../limits.ts'
import { parameterRows } from '../../query/engine.ts'
import { WeightedLru } from '../../query/weighted-lru.ts'
import type { BoundRows } from '../../query/write/write-engine.ts'
import { clientRows, within } from '../client-rows.ts'

/** What was bound last: a client binds values, asks what the statement gives, and has it run, with the same bytes. */
const known = new WeightedLru<BoundRows>(LIMITS.boundRowsBytesMax, LIMITS.boundRowsEntryBytesMax)

/** The rows of an IPC stream as parameters, one run each; null for a stream without columns. */
export async function boundRows(stream: Buffer): Promise<BoundRows | null> {
  // As text, as frames and as values.
  const weight = 3 * stream.byteLength
  if (weight > LIMITS.boundRowsEntryBytesMax) return readBoundRows(stream)
  const key = stream.toString('latin1')
  const found = known.get(key) ?? (await readBoundRows(stream))
  if (found !== null) known.set(key, found, weight)
  return found
}

async function readBoundRows(stream: Buffer): Promise<BoundRows | null> {
  let schema: Schema | undefined
  const frames: Frame[] = []
  for await (const frame of readIpcStream(oneChunk(stream))) {
    if (frame.kind === 'schema') schema = parseSchema(frame.header)
    else frames.push(frame)
  }
  if (schema === undefined || schema.fields.length === 0) return null
  const sent = schema
  let rows: ReturnType<BoundRows['rows']> | undefined
  return { schema, frames, rows: () => (rows ??= parameterRows(sent, frames)) }
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
