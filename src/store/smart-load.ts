import { type Frame, makeFrame } from '../../flight/frame.ts'
import type { DatasetRef } from '../../flight/descriptor.ts'
import type { FrameCache } from './cache/frame-cache.ts'
import { cutAtParts, interleave } from './cache/part-frames.ts'
import { type FrameSource, SingleFlight, type SingleFlightStats } from './cache/single-flight.ts'
import type { CatalogDataset, CatalogPart } from './catalog/state.ts'
import type { PartReader } from './parts.ts'

/** What a smart load is made of. */
export interface SmartLoadParts {
  readonly cache: FrameCache
  readonly reader: PartReader
  /** Where a part of the catalog lies. */
  readonly absolutePath: (path: string) => string
  /** A dataset as it is by now, if it still is. */
  readonly current: (ref: DatasetRef) => CatalogDataset | undefined
}

/**
 * Cache → Parquet → cache: a dataset in the cache is there at once. Of one that is not, the parts that the cache lacks
 * are read, once for all who ask, and stay in the cache if the whole fits its share.
 */
export class SmartLoad {
  readonly #parts: SmartLoadParts
  readonly #flight: SingleFlight

  constructor(parts: SmartLoadParts) {
    this.#parts = parts
    this.#flight = new SingleFlight({
      loadBytesMax: parts.cache.entryBytesMax,
      bytesMax: parts.cache.entryBytesMax,
    })
  }

  /** All frames, schema first, if they are in memory. Counts a hit or a miss. */
  cached(dataset: CatalogDataset): readonly Frame[] | undefined {
    if (dataset.parts.length === 0) return [schemaFrameOf(dataset)]
    const entry = this.#parts.cache.get(dataset)
    return entry && [entry.schemaFrame, ...entry.frames]
  }

  /** All frames, schema first, from the cache and the parts. The caller holds a pin on them until the end. */
  async *stream(dataset: CatalogDataset, signal: AbortSignal): AsyncGenerator<Frame> {
    const pieces = this.#parts.cache.pieces(dataset)
    const missing = pieces.filter((piece) => 'path' in piece)
    const read = this.#flight.read(keyOf(dataset, missing), this.#source(dataset, missing), signal)
    yield schemaFrameOf(dataset)
    yield* missing.length === pieces.length ? read : interleave(pieces, read)
  }

  /** Reads the parts into the cache. @returns false when they are over the share. The caller holds a pin. */
  warm(dataset: CatalogDataset, signal: AbortSignal): Promise<boolean> {
    const missing = this.#parts.cache.pieces(dataset).filter((piece) => 'path' in piece)
    return this.#flight.warm(keyOf(dataset, missing), this.#source(dataset, missing), signal)
  }

  stats(): SingleFlightStats {
    return this.#flight.stats()
  }

  #source(dataset: CatalogDataset, missing: readonly CatalogPart[]): FrameSource {
    const { cache, reader, absolutePath, current } = this.#parts
    return {
      start: (signal) =>
        reader.readParts({
          schema: dataset.schema,
          paths: missing.map(({ path }) => absolutePath(path)),
          signal,
        }),
      // Less is no use: it has to fit its share with the parts that are in the cache.
      bytesExpected: dataset.arrowBytes,
      onLoaded: (frames) => {
        const pieces = cutAtParts(missing, frames)
        // Rows may have come and gone while these were read.
        const now = current(dataset.ref)
        if (pieces && now && hasSameFrames(dataset, now)) cache.add(now, pieces)
      },
    }
  }
}

/** Names what is read: parts, in the types of a schema. */
function keyOf({ schemaHeader }: CatalogDataset, missing: readonly CatalogPart[]): string {
  return `${missing.map(({ dataFileId }) => dataFileId).join()} ${Buffer.from(schemaHeader).toString('latin1')}`
}

/** Parts that both have are the same frames in both. */
function hasSameFrames(a: CatalogDataset, b: CatalogDataset): boolean {
  return a.tableId === b.tableId && Buffer.compare(a.schemaHeader, b.schemaHeader) === 0
}

/** The schema as the first frame of a stream. */
export function schemaFrameOf(dataset: CatalogDataset): Frame {
  return makeFrame(dataset.schemaHeader, [], { kind: 'schema' })
}
