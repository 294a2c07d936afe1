import { BodyBuilder, BodyReader } from '../../../flight/ipc/body.ts'
import type { BatchHeader, IpcMessage } from '../../../flight/ipc/message.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { decodeZstdFrame } from '../../zstd.ts'
import { decodeLz4Frame } from './lz4.ts'

export type BatchMessage = Exclude<IpcMessage, { kind: 'schema' }>

/** A batch as if it had been sent without compression. */
export interface PlainBatch {
  readonly message: BatchMessage
  readonly body: readonly Uint8Array[]
}

/**
 * Spec: each buffer that is not empty begins with its real length as int64, -1 where it is not compressed after all.
 *
 * @throws {@link SternaError} IPC_MALFORMED; LIMIT_EXCEEDED where the batch would take more than a message may.
 */
export function decompress(message: BatchMessage, body: readonly Uint8Array[]): PlainBatch {
  const { batch } = message
  const { compression } = batch
  if (compression === null) return { message, body }
  const reader = new BodyReader(body)
  const plain = new BodyBuilder()
  for (const range of batch.buffers) {
    plain.add(
      decompressBuffer(reader.slice(range), compression, LIMITS.receiveMessageBytesMax - plain.length),
    )
  }
  const header = { ...batch, compression: null, buffers: plain.ranges }
  return { message: { ...message, bodyLength: plain.length, batch: header }, body: plain.pieces }
}

function decompressBuffer(
  buffer: Uint8Array,
  compression: NonNullable<BatchHeader['compression']>,
  bytesMax: number,
): Uint8Array {
  if (buffer.length === 0) return buffer
  if (buffer.length < 8) {
    throw new SternaError(
      'IPC_MALFORMED',
      'A buffer of a compressed record batch is shorter than its length field',
    )
  }
  const length = Number(new DataView(buffer.buffer, buffer.byteOffset, 8).getBigInt64(0, true))
  const content = buffer.subarray(8)
  if (length === -1) return content
  if (length < 0 || length > bytesMax) {
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `A compressed record batch takes over ${LIMITS.receiveMessageBytesMax} bytes`,
    )
  }
  if (length === 0) return content.subarray(0, 0)
  if (compression === 'lz4') return decodeLz4Frame(content, length)
  const decoded = decodeZstdFrame(content, length)
  if (decoded !== null) return decoded
  throw new SternaError(
    'IPC_MALFORMED',
    'A buffer of a record batch is not a zstd frame of the length it states',
  )
}
