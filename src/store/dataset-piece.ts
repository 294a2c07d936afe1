import type { Frame } from '../../flight/frame.ts'
import type { PinnedDataset } from './parts.ts'

/** Rows of a dataset that follow each other: those of some of its parts, the last piece with those of its log. */
export interface DatasetPiece {
  readonly whole: PinnedDataset
  /** Of its parts, the first of the piece, and the first that no longer is. */
  readonly first: number
  readonly end: number
  readonly isLast: boolean
}

/**
 * Cuts a dataset between its parts into pieces of about the same size, which have each of its rows once, in order.
 *
 * @param countMax - pieces at the most, 1 or more
 * @param rowsMin - of a piece: there are fewer of them where they would be smaller
 */
export function piecesOf(whole: PinnedDataset, countMax: number, rowsMin: number): DatasetPiece[] {
  const { parts, rows } = whole
  const count = Math.max(Math.min(countMax, parts.length, Math.floor(rows / rowsMin)), 1)
  const ends: number[] = []
  let rowsBefore = 0
  for (const [index, part] of parts.entries()) {
    // Before the part that has the middle of the step in its second half.
    const isFull = rowsBefore + part.rows / 2 >= ((ends.length + 1) * rows) / count
    if (isFull && index > 0 && ends.length < count - 1) ends.push(index)
    rowsBefore += part.rows
  }
  ends.push(parts.length)
  return ends.map((end, index) => {
    return { whole, first: ends[index - 1] ?? 0, end, isLast: index === ends.length - 1 }
  })
}

/**
 * Dictionaries and batches of a piece.
 *
 * @param frames - of the whole dataset
 * @returns undefined where a batch is of two pieces
 */
export function framesOf(
  frames: readonly Frame[],
  { whole, first, end, isLast }: DatasetPiece,
): readonly Frame[] | undefined {
  const start = rowsBefore(whole, first)
  const stop = isLast ? Infinity : rowsBefore(whole, end)
  const found: Frame[] = []
  let row = 0
  for (const frame of frames) {
    const next = row + frame.rows
    // A dictionary counts for all batches after it.
    const isIn = frame.kind === 'dictionary' ? row < stop : row >= start && next <= stop
    if (isIn) found.push(frame)
    else if (row < stop && next > start) return undefined
    row = next
  }
  return found
}

function rowsBefore({ parts }: PinnedDataset, index: number): number {
  return parts.slice(0, index).reduce((sum, { rows }) => sum + rows, 0)
}
