import type { ArrowType, DictionaryEncoding, Field } from '../../../flight/ipc/schema.ts'
import type { ColumnPlan, ColumnPlanner } from './column-plan.ts'
import type { KnownDictionary, ValueList } from './dictionary-types.ts'
import type { FfiArray, FfiField } from './ffi.ts'
import { FrameBodyBuilder } from './frame-body.ts'
import { valuesOfBody } from './part-dictionaries.ts'
import { addBitmap, addValidity, validityOf } from './validity.ts'
import { UNKNOWN } from './known-dictionary.ts'
import { findIndices } from './known-indices.ts'
import {
  arrayOfValues,
  distinctValues,
  isListable,
  listValues,
  pickValues,
  sortedIndices,
} from './value-list.ts'

/** The largest dictionary that is sorted: symbols, venues, sides. Larger ones differ between row groups anyway. */
const SORTED_VALUES_MAX = 1024

/** An array with each value said once. */
interface EncodedArray {
  readonly values: ValueList
  /** For each row of the array, which of the values it has; anything where it is null. */
  readonly codes: Uint32Array
  /** By code, the position in `values`; null where that is the code. */
  readonly order: Uint32Array | null
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
    const { values, codes: arrayCodes, order } = encode(array)
    const codes = arrayCodes.subarray(start, start + count)
    const known = out.known.dictionaries.get(id)
    if (known !== undefined) {
      const { mapping, isWhole } = mappingTo(known, values, order)
      const occurrences = out.known.occurrencesOf(target)
      const column = { id, values: known.values, width, isKnown: true }
      if (isWhole && occurrences === null) {
        addValidity(array, start, count, out)
        addCodes({ ...column, codes, mapping }, out)
        return
      }
      const found = findIndices(known, mapping, { codes, isValid: validityOf(array, start) }, occurrences)
      if (found === null) out.markUnknown(id)
      else {
        if (found.validity === null) addValidity(array, start, count, out)
        else addBitmap(found.validity, count, out)
        addCodes({ ...column, codes: found.codes, mapping: null }, out)
      }
      return
    }
    addValidity(array, start, count, out)
    const column = { id, width, isKnown: false }
    if (values.ends.length <= capacity) {
      addCodes({ ...column, values, codes, mapping: order }, out)
      return
    }
    const sorted = order === null ? codes : codes.map((code) => order[code] ?? 0)
    const used = compact(sorted, values.ends.length, validityOf(array, start))
    if (used.indices.length > capacity) out.markCrowded(path)
    else
      addCodes({ ...column, values: pickValues(values, used.indices), codes: used.codes, mapping: null }, out)
  }
}

/** From the codes of a part's values to those of a dictionary. */
interface Mapping {
  readonly mapping: Uint32Array
  /** The dictionary has all of them. */
  readonly isWhole: boolean
}

/**
 * Gives what turns codes of a part's values into those of the dictionary that they were put with. Values are
 * compared as the column's type has them; the part may have others, such as milliseconds for seconds.
 */
function knownMapper(
  type: ArrowType,
  planValues: ColumnPlan,
): (known: KnownDictionary, values: ValueList, order: Uint32Array | null) => Mapping {
  let last: (Mapping & { readonly known: KnownDictionary; readonly values: ValueList }) | undefined
  return (known, values, order) => {
    if (last?.known !== known || last.values !== values) {
      const body = new FrameBodyBuilder(values.ends.length)
      planValues(arrayOfValues(values), 0, values.ends.length, body)
      const { header, bytes } = body.finish()
      const converted = valuesOfBody(header, new Uint8Array(bytes), type)
      const places = new Uint32Array(values.ends.length).fill(UNKNOWN)
      converted?.ends.forEach((end, index) => {
        places[index] = known.find(converted.bytes, converted.ends[index - 1] ?? 0, end)
      })
      const mapping = order === null ? places : order.map((code) => places[code] ?? UNKNOWN)
      last = { known, values, mapping, isWhole: !places.includes(UNKNOWN) }
    }
    return last
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
  column: {
    readonly id: bigint
    readonly values: ValueList
    readonly codes: Uint32Array
    /** From these codes to those of `values`; null where they are the same. */
    readonly mapping: Uint32Array | null
    readonly width: number
    readonly isKnown: boolean
  },
  out: FrameBodyBuilder,
): void {
  const { codes, mapping, width } = column
  out.addDictionary(column, width, codes.length)
  out.addBuffer(codes.length * width, ({ buffer, byteOffset }) => {
    if (width === 8) {
      const target = new BigUint64Array(buffer, byteOffset, codes.length)
      codes.forEach((code, row) => {
        target[row] = BigInt(mapping === null ? code : (mapping[code] ?? 0))
      })
      return
    }
    const Codes = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array
    const target = new Codes(buffer as ArrayBuffer, byteOffset, codes.length)
    if (mapping === null) target.set(codes)
    // What stands behind a null may count beyond the values, and becomes 0.
    else for (let row = 0; row < codes.length; row++) target[row] = mapping[codes[row] ?? 0] ?? 0
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
    return { ...known.sorted, codes: readCodes(array, width) }
  })
}

/** Encodes plain arrays. */
function plainEncoder(type: ArrowType): (array: FfiArray) => EncodedArray {
  return memoized((array) => {
    const { values, codes } = distinctValues(array, type)
    return { ...sortValues(values), codes }
  })
}

type SortedValues = Omit<EncodedArray, 'codes'>

/**
 * The same values in the order of their bytes, so that row groups with the same values have the same dictionary:
 * parquet-wasm gives them in the order in which they come.
 */
function sortValues(values: ValueList): SortedValues {
  if (values.ends.length > SORTED_VALUES_MAX) return { values, order: null }
  const indices = sortedIndices(values)
  const order = new Uint32Array(indices.length)
  indices.forEach((index, code) => {
    order[index] = code
  })
  return { values: pickValues(values, indices), order }
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
