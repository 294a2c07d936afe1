import type { ArrowType, DictionaryEncoding, Field } from '../../../flight/ipc/schema.ts'
import type { ColumnPlan, ColumnPlanner } from './column-plan.ts'
import type { KnownDictionary, ValueList } from './dictionary-types.ts'
import type { FfiArray, FfiField } from './ffi.ts'
import { FrameBodyBuilder } from './frame-body.ts'
import { valuesOfBody } from './part-dictionaries.ts'
import { addBitmap, addValidity, validityOf } from './validity.ts'
import { findIndices, UNKNOWN } from './known-indices.ts'
import {
  arrayOfValues,
  distinctValues,
  isListable,
  listValues,
  pickValues,
  sortedIndices,
  valueKeys,
} from './value-list.ts'

/** The largest dictionary that is sorted: symbols, venues, sides. Larger ones differ between row groups anyway. */
const SORTED_VALUES_MAX = 1024

/** An array with each value said once. */
interface EncodedArray {
  readonly values: ValueList
  /** For each row of the array, the position of its value in `values`; anything where it is null. */
  readonly codes: Uint32Array
}

/** How many values an index of this type can tell apart. */
export function indexCapacity({ indexType }: DictionaryEncoding): number {
  return 2 ** (indexType.bitWidth - (indexType.signed ? 1 : 0))
}

/**
 * Dictionary-encoded columns. A part keeps the values only; parquet-wasm gives them as a dictionary for each row
 * group, where the part has its Arrow schema, and as plain values, where another program wrote it.
 *
 * The dictionary of a batch is the row group's, unless that has more values than the index can count: then it is
 * the values of the batch's own rows, and a batch must have so few rows that those fit.
 */
export function planDictionary(
  target: Field,
  encoding: DictionaryEncoding,
  actual: FfiField,
  path: string,
  planColumn: ColumnPlanner,
): ColumnPlan | undefined {
  const { type, indexType } = actual
  if (!isListable(type)) return undefined
  // The values are converted where the dictionary's message is made; that they can be is known here.
  const planValues = planColumn({ ...target, dictionary: null }, { ...actual, indexType: null }, path)
  const encode = indexType === null ? plainEncoder(type) : dictionaryEncoder(type, indexType.bitWidth / 8)
  const width = encoding.indexType.bitWidth / 8
  const capacity = indexCapacity(encoding)
  const { id } = encoding
  const mappingTo = knownMapper(target.type, planValues)

  return (array, start, count, out) => {
    const { values, codes } = encode(array)
    const ownCodes = codes.subarray(start, start + count)
    const known = out.known.dictionaries.get(id)
    if (known !== undefined) {
      const rows = { codes: ownCodes, isValid: validityOf(array, start) }
      const found = findIndices(known, mappingTo(known, values), rows, out.known.occurrencesOf(target))
      if (found === null) out.markUnknown(id)
      else {
        if (found.validity === null) addValidity(array, start, count, out)
        else addBitmap(found.validity, count, out)
        addCodes({ id, values: known.values, codes: found.codes, width, isKnown: true }, out)
      }
      return
    }
    addValidity(array, start, count, out)
    if (values.ends.length <= capacity) {
      addCodes({ id, values, codes: ownCodes, width, isKnown: false }, out)
      return
    }
    const used = compact(ownCodes, values.ends.length, validityOf(array, start))
    if (used.indices.length > capacity) out.markCrowded(path)
    else {
      const ownValues = pickValues(values, used.indices)
      addCodes({ id, values: ownValues, codes: used.codes, width, isKnown: false }, out)
    }
  }
}

/**
 * Gives what turns codes of a part's values into those of the dictionary that they were put with. Values are
 * compared as the column's type has them; the part may have others, such as milliseconds for seconds.
 */
function knownMapper(
  type: ArrowType,
  planValues: ColumnPlan,
): (known: KnownDictionary, values: ValueList) => Uint32Array {
  let last: { known: KnownDictionary; values: ValueList; mapping: Uint32Array } | undefined
  return (known, values) => {
    if (last?.known !== known || last.values !== values) {
      const body = new FrameBodyBuilder(values.ends.length)
      planValues(arrayOfValues(values), 0, values.ends.length, body)
      const { header, bytes } = body.finish()
      const converted = valuesOfBody(header, new Uint8Array(bytes), type)
      const keys = converted === null ? [] : valueKeys(converted)
      last = { known, values, mapping: Uint32Array.from(keys, (key) => known.indices.get(key) ?? UNKNOWN) }
    }
    return last.mapping
  }
}

