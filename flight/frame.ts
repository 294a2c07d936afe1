import { encodeFlightDataHead, type FlightDataView, GRPC_PREFIX_BYTES } from './codec/flight-data.ts'
import { peekMessage } from './ipc/message.ts'
import type { Schema } from './ipc/schema.ts'
import { isDivisible, type OpenBatch, openBatch, sliceBatch } from './ipc/slice.ts'
import { WireError } from './status.ts'

/** One FlightData message as it goes on the wire. Immutable; its buffers are never written after it is made. */
export interface Frame {
  /** `metadata` has no IPC message, only app_metadata. */
  readonly kind: 'schema' | 'dictionary' | 'batch' | 'metadata'
  /** Of a batch, else 0. */
  readonly rows: number
  /** The gRPC prefix and all fields of FlightData up to and including the tag and length of data_body. */
  readonly head: Uint8Array
  /** The Arrow body in order, as views; none where it is empty. Never joined on the hot path. */
  readonly body: readonly Uint8Array[]
  /** The IPC Message flatbuffer (data_header), a view; empty where the kind is `metadata`. */
  readonly header: Uint8Array
  /** A view, or null where there is none. */
  readonly appMetadata: Uint8Array | null
  /** What it takes on the wire: head and body. */
  readonly byteLength: number
}

/** What {@link makeFrame} may be told; `kind` and `rows` are read from the header where they are left out. */
export interface FrameOptions {
  kind?: Frame['kind'] | undefined
  rows?: number | undefined
  appMetadata?: Uint8Array | null | undefined
  /** An encoded FlightDescriptor: for the first message of a client's DoPut or DoExchange. */
  descriptor?: Uint8Array | null | undefined
}

/**
 * Makes a frame of an IPC message. Only its head is new; `body` is kept as it is and must not be written any more.
 *
 * @param header - IPC Message flatbuffer, empty for a frame of metadata only
 * @param body - together as long as the header says
 * @throws WireError IPC_MALFORMED where the header has to be read and cannot be
 */
export function makeFrame(
  header: Uint8Array,
  body: readonly Uint8Array[],
  options: FrameOptions = {},
): Frame {
  const { kind, rows } = kindAndRows(header, options)
  const bodyLength = body.reduce((sum, piece) => sum + piece.length, 0)
  // Arrow C++ refuses a batch without a body, so that an empty one is written too.
  const hasBody = kind === 'batch' || kind === 'dictionary' || bodyLength > 0
  const head = encodeFlightDataHead({
    dataHeader: header,
    bodyLength: hasBody ? bodyLength : null,
    appMetadata: options.appMetadata,
    descriptor: options.descriptor,
  })
  const appMetadata = options.appMetadata?.length ? options.appMetadata : null
  const pieces = body.filter((piece) => piece.length > 0)
  return { kind, rows, head, body: pieces, header, appMetadata, byteLength: head.length + bodyLength }
}

/**
 * Makes a frame of a received message, without a copy where its bytes can be sent on as they are: no descriptor, the
 * fields in order, and the gRPC prefix right before it in the same memory, as grpc-js leaves it.
 *
 * @param message - its memory belongs to the frame from now on
 * @throws WireError IPC_MALFORMED
 */
export function frameFromFlightData(message: FlightDataView): Frame {
  const { dataHeader, appMetadata, body } = message
  const { kind, rows } = kindAndRows(dataHeader, {})
  const prefixed = kind === 'batch' || kind === 'dictionary' ? body.length > 0 : true
  const whole =
    prefixed && message.isCanonical && message.descriptor === null ? withPrefix(message.message) : null
  if (whole === null) {
    return makeFrame(dataHeader, body.length === 0 ? [] : [body], { kind, rows, appMetadata })
  }
  const head = whole.subarray(0, whole.length - body.length)
  const pieces = body.length === 0 ? [] : [body]
  return { kind, rows, head, body: pieces, header: dataHeader, appMetadata, byteLength: whole.length }
}

