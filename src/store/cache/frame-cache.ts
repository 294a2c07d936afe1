import { LRUCache } from 'lru-cache'

import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { FrameIndex } from './frame-index.ts'
import { type CountedPart, type PartFrames, joinFrames } from './part-frames.ts'

/** A version of a dataset, by the parts it is made of. A part's id and its rows never change. */
export interface PartedDataset<Part extends CountedPart = CountedPart> {
  readonly tableId: number
  readonly version: number
  /** The schema as an IPC message. */
  readonly schemaHeader: Uint8Array
  readonly parts: readonly Part[]
}

/** A dataset in RAM, ready to be written to a stream. */
export interface CachedFrames {
  readonly schemaFrame: Frame
  /** Dictionary and batch frames, in order. */
  readonly frames: readonly Frame[]
  /** What its entry holds of memory. */
  readonly bytes: number
}

/** What `stats` tells of the cache; names as they go out. */
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

/** What is known of the parts of a dataset's current version. */
interface Entry {
  readonly schemaFrame: Frame
  /** By the first of their parts. */
  readonly pieces: ReadonlyMap<number, PartFrames>
  readonly bytes: number
  /** The frames of a version of which every part is known, once someone has asked. */
  whole: { readonly version: number; readonly frames: readonly Frame[] } | null
}

/**
 * The datasets that are hot, as frames, least recently read out first.
 *
 * An entry is made of what it knows of parts, which never change: a commit takes the parts from it that went, and what
 * stays is still true. So rows may be added, rewritten and removed beside readers, who read from the disk what is new
 * to memory and nothing else.
 *
 * Frames are immutable and shared: what leaves the cache lives on where it is still being sent.
 */
export class FrameCache {
  /** What one entry may take; a larger dataset never evicts others. */
  readonly entryBytesMax: number
  /** Finds rows in its frames. */
  readonly index = new FrameIndex()
  readonly #bytesMax: number
  readonly #entries: LRUCache<number, Entry> | null
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

  /** A dataset of which every part is here; it becomes the most recently read. Counts a hit or a miss. */
  get(dataset: PartedDataset): CachedFrames | undefined {
    const found = this.peek(dataset)
    if (found === undefined) {
      this.#misses++
    } else {
      this.#hits++
      this.#entries?.get(dataset.tableId)
    }
    return found
  }

  /** As {@link get}, where what is not here is no miss: something else answers. */
  find(dataset: PartedDataset): CachedFrames | undefined {
    return this.peek(dataset) && this.get(dataset)
  }

  /** As {@link get}, with nothing counted or reordered. */
  peek(dataset: PartedDataset): CachedFrames | undefined {
    const entry = this.#entryOf(dataset)
    if (entry === undefined) return undefined
    if (entry.whole?.version !== dataset.version) {
      const pieces = piecesOf(entry, dataset.parts)
      if (!pieces.every(isKnown)) return undefined
      entry.whole = { version: dataset.version, frames: joinFrames(pieces) }
    }
    return { schemaFrame: entry.schemaFrame, frames: entry.whole.frames, bytes: entry.bytes }
  }

