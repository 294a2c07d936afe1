import { type Frame, makeFrame } from '../../flight/frame.ts'
import type { FrameCache } from './cache/frame-cache.ts'
import { type FrameSource, SingleFlight, type SingleFlightStats } from './cache/single-flight.ts'
import type { CatalogDataset } from './catalog/state.ts'
import type { PartReader } from './parts.ts'
import { datasetId } from './pinned-snapshot.ts'

/** What a smart load is made of. */
export interface SmartLoadParts {
  readonly cache: FrameCache
  readonly reader: PartReader
  /** Where a part of the catalog lies. */
  readonly absolutePath: (path: string) => string
  /** The current dataset of that id, if it still is current. */
  readonly current: (id: string) => CatalogDataset | undefined
}

/**
 * Cache → Parquet → cache: a dataset in the cache is there at once; one that is not is read from its parts, once for
 * all who ask, and stays in the cache if it fits its share.
 */
export class SmartLoad {
  readonly #parts: SmartLoadParts
  readonly #flight: SingleFlight

  constructor(parts: SmartLoadParts) {
    this.#parts = parts
    this.#flight = new SingleFlight({
      loadBytesMax: parts.cache.entryBytesMax,
      bytesMax: parts.cache.entryBytesMax,
      onLoaded: (id, frames) => {
        const dataset = parts.current(id)
        if (dataset) parts.cache.set(id, cacheEntry(schemaFrameOf(dataset), frames))
      },
    })
  }

  /** All frames, schema first, if they are in memory. Counts a hit or a miss. */
  cached(dataset: CatalogDataset): readonly Frame[] | undefined {
    if (dataset.parts.length === 0) return [schemaFrameOf(dataset)]
    const entry = this.#parts.cache.get(datasetId(dataset))
    return entry && [entry.schemaFrame, ...entry.frames]
  }

  /** All frames, schema first, from the parts. The caller holds a pin on them until the end. */
  async *stream(dataset: CatalogDataset, signal: AbortSignal): AsyncGenerator<Frame> {
    yield schemaFrameOf(dataset)
    yield* this.#flight.read(datasetId(dataset), this.#source(dataset), signal)
  }

  /** Reads the parts into the cache. @returns false when they are over the share. The caller holds a pin. */
  warm(dataset: CatalogDataset, signal: AbortSignal): Promise<boolean> {
    return this.#flight.warm(datasetId(dataset), this.#source(dataset), signal)
  }

  stats(): SingleFlightStats {
    return this.#flight.stats()
  }

  #source(dataset: CatalogDataset): FrameSource {
    return {
      start: (signal) =>
        this.#parts.reader.readParts({
          schema: dataset.schema,
          paths: dataset.parts.map(({ path }) => this.#parts.absolutePath(path)),
          signal,
        }),
      bytesExpected: dataset.arrowBytes,
    }
  }
}

/** What the cache takes: frames with their rows counted. */
export function cacheEntry(
  schemaFrame: Frame,
  frames: readonly Frame[],
): { schemaFrame: Frame; frames: readonly Frame[]; rows: number } {
  return { schemaFrame, frames, rows: frames.reduce((sum, frame) => sum + frame.rows, 0) }
}

/** The schema as the first frame of a stream. */
export function schemaFrameOf(dataset: CatalogDataset): Frame {
  return makeFrame(dataset.schemaHeader, [], { kind: 'schema' })
}
