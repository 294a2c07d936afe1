import { type Frame, makeFrame } from '../frame.ts'
import { ChunkReader } from './chunk-reader.ts'
import { malformedIpc } from './flatbuffer.ts'
import { parseMessage } from './message.ts'

const continuation = 0xffff_ffff
/** `ARROW1` and two zeros: how an IPC file begins. */
const fileMagic = Uint8Array.of(0x41, 0x52, 0x52, 0x4f, 0x57, 0x31, 0, 0)

/** A header that claims more is taken for a lie: a batch of 100,000 columns has 7 MiB. */
const headerBytesMax = 16 * 1024 * 1024
/** One body must fit one Buffer with room to spare. */
const bodyBytesMax = 2 ** 31

/**
 * Wraps an IPC Message flatbuffer as FlightInfo.schema and IPC streams hold it: FFFFFFFF, int32 length, the header,
 * zeros up to a multiple of 8.
 *
 * @returns bytes of their own
 */
export function encapsulate(header: Uint8Array): Uint8Array {
  const length = Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(8 + length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, continuation)
  view.setInt32(4, length, true)
  bytes.set(header, 8)
  return bytes
}

/**
 * The header inside an encapsulated message, as a view; what follows it is passed over.
 *
 * @throws WireError IPC_MALFORMED
 */
export function decapsulate(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 8) throw malformedIpc(`${bytes.length} bytes hold no encapsulated message`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== continuation) throw malformedIpc('it has no continuation marker')
  const length = view.getInt32(4, true)
  if (length <= 0 || length > bytes.length - 8) {
    throw malformedIpc(`a header of ${length} bytes where ${bytes.length - 8} are left`)
  }
  return bytes.subarray(8, 8 + length)
}

/**
 * Writes frames as an IPC stream: each message encapsulated, its body as it is, the end-of-stream marker last.
 *
 * @param frames - the schema first; frames of metadata only are left out, as a stream has no place for them
 * @returns chunks that are views of the frames' bodies
 */
export async function* writeIpcStream(
  frames: Iterable<Frame> | AsyncIterable<Frame>,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const frame of frames) {
    if (frame.kind === 'metadata') continue
    yield encapsulate(frame.header)
    yield* frame.body
  }
  yield Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
}

/**
 * Reads an IPC stream, or an IPC file, as frames: the schema, then dictionaries and batches in their order. A file is
 * read from front to back; its footer is not needed.
 *
 * Memory: one message at a time, allocated only as its bytes arrive. The batches are not checked against the schema.
 *
 * @param chunks - of any size; frames may keep views of them
 * @throws WireError IPC_MALFORMED, also where it ends inside a message, and TYPE_UNSUPPORTED
 */
export async function* readIpcStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void, void> {
  const reader = new ChunkReader(chunks)
  try {
    const isFile = await skipMagic(reader)
    let isFirst = true
    for (;;) {
      const frame = await readFrame(reader, isFile)
      if (frame === null) break
      if ((frame.kind === 'schema') !== isFirst)
        throw malformedIpc('its schema does not come first, and once')
      isFirst = false
      yield frame
    }
    if (isFirst) throw malformedIpc('it is empty')
  } finally {
    await reader.close()
  }
}

async function skipMagic(reader: ChunkReader): Promise<boolean> {
  const start = await reader.peek(fileMagic.length)
  const isFile = start.length === fileMagic.length && fileMagic.every((byte, index) => start[index] === byte)
  if (isFile) await reader.take(fileMagic.length)
  return isFile
}

/** The next message, or null at the end: the marker, the footer of a file, or no more bytes. */
async function readFrame(reader: ChunkReader, isFile: boolean): Promise<Frame | null> {
  const start = await reader.peek(8)
  if (start.length === 0) return null
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  if (start.length < 4 || view.getUint32(0) !== continuation) {
    // Spec: the footer, which is no message, may follow the last batch at once.
    if (isFile) return null
    throw malformedIpc('it has no continuation marker')
  }
  await reader.take(8)
  const headerLength = view.getInt32(4, true)
  if (headerLength === 0) return null
  if (headerLength < 0 || headerLength > headerBytesMax) {
    throw malformedIpc(`a header of ${headerLength} bytes where ${headerBytesMax} are the most`)
  }
  const header = await reader.take(headerLength)
  const message = parseMessage(header)
  if (message.bodyLength > bodyBytesMax) {
    throw malformedIpc(`a body of ${message.bodyLength} bytes where ${bodyBytesMax} are the most`)
  }
  const body = message.bodyLength === 0 ? [] : [await reader.take(message.bodyLength)]
  return makeFrame(header, body, {
    kind: message.kind,
    rows: message.kind === 'batch' ? message.batch.rows : 0,
  })
}