  /** A dataset in order: frames where they are here, and the parts of which nothing is known. */
  pieces<Part extends CountedPart>(dataset: PartedDataset<Part>): (PartFrames | Part)[] {
    return piecesOf(this.#entryOf(dataset), dataset.parts)
  }

  /** The frames of some parts that stand side by side, where all of them are here. */
  framesOf(dataset: PartedDataset, ids: readonly number[]): readonly Frame[] | undefined {
    const wanted = new Set(ids)
    const pieces = this.pieces(dataset)
    const isWanted = (piece: PartFrames | CountedPart): boolean =>
      isKnown(piece) ? piece.parts.every((id) => wanted.has(id)) : wanted.has(piece.dataFileId)
    const first = pieces.findIndex(isWanted)
    const found = pieces.slice(first, pieces.findLastIndex(isWanted) + 1)
    if (first === -1 || !found.every(isKnown) || !found.every(isWanted)) return undefined
    const rest = dataset.parts.filter(({ dataFileId, rows }) => rows > 0 && wanted.has(dataFileId))
    return found.flatMap(({ parts }) => parts).length === rest.length ? joinFrames(found) : undefined
  }

  /** Something of the table is here. */
  has(tableId: number): boolean {
    return this.#entries?.has(tableId) ?? false
  }

  /**
   * Keeps parts of a dataset beside those that are here, in place of what has not been read for longest.
   *
   * @param added - of which those that the dataset does not have are left out
   * @returns false where all of it is over the share of one entry: then nothing of the dataset is kept
   */
  add(dataset: PartedDataset, added: readonly PartFrames[]): boolean {
    if (this.#entries === null) return false
    const { tableId } = dataset
    const known = this.#entryOf(dataset)
    const schemaFrame = known?.schemaFrame ?? makeFrame(dataset.schemaHeader, [], { kind: 'schema' })
    const all = new Map(known?.pieces)
    for (const piece of added) if (piece.parts[0] !== undefined) all.set(piece.parts[0], piece)
    const pieces = piecesOf({ pieces: all }, dataset.parts).filter(isKnown)
    const bytes = schemaFrame.byteLength + piecesBytes(pieces)
    if (bytes > this.entryBytesMax) {
      this.#entries.delete(tableId)
      return false
    }
    const byFirst = new Map(pieces.map((piece) => [piece.parts[0] ?? 0, piece]))
    this.#entries.set(tableId, { schemaFrame, pieces: byFirst, bytes, whole: null })
    return true
  }

  /** Lets go of the parts that a dataset has no more. */
  follow(dataset: PartedDataset): void {
    const entry = this.#entries?.peek(dataset.tableId)
    if (entry === undefined) return
    const left = this.pieces(dataset).filter(isKnown).length
    if (left === 0) this.delete(dataset.tableId)
    else if (left < entry.pieces.size) this.add(dataset, [])
  }

  /** @returns false where nothing of the table was here */
  delete(tableId: number): boolean {
    return this.#entries?.delete(tableId) ?? false
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

  /** What is known of the table, if that is with this schema: frames have its types. */
  #entryOf({ tableId, schemaHeader }: PartedDataset): Entry | undefined {
    const entry = this.#entries?.peek(tableId)
    return entry && Buffer.compare(entry.schemaFrame.header, schemaHeader) === 0 ? entry : undefined
  }
}

function isKnown(piece: PartFrames | CountedPart): piece is PartFrames {
  return 'frames' in piece
}

function piecesOf<Part extends CountedPart>(
  entry: Pick<Entry, 'pieces'> | undefined,
  parts: readonly Part[],
): (PartFrames | Part)[] {
  // Those without rows have nothing to be read, but for the empty batches that one was put with.
  const withRows = parts.filter(({ dataFileId, rows }) => rows > 0 || entry?.pieces.has(dataFileId) === true)
  const pieces: (PartFrames | Part)[] = []
  for (let index = 0; index < withRows.length;) {
    const part = withRows[index]
    if (part === undefined) break
    const known = entry?.pieces.get(part.dataFileId)
    const isWhole = known?.parts.every((id, offset) => withRows[index + offset]?.dataFileId === id) === true
    pieces.push(isWhole ? known : part)
    index += isWhole ? known.parts.length : 1
  }
  return pieces
}

/** Memory that pieces hold together: a dictionary that several of them begin with is held once. */
function piecesBytes(pieces: readonly PartFrames[]): number {
  const dictionaries = new Set<Frame>()
  let bytes = 0
  for (const { frames } of pieces) {
    for (const frame of frames) {
      if (frame.kind === 'batch') bytes += frame.byteLength
      else dictionaries.add(frame)
    }
  }
  for (const { byteLength } of dictionaries) bytes += byteLength
  return bytes
}