/** The message with the 5 bytes in front of it, if those are its gRPC prefix. */
function withPrefix(message: Uint8Array): Uint8Array | null {
  const start = message.byteOffset - GRPC_PREFIX_BYTES
  if (start < 0) return null
  const prefix = new DataView(message.buffer, start, GRPC_PREFIX_BYTES)
  if (prefix.getUint8(0) !== 0 || prefix.getUint32(1) !== message.length) return null
  return new Uint8Array(message.buffer, start, GRPC_PREFIX_BYTES + message.length)
}

function kindAndRows(header: Uint8Array, options: FrameOptions): { kind: Frame['kind']; rows: number } {
  if (options.kind !== undefined && options.rows !== undefined)
    return { kind: options.kind, rows: options.rows }
  const found = header.length === 0 ? ({ kind: 'metadata', rows: 0 } as const) : peekMessage(header)
  return { kind: options.kind ?? found.kind, rows: options.rows ?? found.rows }
}

/**
 * Cuts the rows `[rowStart, rowEnd)` out of a batch frame, as views where the layout allows.
 *
 * @param frame - one whose batch was checked; app_metadata goes with its first row
 * @throws WireError TYPE_UNSUPPORTED where the batch is compressed, IPC_MALFORMED where it does not fit the schema
 */
export function sliceFrame(frame: Frame, schema: Schema, rowStart: number, rowEnd: number): Frame {
  if (rowStart === 0 && rowEnd === frame.rows) return frame
  const batch = frame.kind === 'batch' ? openBatch(frame.header, frame.body, schema) : null
  if (batch === null) throw new WireError('TYPE_UNSUPPORTED', 'A compressed batch cannot be sliced')
  return sliceOpened(frame, batch, rowStart, rowEnd)
}

function sliceOpened(frame: Frame, batch: OpenBatch, rowStart: number, rowEnd: number): Frame {
  const { header, body } = sliceBatch(batch, rowStart, rowEnd)
  const appMetadata = rowStart === 0 ? frame.appMetadata : null
  return makeFrame(header, body, { kind: 'batch', rows: rowEnd - rowStart, appMetadata })
}

/**
 * Cuts a batch frame into frames of at most `bytesMax` bytes each, at multiples of 8 rows so that bitmaps stay views.
 *
 * @returns `[frame]` where it is small enough, no batch, compressed, of 8 rows or fewer, or of types whose slices would
 * not be smaller; slices of 8 rows are not cut further, whatever their size
 * @throws WireError IPC_MALFORMED where the batch does not fit the schema
 */
export function splitFrame(frame: Frame, schema: Schema, bytesMax: number): Frame[] {
  if (frame.byteLength <= bytesMax || frame.rows <= 8 || !isDivisible(schema.fields)) return [frame]
  const batch = openBatch(frame.header, frame.body, schema)
  if (batch === null) return [frame]
  // Padding and offsets grow with the buffers, not with the rows.
  const bytesFixed = frame.head.length + batch.bufferCount * 16
  const bytesPerRow = frame.byteLength / batch.rows
  const step = toEight((bytesMax - bytesFixed) / bytesPerRow)
  const frames: Frame[] = []
  for (let start = 0; start < batch.rows; start += step) {
    splitRows(frame, batch, start, Math.min(start + step, batch.rows), bytesMax, frames)
  }
  return frames
}

/** Rows differ in size where they hold strings or lists, so that a slice may have to be halved again. */
function splitRows(
  frame: Frame,
  batch: OpenBatch,
  start: number,
  end: number,
  bytesMax: number,
  frames: Frame[],
): void {
  const slice = sliceOpened(frame, batch, start, end)
  if (slice.byteLength <= bytesMax || end - start <= 8) {
    frames.push(slice)
    return
  }
  const middle = start + toEight((end - start) / 2)
  splitRows(frame, batch, start, middle, bytesMax, frames)
  splitRows(frame, batch, middle, end, bytesMax, frames)
}

/** The largest multiple of 8 that is not above a number of rows, and 8 at least. */
function toEight(rows: number): number {
  return Math.max(8, Math.floor(rows / 8) * 8)
}
