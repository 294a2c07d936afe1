import type { KnownDictionary, ValueList } from './dictionary-types.ts'
import { firstValues, hashOf, hasValueAt, joinValues } from './value-list.ts'

/** In place of a position: the dictionary does not have the value. */
export const UNKNOWN = 0xffffffff

/** The stages of a dictionary, one for each list: the values of the first, then with those of one delta after the other. */
export function dictionaryStages(lists: readonly ValueList[]): KnownDictionary[] {
  const grown = new GrownDictionary(lists)
  let length = 0
  return lists.map(({ ends }) => new DictionaryStage(grown, (length += ends.length)))
}

class DictionaryStage implements KnownDictionary {
  readonly #grown: GrownDictionary
  readonly #length: number

  constructor(grown: GrownDictionary, length: number) {
    this.#grown = grown
    this.#length = length
  }

  get values(): ValueList {
    return this.#grown.valuesTo(this.#length)
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const position = this.#grown.places.find(bytes, start, end)
    return position < this.#length ? position : UNKNOWN
  }

  repeatOf(first: number, occurrence: number): number | undefined {
    const position = this.#grown.places.repeats.get(first)?.[occurrence]
    return position === undefined || position >= this.#length ? undefined : position
  }
}

/** What the stages of a dictionary have in common: a thousand deltas must not cost a thousand dictionaries. */
class GrownDictionary {
  readonly #lists: readonly ValueList[]
  #values: ValueList | undefined
  #places: ValuePlaces | undefined
  #stage: ValueList | undefined

  constructor(lists: readonly ValueList[]) {
    this.#lists = lists
  }

  get places(): ValuePlaces {
    return (this.#places ??= new ValuePlaces(this.#all))
  }

  valuesTo(length: number): ValueList {
    if (length === this.#all.ends.length) return this.#all
    if (this.#stage?.ends.length !== length) this.#stage = firstValues(this.#all, length)
    return this.#stage
  }

  get #all(): ValueList {
    return (this.#values ??= joinValues(this.#lists))
  }
}

/** Where each value of a list is. */
class ValuePlaces {
  /** Of values that are said more than once, by their first position: all of them, in order. */
  readonly repeats = new Map<number, number[]>()
  readonly #list: ValueList
  /** By the hash of a value, or the next place that is free: its first position, plus one. */
  readonly #slots: Uint32Array

  constructor(list: ValueList) {
    this.#list = list
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * list.ends.length + 2)))
    const nulls = new Set(list.nulls)
    for (let position = 0; position < list.ends.length; position++) {
      if (!nulls.has(position)) this.#add(position)
    }
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const place = this.#slots[this.#slotOf(bytes, start, end)] ?? 0
    return place === 0 ? UNKNOWN : place - 1
  }

  #add(position: number): void {
    const { bytes, ends } = this.#list
    const slot = this.#slotOf(bytes, ends[position - 1] ?? 0, ends[position] ?? 0)
    const first = (this.#slots[slot] ?? 0) - 1
    const known = this.repeats.get(first)
    if (first === -1) this.#slots[slot] = position + 1
    else if (known === undefined) this.repeats.set(first, [first, position])
    else known.push(position)
  }

  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const last = this.#slots.length - 1
    for (let slot = hashOf(bytes, start, end) & last; ; slot = (slot + 1) & last) {
      const place = this.#slots[slot] ?? 0
      if (place === 0 || hasValueAt(this.#list, place - 1, bytes, start, end)) return slot
    }
  }
}
