import type { Dictionary } from './dictionary.ts'
import { isSet } from './bitmap.ts'
import { type DictionaryLeaf, NO_PLACE } from './dictionary-leaves.ts'
import { readIndices } from './indices.ts'

/** Which one of several equal values each value of a dictionary is, as `Occurrences` of the store count them. */
export class ValueOccurrences {
  readonly #dictionary: Dictionary
  readonly #counts = new Map<string, number>()
  readonly #numbers: number[] = []
  #nulls = 0
  #isAmbiguous = false

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary
  }

  get dictionary(): Dictionary {
    return this.#dictionary
  }

  /** Whether values alone do not say where in the dictionary they stand. */
  get isAmbiguous(): boolean {
    return this.#isAmbiguous
  }

  /** Takes up what the dictionary has grown by. */
  update(): void {
    for (let index = this.#numbers.length; index < this.#dictionary.length; index++) {
      const key = this.#dictionary.keyAt(index)
      const number = key === null ? ++this.#nulls : (this.#counts.get(key) ?? 0)
      if (key !== null) this.#counts.set(key, number + 1)
      if (number > 0) this.#isAmbiguous = true
      this.#numbers.push(number)
    }
  }

  /** The occurrence that each value of a column names. */
  of({ array, places }: DictionaryLeaf): Uint32Array {
    const indices = readIndices({ array, start: 0, count: array.length, at: 0 })
    const numbers = new Uint32Array(places.length)
    places.forEach((place, position) => {
      if (place === NO_PLACE || (array.validity !== null && !isSet(array.validity, place))) return
      numbers[position] = this.#numbers[indices[place] ?? 0] ?? 0
    })
    return numbers
  }
}
