import { inflateRawSync } from 'node:zlib'

import { decodeDictionaryLog, type DictionaryEntry } from '../../../flight/ipc/dictionary-log.ts'
import { type BatchHeader, parseMessage } from '../../../flight/ipc/message.ts'
import type { ArrowType, Field, Schema } from '../../../flight/ipc/schema.ts'
import { PART_DICTIONARIES_BYTES_MAX, PART_DICTIONARIES_KEY } from '../parts.ts'
import type { KnownDictionaries, KnownDictionary, ValueList } from './dictionary-types.ts'
import { byteWidthOf } from './fixed-column.ts'
import { dictionaryStages } from './known-dictionary.ts'
import { offsetWidthOf } from './variable-column.ts'
import { PartDamage } from './part-seal.ts'
import { fixedValues, NO_NULLS, valuesFrom, variableValues } from './value-list.ts'

const NONE: KnownDictionaries = new Map()

interface Change {
  readonly row: number
  readonly dictionaries: KnownDictionaries
}

/** Which dictionaries the rows of a part were put with: Parquet keeps values, the part's metadata the rest. */
export class PartDictionaries {
  /** In the order of their rows, one for each row at which something changes. */
  readonly #changes: readonly Change[]

  private constructor(changes: readonly Change[]) {
    this.#changes = changes
  }

  /**
   * @param metadata - of the part; without dictionaries nothing is known of them.
   * @throws {@link PartDamage} where they are none.
   */
  static of(metadata: ReadonlyMap<string, string>, schema: Schema | null): PartDictionaries {
    const text = metadata.get(PART_DICTIONARIES_KEY)
    if (text === undefined || schema === null) return new PartDictionaries([])
    // As much again for the places and paddings of many small ones.
    const maxOutputLength = 2 * PART_DICTIONARIES_BYTES_MAX
    try {
      const entries = decodeDictionaryLog(inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength }))
      return new PartDictionaries(changesOf(entries, valueTypes(schema.fields)))
    } catch {
      throw new PartDamage('its dictionaries are damaged')
    }
  }

  /** The dictionaries in force at a row, and the row where the next ones are: Infinity where none follow. */
  at(row: number): { readonly dictionaries: KnownDictionaries; readonly end: number } {
    const next = this.#changes.findIndex((change) => change.row > row)
    const current = next === -1 ? this.#changes.at(-1) : this.#changes[next - 1]
    return { dictionaries: current?.dictionaries ?? NONE, end: this.#changes[next]?.row ?? Infinity }
  }
}

function changesOf(entries: readonly DictionaryEntry[], types: ReadonlyMap<bigint, ArrowType>): Change[] {
  const sorted = entries.toSorted((a, b) => a.row - b.row)
  const known = new Map([...types].flatMap(([id, type]) => [...stagesOf(sorted, id, type)]))
  const changes: Change[] = []
  const current = new Map<bigint, KnownDictionary>()
  for (const entry of sorted) {
    if (!types.has(entry.id)) continue
    const dictionary = known.get(entry)
    if (dictionary === undefined) current.delete(entry.id)
    else current.set(entry.id, dictionary)
    if (changes.at(-1)?.row === entry.row) changes.pop()
    changes.push({ row: entry.row, dictionaries: new Map(current) })
  }
  return changes
}

/** What a dictionary is after each of its entries; nothing for those that cannot be told. */
function stagesOf(
  sorted: readonly DictionaryEntry[],
  id: bigint,
  type: ArrowType,
): Map<DictionaryEntry, KnownDictionary> {
  const known = new Map<DictionaryEntry, KnownDictionary>()
  let grown = new Map<DictionaryEntry, ValueList>()
  const endGrowth = (): void => {
    const stages = dictionaryStages([...grown.values()])
    Array.from(grown.keys()).forEach((entry, index) => {
      const stage = stages[index]
      if (stage !== undefined) known.set(entry, stage)
    })
    grown = new Map()
  }
  for (const entry of sorted.filter((other) => other.id === id)) {
    const values = valuesOfEntry(entry, type)
    // A delta to something unknown is unknown too.
    const isUnknown = values === null || (entry.isDelta && grown.size === 0)
    if (!entry.isDelta || isUnknown) endGrowth()
    if (!isUnknown) grown.set(entry, values)
  }
  endGrowth()
  return known
}

function valueTypes(fields: readonly Field[]): Map<bigint, ArrowType> {
  const types = new Map<bigint, ArrowType>()
  const visit = (field: Field): void => {
    if (field.dictionary !== null) types.set(field.dictionary.id, field.type)
    field.children.forEach(visit)
  }
  fields.forEach(visit)
  return types
}

function valuesOfEntry({ header, body }: DictionaryEntry, type: ArrowType): ValueList | null {
  const message = parseMessage(header)
  return message.kind === 'dictionary' ? valuesOfBody(message.batch, body, type) : null
}

/** The values of a body that has one column, as a list; null for a body that has none. */
export function valuesOfBody(
  { nodes, buffers }: BatchHeader,
  body: Uint8Array,
  type: ArrowType,
): ValueList | null {
  const [node] = nodes
  const [validity, first, ...data] = buffers.map(({ offset, length }) =>
    Buffer.from(body.buffer, body.byteOffset + offset, length),
  )
  if (node === undefined || validity === undefined || first === undefined) return null
  const isNull = (index: number): boolean =>
    node.nullCount > 0 && (((validity[index >> 3] ?? 0xff) >> (index & 7)) & 1) === 0
  const nulls = node.nullCount === 0 ? NO_NULLS : Uint32Array.from(Array(node.length).keys()).filter(isNull)
  const width = byteWidthOf(type)
  if (width !== undefined) {
    return fixedValues(type, first, node.length, nulls)
  }
  const offsetWidth = offsetWidthOf(type)
  if (offsetWidth !== undefined) {
    const offsetAt = (index: number): number =>
      node.length === 0 ? 0 : first.readUInt32LE(index * offsetWidth)
    return variableValues(type, data[0] ?? NOTHING, node.length, offsetAt, nulls)
  }
  return valuesFrom(plainType(type), node.length, nulls, (index) =>
    isNull(index) ? NOTHING : viewedValue(first, index * VIEW_BYTES, data),
  )
}

const NOTHING = Buffer.alloc(0)
const VIEW_BYTES = 16
const VIEW_INLINE_BYTES = 12

/** Source: Arrow, "Variable-size Binary View Layout". */
function viewedValue(views: Buffer, at: number, data: readonly Buffer[]): Buffer {
  const length = views.readInt32LE(at)
  if (length <= VIEW_INLINE_BYTES) return views.subarray(at + 4, at + 4 + length)
  const start = views.readInt32LE(at + 12)
  return data[views.readInt32LE(at + 8)]?.subarray(start, start + length) ?? Buffer.alloc(0)
}

/** Of values that are said by views: those are made anew for each message. */
function plainType(type: ArrowType): ArrowType {
  return { kind: type.kind === 'utf8View' ? 'utf8' : 'binary' }
}
