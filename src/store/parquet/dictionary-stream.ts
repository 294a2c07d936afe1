import { isDeepStrictEqual } from 'node:util'

import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { encodeDictionary } from '../../../flight/ipc/message.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { planColumn } from './columns.ts'
import { indexCapacity } from './dictionary-column.ts'
import type { ValueList } from './dictionary-types.ts'
import { FrameBodyBuilder } from './frame-body.ts'
import type { BatchParts, DictionaryParts } from './protocol.ts'
import { arrayOfValues, joinValues, pickValues, valueKeys } from './value-list.ts'

/**
 * The largest dictionary that grows with the stream. A larger one is replaced where it differs: its values are
 * mostly different in each row group, and comparing them would hold up the main thread.
 */
const GROWN_VALUES_MAX = 4096

/** A dictionary of the stream, as it was sent last. */
interface StreamDictionary {
  /** The column, or one of those that share the dictionary, as if it were plain. */
  readonly field: Field
  readonly capacity: number
  readonly isShared: boolean
  values: ValueList | null
  /** Positions by value; null where the dictionary is too large to grow. */
  codes: Map<string, number> | null
}

/** A dictionary-encoded column of the batch that came last. */
interface StreamColumn {
  readonly id: bigint
  readonly values: ValueList
  /** The values are the dictionary as it was put. */
  readonly isKnown: boolean
  /** From its own codes to those of the stream; null where they are the same. */
  mapping: Uint32Array | null
}

/**
 * Makes one stream of batches that each count their codes within values of their own.
 *
 * A dictionary grows: where a row group has values that were not there yet, the new dictionary begins with all the
 * former ones, so that codes keep their meaning, and codes that count otherwise are counted anew. Columns may share
 * a dictionary's id. Only where it has no room left, or is large, is it replaced by another altogether.
 */
export class DictionaryStream {
  readonly #dictionaries = new Map<bigint, StreamDictionary>()
  readonly #columns: StreamColumn[] = []

  constructor(schema: Schema) {
    for (const field of schema.fields) this.#addField(field)
  }

  /**
   * The dictionary frames that have to go before a batch. The codes in its body are changed to theirs.
   *
   * @throws {@link SternaError} TYPE_UNSUPPORTED where columns that share a dictionary have more values in one
   * batch than their index can count.
   */
  framesBefore(batch: BatchParts): Frame[] {
    const changedIds = new Set<bigint>()
    batch.dictionaries.forEach(({ id, values, isKnown }, index) => {
      if (values === null) return
      this.#columns[index] = { id, values, isKnown, mapping: null }
      changedIds.add(id)
    })
    const frames = Array.from(changedIds, (id) => this.#update(id)).flat()
    batch.dictionaries.forEach((dictionary, index) => {
      const mapping = this.#columns[index]?.mapping ?? null
      if (mapping !== null) mapCodes(batch.body, dictionary.codes, mapping)
    })
    return frames
  }

  #addField(field: Field): void {
    if (field.dictionary !== null) {
      const { id } = field.dictionary
      this.#dictionaries.set(id, {
        field: { ...field, dictionary: null },
        capacity: indexCapacity(field.dictionary),
        isShared: this.#dictionaries.has(id),
        values: null,
        codes: null,
      })
    }
    for (const child of field.children) this.#addField(child)
  }

  /** Takes the values of the columns of one id up. */
  #update(id: bigint): Frame[] {
    const dictionary = this.#dictionaries.get(id)
    const columns = this.#columns.filter((column) => column.id === id)
    const [column] = columns
    if (dictionary === undefined || column === undefined)
      throw new Error(`Dictionary ${id} is not in the schema`)
    // Columns that share a known dictionary all have it.
    const isReplaced =
      column.isKnown || (column.values.ends.length > GROWN_VALUES_MAX && !dictionary.isShared)
    const isNew = isReplaced ? replace(dictionary, column.values) : grow(dictionary, columns)
    return isNew && dictionary.values !== null
      ? [dictionaryFrame(id, dictionary.field, dictionary.values)]
      : []
  }
}

/** @returns whether the dictionary differs now. */
function replace(dictionary: StreamDictionary, values: ValueList): boolean {
  const isSame =
    dictionary.codes === null && dictionary.values !== null && isSameList(dictionary.values, values)
  dictionary.codes = null
  dictionary.values = values
  return !isSame
}

/** @returns whether the dictionary differs now. */
function grow(dictionary: StreamDictionary, columns: readonly StreamColumn[]): boolean {
  const columnKeys = columns.map(({ values }) => valueKeys(values))
  const missing = new Set(columnKeys.flat().filter((key) => dictionary.codes?.has(key) !== true))
  const size = (dictionary.codes?.size ?? 0) + missing.size
  const isSameType =
    dictionary.values === null || isDeepStrictEqual(dictionary.values.type, columns[0]?.values.type)
  const hasRoom =
    dictionary.codes !== null && isSameType && size <= Math.min(dictionary.capacity, GROWN_VALUES_MAX)
  if (!hasRoom) {
    dictionary.codes = new Map()
    dictionary.values = null
  }
  const codes = dictionary.codes ?? new Map<string, number>()
  columns.forEach(({ values }, column) => {
    const added: number[] = []
    columnKeys[column]?.forEach((key, index) => {
      if (codes.has(key)) return
      codes.set(key, codes.size)
      added.push(index)
    })
    if (added.length === 0 && dictionary.values !== null) return
    const own = pickValues(values, added)
    dictionary.values = dictionary.values === null ? own : joinValues([dictionary.values, own])
  })
  if (codes.size > dictionary.capacity) {
    throw new SternaError(
      'TYPE_UNSUPPORTED',
      `Column '${dictionary.field.name}' and others share a dictionary, and have more distinct values in one batch than its index can count`,
    )
  }
  columns.forEach((column, index) => {
    const mapping = Uint32Array.from(columnKeys[index] ?? [], (key) => codes.get(key) ?? 0)
    column.mapping = mapping.every((code, position) => code === position) ? null : mapping
  })
  return !hasRoom || missing.size > 0
}

/** What stands behind a null may count beyond the values, and becomes 0. */
function mapCodes(
  body: ArrayBuffer,
  { offset, count, width }: DictionaryParts['codes'],
  mapping: Uint32Array,
): void {
  if (width === 8) {
    const codes = new BigUint64Array(body, offset, count)
    codes.forEach((code, row) => {
      codes[row] = BigInt(mapping[Number(code)] ?? 0)
    })
    return
  }
  const Codes = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array
  const codes = new Codes(body, offset, count)
  for (let row = 0; row < count; row++) codes[row] = mapping[codes[row] ?? 0] ?? 0
}

function isSameList(a: ValueList, b: ValueList): boolean {
  return (
    isDeepStrictEqual(a.type, b.type) &&
    Buffer.compare(a.bytes, b.bytes) === 0 &&
    isDeepStrictEqual(a.ends, b.ends) &&
    isDeepStrictEqual(a.nulls, b.nulls)
  )
}

function dictionaryFrame(id: bigint, field: Field, values: ValueList): Frame {
  const actual = { name: field.name, type: values.type, format: '', indexType: null, children: [] }
  const array = arrayOfValues(values)
  const body = new FrameBodyBuilder(array.length)
  planColumn(field, actual, field.name)(array, 0, array.length, body)
  const { header, bytes } = body.finish()
  const message = encodeDictionary(id, false, header, bytes.byteLength)
  return makeFrame(message, [new Uint8Array(bytes)], { kind: 'dictionary', rows: 0 })
}
