import {
  type ArrowType,
  encodeBatch,
  encodeDictionary,
  type Field,
  type Frame,
  makeFrame,
  type Schema,
} from '../../../flight/index.ts'
import { BodyBuilder } from '../../../flight/ipc/body.ts'

export function field(name: string, type: ArrowType, children: readonly Field[] = []): Field {
  return { name, nullable: true, type, dictionary: null, children, metadata: new Map() }
}

/** A field whose values are in dictionary `id`. */
export function dictionaryField(
  name: string,
  type: ArrowType,
  id: bigint,
  bitWidth: 8 | 16 | 32 | 64 = 8,
): Field {
  const indexType = { kind: 'int', bitWidth, signed: true } as const
  return { ...field(name, type), dictionary: { id, indexType, isOrdered: false } }
}

export function schema(...fields: Field[]): Schema {
  return { fields, metadata: new Map() }
}

/** One array of a batch: its node and its buffers, the validity first where its type has one. */
export interface HandArray {
  readonly length: number
  readonly nullCount?: number
  readonly buffers: readonly Uint8Array[]
  readonly variadicCount?: number
}

/** A record batch from arrays in the order of the schema, parents before their children. */
export function batch(rows: number, ...arrays: HandArray[]): Frame {
  const { header, body } = assemble(rows, arrays)
  return makeFrame(encodeBatch(header, body.length), body.pieces)
}

export function dictionary(id: bigint, rows: number, ...arrays: HandArray[]): Frame {
  const { header, body } = assemble(rows, arrays)
  return makeFrame(encodeDictionary(id, false, header, body.length), body.pieces)
}

function assemble(rows: number, arrays: readonly HandArray[]) {
  const body = new BodyBuilder()
  for (const array of arrays) array.buffers.forEach((buffer) => body.add(buffer))
  const header = {
    rows,
    nodes: arrays.map(({ length, nullCount = 0 }) => ({ length, nullCount })),
    buffers: body.ranges,
    compression: null,
    variadicCounts: arrays.flatMap(({ variadicCount }) =>
      variadicCount === undefined ? [] : [variadicCount],
    ),
  }
  return { header, body }
}

/** Text with 32-bit offsets that are taken as given. */
export function texts(length: number, offsets: readonly number[], data: string | Uint8Array): HandArray {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return { length, buffers: [none, int32s(offsets), bytes] }
}

export const none = new Uint8Array(0)

export function int32s(values: readonly number[]): Uint8Array {
  return bytesOf(Int32Array.from(values))
}

export function bytesOf(values: {
  buffer: ArrayBufferLike
  byteOffset: number
  byteLength: number
}): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
