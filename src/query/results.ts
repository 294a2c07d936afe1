import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { LIMITS } from '../limits.ts'
import { WeightedLru } from './weighted-lru.ts'

/** A complete result: its schema as message and as value, and its dictionary and batch frames in order. */
export interface CachedResult {
  readonly schemaHeader: Uint8Array
  readonly schema: Schema
  readonly frames: readonly Frame[]
}

/** What the cache holds and how often it had an answer. */
export interface ResultCacheStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
}

/**
 * Small results by what determines them: the normalised SQL, its parameters and the version of each dataset it
 * touches. A commit changes the version, so an entry is never stale; old ones age out.
 */
export class ResultCache {
  readonly #results: WeightedLru<CachedResult>
  #hits = 0
  #misses = 0

  constructor(
    bytesMax: number = LIMITS.resultCacheBytesMax,
    entryBytesMax: number = LIMITS.resultCacheEntryBytesMax,
  ) {
    this.#results = new WeightedLru(bytesMax, entryBytesMax)
  }

  /** The result, which the cache goes on owning: its frames are sent, never changed. */
  get(key: string): CachedResult | undefined {
    const result = this.#results.get(key)
    if (result === undefined) this.#misses++
    else this.#hits++
    return result
  }

  /**
   * Keeps a complete result; its frames must not change from here on. Bodies that are views keep the memory
   * they are cut from, so frames of a larger buffer are copied first by whoever made them.
   *
   * @returns false where the result is larger than an entry may be.
   */
  put(key: string, result: CachedResult): boolean {
    const frameBytes = result.frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    return this.#results.set(key, result, key.length + result.schemaHeader.byteLength + frameBytes)
  }

  stats(): ResultCacheStats {
    return {
      entries: this.#results.size,
      bytes: this.#results.weight,
      hits: this.#hits,
      misses: this.#misses,
    }
  }
}
