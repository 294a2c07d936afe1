import type { Frame } from '../../../flight/frame.ts'
import { parseMessage } from '../../../flight/ipc/message.ts'
import { SternaError } from '../../errors.ts'

/** Frames of parts that stand side by side. They can be read alone: the dictionaries in force come first. */
export interface PartFrames {
  /** Their ids, in order: of those with rows, or of one that was put without. */
  readonly parts: readonly number[]
  /** Dictionaries and batches. */
  readonly frames: readonly Frame[]
}

/** A part as the catalog counts it. */
export interface CountedPart {
  readonly dataFileId: number
  readonly rows: number
}

/**
 * What a stream of frames has in force: of each dictionary the frame that said it whole, and its deltas.
 *
 * Source: Arrow, "IPC Streaming Format": a dictionary holds until one of the same id replaces it.
 */
class Dictionaries {
  readonly #byId = new Map<bigint, readonly Frame[]>()

  add(frame: Frame): void {
    const message = parseMessage(frame.header)
    if (message.kind !== 'dictionary') return
    const known = message.isDelta ? (this.#byId.get(message.id) ?? []) : []
    this.#byId.set(message.id, [...known, frame])
  }

  get frames(): Frame[] {
    return [...this.#byId.values()].flat()
  }

  /** Takes over what another stream has in force. @returns the frames that say what was not so before */
  become(other: Dictionaries): Frame[] {
    const news: Frame[] = []
    for (const [id, frames] of other.#byId) {
      const known = this.#byId.get(id) ?? []
      const isGrown = known.every((frame, index) => frame === frames[index])
      news.push(...frames.slice(isGrown ? known.length : 0))
      this.#byId.set(id, frames)
    }
    return news
  }
}

/** One stream of frames of several, each of which can be read alone. */
export function joinFrames(pieces: readonly PartFrames[]): readonly Frame[] {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return only.frames
  const sent = new Dictionaries()
  const joined: Frame[] = []
  for (const { frames } of pieces) {
    // Most have none, and there may be thousands.
    const isPlain = frames.every(({ kind }) => kind === 'batch')
    for (const frame of isPlain ? frames : joinedTo(sent, frames)) joined.push(frame)
  }
  return joined
}

/** Cuts frames where parts end. Null where they are not as many rows as the parts are to have. */
export function cutAtParts(parts: readonly CountedPart[], frames: readonly Frame[]): PartFrames[] | null {
  const inForce = new Dictionaries()
  const pieces: PartFrames[] = []
  let piece: Frame[] = []
  let rows = 0
  for (const frame of frames) {
    if (frame.kind === 'dictionary') inForce.add(frame)
    if (piece.length > 0) piece.push(frame)
    else if (frame.kind === 'batch') piece = [...inForce.frames, frame]
    rows += frame.rows
    const part = parts[pieces.length]
    if (part === undefined || rows > part.rows) return null
    if (rows < part.rows) continue
    pieces.push({ parts: [part.dataFileId], frames: piece })
    piece = []
    rows = 0
  }
  return pieces.length === parts.length ? pieces : null
}

/**
 * One stream of frames that are in memory, and of parts that are read.
 *
 * @param read - dictionaries and batches of the parts among the pieces, in their order
 * @throws {@link SternaError} DATA_CORRUPT where they are not as many rows as the parts are to have
 */
export async function* interleave(
  pieces: readonly (PartFrames | CountedPart)[],
  read: AsyncGenerator<Frame, void>,
): AsyncGenerator<Frame, void> {
  const sent = new Dictionaries()
  const inForce = new Dictionaries()
  try {
    for (const piece of pieces) {
      if ('frames' in piece) {
        yield* joinedTo(sent, piece.frames)
        continue
      }
      for (let rows = 0; rows < piece.rows;) {
        const next = await read.next()
        if (next.done === true) throw otherRows()
        const frame = next.value
        if (frame.kind === 'dictionary') {
          inForce.add(frame)
          continue
        }
        yield* sent.become(inForce)
        yield frame
        rows += frame.rows
        if (rows > piece.rows) throw otherRows()
      }
    }
    // To its end, for only then it is known to be whole.
    for await (const frame of read) if (frame.rows > 0) throw otherRows()
  } finally {
    await read.return()
  }
}

function* joinedTo(sent: Dictionaries, frames: readonly Frame[]): Generator<Frame> {
  const first = Math.max(
    frames.findIndex(({ kind }) => kind === 'batch'),
    0,
  )
  const own = new Dictionaries()
  for (const frame of frames.slice(0, first)) own.add(frame)
  yield* sent.become(own)
  for (const frame of frames.slice(first)) {
    if (frame.kind === 'dictionary') sent.add(frame)
    yield frame
  }
}

function otherRows(): SternaError {
  return new SternaError('DATA_CORRUPT', 'A part has other rows than the catalog says; see `sterna check`')
}
