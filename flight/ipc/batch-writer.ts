import type { BatchHeader } from './message-reader.ts'
import { type Builder, buildMessage, type Offset } from './message-writer.ts'
import { COMPRESSIONS } from './types.ts'

/**
 * Encodes the header of a record batch as an IPC Message flatbuffer (`FlightData.data_header`).
 *
 * @param bodyLength - bytes of the body that goes with it, padding included
 * @returns bytes of their own, padded to 8
 */
export function encodeBatch(header: BatchHeader, bodyLength: number): Uint8Array {
  return buildMessage('batch', bodyLength, (builder) => writeBatch(builder, header))
}

/**
 * Encodes the header of a dictionary batch, likewise.
 *
 * @param id - of the `DictionaryEncoding` of its fields
 * @param isDelta - true where the values follow those sent before, false where they replace them
 */
export function encodeDictionary(
  id: bigint,
  isDelta: boolean,
  header: BatchHeader,
  bodyLength: number,
): Uint8Array {
  return buildMessage('dictionary', bodyLength, (builder) => {
    const data = writeBatch(builder, header)
    builder.startObject(3)
    builder.addFieldInt64(0, id, 0n)
    builder.addFieldOffset(1, data, 0)
    builder.addFieldInt8(2, Number(isDelta), 0)
    return builder.endObject()
  })
}

function writeBatch(builder: Builder, header: BatchHeader): Offset {
  const nodes = writePairs(
    builder,
    header.nodes.map(({ length, nullCount }) => [length, nullCount]),
  )
  const buffers = writePairs(
    builder,
    header.buffers.map(({ offset, length }) => [offset, length]),
  )
  const counts = header.variadicCounts.length === 0 ? 0 : writeCounts(builder, header.variadicCounts)
  const compression = header.compression === null ? 0 : writeCompression(builder, header.compression)
  builder.startObject(5)
  builder.addFieldInt64(0, BigInt(header.rows), 0n)
  builder.addFieldOffset(1, nodes, 0)
  builder.addFieldOffset(2, buffers, 0)
  builder.addFieldOffset(3, compression, 0)
  builder.addFieldOffset(4, counts, 0)
  return builder.endObject()
}

/** A vector of structs of two int64: FieldNode and Buffer. Flatbuffers are written from the back. */
function writePairs(builder: Builder, pairs: readonly (readonly [number, number])[]): Offset {
  builder.startVector(16, pairs.length, 8)
  for (const [first, second] of pairs.toReversed()) {
    builder.prep(8, 16)
    builder.writeInt64(BigInt(second))
    builder.writeInt64(BigInt(first))
  }
  return builder.endVector()
}

function writeCounts(builder: Builder, counts: readonly number[]): Offset {
  builder.startVector(8, counts.length, 8)
  for (const count of counts.toReversed()) builder.addInt64(BigInt(count))
  return builder.endVector()
}

/** Spec: the one method, BUFFER, is number 0 and the default. */
function writeCompression(builder: Builder, compression: 'lz4' | 'zstd'): Offset {
  builder.startObject(2)
  builder.addFieldInt8(0, COMPRESSIONS.indexOf(compression), 0)
  return builder.endObject()
}
