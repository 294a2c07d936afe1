import { Dictionaries } from '../../../flight/dictionaries.ts'
import type { Frame } from '../../../flight/frame.ts'
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
  const own = new Dictionaries()
  const pieces: PartFrames[] = []
  let piece: Frame[] = []
  let rows = 0
  for (const frame of frames) {
    own.add(frame)
    if (piece.length > 0) piece.push(frame)
    else if (frame.kind === 'batch') piece = [...own.inForce(), frame]
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
  const own = new Dictionaries()
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
          own.add(frame)
          continue
        }
        yield* sent.become(own)
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
    sent.add(frame)
    yield frame
  }
}

function otherRows(): SternaError {
  return new SternaError('DATA_CORRUPT', 'A part has other rows than the catalog says; see `sterna check`')
}
