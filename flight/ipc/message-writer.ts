import { Builder } from 'flatbuffers'
import { HEADER_ID, VERSION_ID } from './types.ts'

export { Builder }

/** Position of something that a builder has written. */
export type Offset = number

/**
 * Builds an IPC Message flatbuffer of metadata version V5.
 *
 * @param write - writes the header table and returns its offset
 * @returns bytes of their own, zero-padded to a multiple of 8 as every IPC message has to be
 */
export function buildMessage(
  kind: keyof typeof HEADER_ID,
  bodyLength: number,
  write: (builder: Builder) => Offset,
): Uint8Array {
  const builder = new Builder(1024)
  const header = write(builder)
  builder.startObject(5)
  builder.addFieldInt64(3, BigInt(bodyLength), 0n)
  builder.addFieldOffset(2, header, 0)
  builder.addFieldInt16(0, VERSION_ID.v5, 0)
  builder.addFieldInt8(1, HEADER_ID[kind], 0)
  builder.finish(builder.endObject())
  return paddedTo8(builder.asUint8Array())
}

/** Writes a vector of offsets. */
export function writeOffsets(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4)
  for (const offset of offsets.toReversed()) builder.addOffset(offset)
  return builder.endVector()
}

function paddedTo8(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8)
  padded.set(bytes)
  return padded
}
