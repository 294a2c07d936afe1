/**
 * A map that forgets what was used least lately once the weights of its entries are more than it may hold.
 * An entry that alone weighs too much is not kept.
 */
export class WeightedLru<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly weight: number }>()
  readonly #weightMax: number
  readonly #entryWeightMax: number
  #weight = 0

  /** @param entryWeightMax - the whole map where none is given. */
  constructor(weightMax: number, entryWeightMax = weightMax) {
    this.#weightMax = weightMax
    this.#entryWeightMax = Math.min(entryWeightMax, weightMax)
  }

  get size(): number {
    return this.#entries.size
  }

  get weight(): number {
    return this.#weight
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  /** True when the value is kept. What the key had before is gone in any case. */
  set(key: string, value: V, weight: number): boolean {
    this.#forget(key)
    if (weight > this.#entryWeightMax) return false
    this.#entries.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#weightMax) break
      this.#forget(oldest)
    }
    return true
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }
}
