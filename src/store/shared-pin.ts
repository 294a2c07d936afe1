import { type DatasetPiece, framesOf } from './dataset-piece.ts'
import type { Frame } from '../../flight/frame.ts'
import type { Lake, PinnedDataset, PinnedLake } from './parts.ts'

/** What readers see of a dataset, and of its batches in memory. */
interface Cut {
  readonly dataset: (found: PinnedDataset) => PinnedDataset
  readonly frames: (found: PinnedDataset, all: readonly Frame[]) => readonly Frame[] | undefined
}

const WHOLE: Cut = { dataset: (found) => found, frames: (_, all) => all }

/** One snapshot for several readers, released when it is closed and the last of them is done. */
export class SharedPin implements Lake {
  readonly #pin: PinnedLake
  #readers = 0
  #isClosed = false

  /** @param pin - from here on of this alone */
  constructor(pin: PinnedLake) {
    this.#pin = pin
  }

  pin(): PinnedLake {
    return this.#read(WHOLE)
  }

  /** The lake with a piece of a dataset in its place. */
  piece(piece: DatasetPiece): Lake {
    const { whole, first, end, isLast } = piece
    const paths = new Set(whole.parts.slice(first, end).map(({ path }) => path))
    const isIn = ({ path }: PinnedDataset['parts'][number]): boolean => paths.has(path)
    const dataset = (found: PinnedDataset): PinnedDataset => {
      if (found.id !== whole.id) return found
      const { ref, schema, rollup, partsWith } = found
      const parts = found.parts.filter(isIn)
      const log = isLast ? found.log : null
      return {
        ref,
        schema,
        rollup,
        // What is made of a piece is nothing for the whole, and the other way round.
        id: `${found.id}[${first},${end}]`,
        parts,
        ...(partsWith && { partsWith: async (filters) => (await partsWith(filters)).filter(isIn) }),
        log,
        rows: parts.reduce((sum, { rows }) => sum + rows, log?.rows ?? 0),
      }
    }
    const frames: Cut['frames'] = (found, all) => (found.id === whole.id ? framesOf(all, piece) : all)
    return { pin: () => this.#read({ dataset, frames }) }
  }

  /** Lets no reader begin. */
  close(): void {
    this.#isClosed = true
    this.#releaseIfUnused()
  }

  #read(cut: Cut): PinnedLake {
    this.#readers++
    let isReleased = false
    return {
      ...viewOf(this.#pin, cut),
      release: () => {
        if (isReleased) return
        isReleased = true
        this.#readers--
        this.#releaseIfUnused()
      },
    }
  }

  #releaseIfUnused(): void {
    if (this.#isClosed && this.#readers === 0) this.#pin.release()
  }
}

function viewOf(lake: PinnedLake, cut: Cut): PinnedLake {
  return {
    at: (moment) => viewOf(lake.at(moment), cut),
    past: lake.past,
    resolve: (ref) => {
      const found = lake.resolve(ref)
      return found && cut.dataset(found)
    },
    match: (...pattern) => lake.match(...pattern).map(cut.dataset),
    list: () => lake.list().map(cut.dataset),
    views: () => lake.views(),
    frames: (ref) => {
      const found = lake.resolve(ref)
      const all = lake.frames?.(ref)
      return found && all && cut.frames(found, all)
    },
    release: () => undefined,
  }
}