/** Numbers only those values that the codes use, in the order of their use. */
function compact(
  codes: Uint32Array,
  valueCount: number,
  isValid: (row: number) => boolean,
): { readonly codes: Uint32Array; readonly indices: readonly number[] } {
  const newCodes = new Int32Array(valueCount).fill(-1)
  const indices: number[] = []
  const own = new Uint32Array(codes.length)
  codes.forEach((code, row) => {
    if (!isValid(row)) return
    let newCode = newCodes[code] ?? -1
    if (newCode === -1) {
      newCode = indices.length
      newCodes[code] = newCode
      indices.push(code)
    }
    own[row] = newCode
  })
  return { codes: own, indices }
}

/** Adds indices of some width. A code is never negative, so signed and unsigned ones have the same bytes. */
function addCodes(
  column: EncodedArray & { readonly id: bigint; readonly width: number; readonly isKnown: boolean },
  out: FrameBodyBuilder,
): void {
  const { codes, width } = column
  out.addDictionary(column, width, codes.length)
  out.addBuffer(codes.length * width, ({ buffer, byteOffset }) => {
    if (width === 1) new Uint8Array(buffer, byteOffset, codes.length).set(codes)
    else if (width === 2) new Uint16Array(buffer, byteOffset, codes.length).set(codes)
    else if (width === 4) new Uint32Array(buffer, byteOffset, codes.length).set(codes)
    else new BigUint64Array(buffer, byteOffset, codes.length).set(Array.from(codes, BigInt))
  })
}

/** Encodes arrays that are dictionary-encoded. Their dictionary is listed once for all batches that share it. */
function dictionaryEncoder(type: ArrowType, width: number): (array: FfiArray) => EncodedArray {
  let known: { readonly dictionary: FfiArray; readonly sorted: SortedValues } | undefined
  return memoized((array) => {
    const { dictionary } = array
    if (dictionary === null) throw new Error('An array of dictionary indices has no dictionary')
    if (known === undefined || !isSameArray(known.dictionary, dictionary)) {
      known = { dictionary, sorted: sortValues(listValues(dictionary, type)) }
    }
    return known.sorted.encode(readCodes(array, width))
  })
}

/** Encodes plain arrays. */
function plainEncoder(type: ArrowType): (array: FfiArray) => EncodedArray {
  return memoized((array) => {
    const { values, codes } = distinctValues(array, type)
    return sortValues(values).encode(codes)
  })
}

interface SortedValues {
  /** The values with codes of the list that was sorted turned into theirs. */
  readonly encode: (codes: Uint32Array) => EncodedArray
}

/**
 * The same values in the order of their bytes, so that row groups with the same values have the same dictionary:
 * parquet-wasm gives them in the order in which they come.
 */
function sortValues(values: ValueList): SortedValues {
  if (values.ends.length > SORTED_VALUES_MAX) return { encode: (codes) => ({ values, codes }) }
  const indices = sortedIndices(values)
  const newCodes = new Uint32Array(indices.length)
  indices.forEach((index, code) => {
    newCodes[index] = code
  })
  const sorted = pickValues(values, indices)
  return { encode: (codes) => ({ values: sorted, codes: codes.map((code) => newCodes[code] ?? 0) }) }
}

function readCodes(array: FfiArray, width: number): Uint32Array {
  const address = (array.buffers[1] ?? 0) + array.offset * width
  if (width === 4) return array.memory.uint32s(address, array.length)
  const { bytes } = array.memory
  // Codes are positions in a memory of 4 GiB: of 8 bytes the lower four count.
  const read = (_: unknown, row: number): number =>
    bytes.readUIntLE(address + row * width, Math.min(width, 4))
  return Uint32Array.from({ length: array.length }, read)
}

/** Whether the two are the same place of the same memory, as the dictionary of a row group's batches mostly is. */
function isSameArray(a: FfiArray, b: FfiArray): boolean {
  return (
    a.memory === b.memory &&
    a.length === b.length &&
    a.offset === b.offset &&
    a.buffers.every((address, index) => address === b.buffers[index])
  )
}

/** The frames of one array come one after the other, and need it encoded once. */
function memoized(encode: (array: FfiArray) => EncodedArray): (array: FfiArray) => EncodedArray {
  let last: { readonly array: FfiArray; readonly encoded: EncodedArray } | undefined
  return (array) => {
    if (last?.array !== array) last = { array, encoded: encode(array) }
    return last.encoded
  }
}
