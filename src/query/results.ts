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

interface Answer extends CachedResult {
  readonly data: string
}

/**
 * Small results by what determines them: a question, which is the normalised SQL and its parameters, and the versions of
 * the datasets that it touches. A question has one answer here: where rows come in all the time, the old ones, which
 * nobody asks for any more, would take the room of others.
 */
export class ResultCache {
  readonly #results: WeightedLru<Answer>
  #hits = 0
  #misses = 0

  constructor(
    bytesMax: number = LIMITS.resultCacheBytesMax,
    entryBytesMax: number = LIMITS.resultCacheEntryBytesMax,
  ) {
    this.#results = new WeightedLru(bytesMax, entryBytesMax)
  }

  /** The result, which the cache goes on owning: its frames are sent, never changed. */
  get(question: string, data: string): CachedResult | undefined {
    const answer = this.#results.get(question)
    if (answer?.data !== data) {
      this.#misses++
      return undefined
    }
    this.#hits++
    return answer
  }

  /**
   * Keeps a complete result; its frames must not change from here on. Bodies that are views keep the memory
   * they are cut from, so frames of a larger buffer are copied first by whoever made them.
   *
   * @returns false where the result is larger than an entry may be.
   */
  put(question: string, data: string, { schema, schemaHeader, frames }: CachedResult): boolean {
    const frameBytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
    const bytes = question.length + data.length + schemaHeader.byteLength + frameBytes
    return this.#results.set(question, { data, schema, schemaHeader, frames }, bytes)
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
