import { LRUCache } from 'lru-cache'

import type { Frame } from '../../../flight/frame.ts'
import { FrameIndex } from './frame-index.ts'

/** A dataset in RAM, ready to be written to a stream. */
export interface CachedFrames {
  readonly schemaFrame: Frame
  /** Dictionary and batch frames, in order. */
  readonly frames: readonly Frame[]
  readonly rows: number
  /** What the frames hold of memory. */
  readonly bytes: number
}

/** What `cache_stats` tells; names as they go out. */
export interface FrameCacheStats {
  readonly bytes: number
  readonly bytes_max: number
  readonly entries: number
  readonly hits: number
  readonly misses: number
  /** 0 to 1; 0 before the first look-up. */
  readonly hit_rate: number
  /** Entries that made room for others. */
  readonly evictions: number
}

export interface FrameCacheOptions {
  /** Memory of all entries together; 0 keeps nothing. */
  readonly bytesMax: number
  /** The share of it, 0 to 1, that one entry may take. */
  readonly entryShareMax: number
}

/**
 * The datasets that are hot: whole, as frames, least recently read out first. Keyed by dataset id, which changes
 * with every commit, so an entry is never stale, only unasked for.
 *
 * Frames are immutable and shared: an entry that leaves the cache lives on where it is still being sent.
 */
export class FrameCache {
  /** What one entry may take; a larger dataset never evicts others. */
  readonly entryBytesMax: number
  /** Finds rows in its frames. */
  readonly index = new FrameIndex()
  readonly #bytesMax: number
  readonly #entries: LRUCache<string, CachedFrames> | null
  #hits = 0
  #misses = 0
  #evictions = 0

  constructor(options: FrameCacheOptions) {
    this.#bytesMax = options.bytesMax
    this.entryBytesMax = Math.floor(options.bytesMax * options.entryShareMax)
    this.#entries =
      this.entryBytesMax < 1
        ? null
        : new LRUCache({
            maxSize: options.bytesMax,
            maxEntrySize: this.entryBytesMax,
            sizeCalculation: (entry) => entry.bytes,
            dispose: (_entry, _id, reason) => {
              if (reason === 'evict') this.#evictions++
            },
          })
  }

  /** The entry, which becomes the most recently read. Counts a hit or a miss. */
  get(id: string): CachedFrames | undefined {
    const entry = this.#entries?.get(id)
    if (entry === undefined) this.#misses++
    else this.#hits++
    return entry
  }

  /** As {@link get}, where an entry that is not there is no miss: something else answers. */
  find(id: string): CachedFrames | undefined {
    return this.peek(id) && this.get(id)
  }

  /** The entry, with nothing counted or reordered. */
  peek(id: string): CachedFrames | undefined {
    return this.#entries?.peek(id)
  }

  /**
   * Keeps a dataset, in place of what has not been read for longest.
   *
   * @returns false where it is over the share of one entry; the cache is as it was then.
   */
  set(id: string, dataset: Omit<CachedFrames, 'bytes'>): boolean {
    const bytes = framesBytes([dataset.schemaFrame, ...dataset.frames])
    if (this.#entries === null || bytes > this.entryBytesMax) return false
    this.#entries.set(id, { ...dataset, bytes })
    return true
  }

  /** @returns false where there was no such entry. */
  delete(id: string): boolean {
    return this.#entries?.delete(id) ?? false
  }

  clear(): void {
    this.#entries?.clear()
  }

  stats(): FrameCacheStats {
    const lookups = this.#hits + this.#misses
    return {
      bytes: this.#entries?.calculatedSize ?? 0,
      bytes_max: this.#bytesMax,
      entries: this.#entries?.size ?? 0,
      hits: this.#hits,
      misses: this.#misses,
      hit_rate: lookups === 0 ? 0 : this.#hits / lookups,
      evictions: this.#evictions,
    }
  }
}

/** Memory that frames hold together: a frame that stands in the list twice holds its buffers once. */
export function framesBytes(frames: Iterable<Frame>): number {
  let bytes = 0
  for (const frame of new Set(frames)) bytes += frame.byteLength
  return bytes
}
