import type { IntType } from '../../../flight/ipc/schema.ts'
import { malformed, type ArrowArray } from './arrow-array.ts'
import { isSet } from './bitmap.ts'

/** Values `start` … `start + count` of an array, which go to the rows of a vector from `at`. */
export interface Run {
  readonly array: ArrowArray
  readonly start: number
  readonly count: number
  readonly at: number
}

/** The indices of a run, each checked to be inside the dictionary; 0 for nulls. */
export function readIndices({ array, start, count }: Run): Uint32Array {
  const indices = new Uint32Array(count)
  const type = array.storage.field.dictionary?.indexType
  const [bytes] = array.buffers
  if (type === undefined || bytes === undefined) return indices
  const size = array.dictionary?.length ?? 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < count; i++) {
    if (array.validity !== null && !isSet(array.validity, start + i)) continue
    if (array.dictionary === null) throw malformed(array.storage, 'came without its dictionary')
    const index = readIndex(view, start + i, type)
    if (index < 0 || index >= size)
      throw malformed(array.storage, `has index ${index} in a dictionary of ${size} values`)
    indices[i] = index
  }
  return indices
}

function readIndex(view: DataView, position: number, { bitWidth, signed }: IntType): number {
  switch (bitWidth) {
    case 8:
      return signed ? view.getInt8(position) : view.getUint8(position)
    case 16:
      return signed ? view.getInt16(position * 2, true) : view.getUint16(position * 2, true)
    case 32:
      return signed ? view.getInt32(position * 4, true) : view.getUint32(position * 4, true)
    case 64: {
      const high = signed ? view.getInt32(position * 8 + 4, true) : view.getUint32(position * 8 + 4, true)
      return high * 2 ** 32 + view.getUint32(position * 8, true)
    }
  }
}
