import {
  decodeFlightData,
  type Frame,
  frameFromFlightData,
  makeFrame,
  parseSchema,
  readIpcStream,
  type Schema,
  StreamCheck,
  writeIpcStream,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { parameterRows } from '../../query/engine.ts'
import type { BoundRows } from '../../query/write/write-engine.ts'

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
  let check: StreamCheck | undefined
  const frames: Frame[] = []
  let bytes = 0
  for await (const message of requests) {
    const frame = frameFromFlightData(decodeFlightData(message))
    if (frame.kind === 'metadata') continue
    bytes += frame.byteLength
    if (bytes > bytesMax) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `The bound values have over ${bytesMax} bytes, the limit; put them as a dataset and join it`,
      )
    }
    if (check === undefined) {
      if (frame.kind !== 'schema')
        throw new SternaError('SCHEMA_MISSING', `A ${frame.kind} came before the schema`)
      check = new StreamCheck(frame)
      frames.push(makeFrame(frame.header, [], { kind: 'schema' }))
    } else {
      check.check(frame)
      frames.push(frame)
    }
  }
  if (check === undefined) return null
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
