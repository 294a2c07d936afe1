import type { Frame } from '../../flight/frame.ts'
import { sliceFrame } from '../../flight/frame.ts'
import { parseMessage } from '../../flight/ipc/message.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { ComparedParts } from './compared-parts.ts'
import type { PartFiles } from './part-files.ts'
import { type PartOrigin, originMetadata } from './part-origin.ts'
import type { PartWriter, PartitionRows, StagedPart, TimeLimit, WrittenPart } from './parts.ts'
import type { Partition, PartitionBy } from './partitions.ts'
import type { Segment } from './segments.ts'

/** Rows that become a part, or one part for each partition. */
export interface StageInput {
  readonly origin: PartOrigin
  readonly schema: Schema
  readonly segment: Segment
  readonly path: string
  readonly by: PartitionBy | undefined
  readonly compressionLevel: number
}

/** Rows of parts that become a part, or one part for each partition. */
export interface RestageInput {
  readonly origin: PartOrigin
  readonly schema: Schema
  /** Absolute paths, in the order of their rows. */
  readonly sources: readonly string[]
  readonly path: string
  readonly by: PartitionBy | undefined
  readonly orderBy: readonly string[]
  /** Leaves rows that are older out; of parts of one partition. */
  readonly since?: TimeLimit
  readonly compressionLevel: number
  readonly signal: AbortSignal
}

/** Writes parts under temporary names and makes them durable. Nothing is left of what fails. */
export class Staging {
  readonly #files: PartFiles
  readonly #compared: Pick<ComparedParts, 'verify'>
  readonly #discard: (paths: readonly string[]) => Promise<void>
  #writer: PartWriter | undefined

  constructor(
    files: PartFiles,
    compared: Pick<ComparedParts, 'verify'>,
    discard: (paths: readonly string[]) => Promise<void>,
  ) {
    this.#files = files
    this.#compared = compared
    this.#discard = discard
  }

  writeWith(writer: PartWriter): void {
    this.#writer = writer
  }

  get writer(): PartWriter {
    if (!this.#writer) throw new Error('The store was given nothing that writes parts')
    return this.#writer
  }

  async stage(input: StageInput, signal: AbortSignal): Promise<StagedPart[]> {
    const { origin, schema, segment, path, by, compressionLevel } = input
    const write = (piece: Segment, to: string, arrowBytes: number, only?: Partition): Promise<WrittenPart> =>
      this.writer.writePart({
        schema,
        frames: piece.frames,
        path: to,
        compressionLevel,
        metadata: originMetadata({ ...origin, arrowBytes }),
        signal,
        ...(only && { only }),
      })
    if (by === undefined) {
      const written = await write(segment, path, origin.arrowBytes)
      return [await this.#staged(path, written, origin.arrowBytes, null, true)]
    }
    const found = await this.writer.partitionFrames({ schema, frames: segment.frames, by, signal })
    return this.#each(path, by, found, segment.rows, async ({ partition, rows, isWhole, to }) => {
      const piece = pieceOf(segment, schema, rows)
      const arrowBytes = piece.rows === rows.rows ? piece.bytes : shareOf(piece, rows.rows)
      const isExact = isWhole && piece.rows === rows.rows
      return { written: await write(piece, to, arrowBytes, isExact ? undefined : partition), arrowBytes }
    })
  }

  async restage(input: RestageInput): Promise<StagedPart[]> {
    const { origin, schema, sources, path, by, orderBy, since, compressionLevel, signal } = input
    for (const path of sources) await this.#compared.verify({ path, of: origin.ref }, signal)
    const write = (to: string, arrowBytes: number, only?: Partition): Promise<WrittenPart> =>
      this.writer.rewriteParts({
        schema,
        sources,
        path: to,
        compressionLevel,
        orderBy,
        metadata: originMetadata({ ...origin, arrowBytes }),
        signal,
        ...(only && { only }),
        ...(since && { since }),
      })
    if (by === undefined) {
      const written = await write(path, origin.arrowBytes)
      return [await this.#staged(path, written, origin.arrowBytes, null, orderBy.length === 0)]
    }
    const found = await this.writer.partitionParts({ schema, sources, by, signal })
    const total = found.reduce((sum, { rows }) => sum + rows, 0)
    const staged = await this.#each(path, by, found, total, async ({ partition, rows, to }) => {
      const arrowBytes = Math.round((origin.arrowBytes * rows.rows) / Math.max(total, 1))
      const only = found.length === 1 ? undefined : partition
      return { written: await write(to, arrowBytes, only), arrowBytes }
    })
    return orderBy.length === 0 ? staged : staged.map((part) => ({ ...part, isInOrder: false }))
  }

  /** Writes one part for each partition; where there are no rows, none. */
  async #each(
    path: string,
    by: PartitionBy,
    found: readonly PartitionRows[],
    total: number,
    write: (piece: {
      partition: Partition
      rows: PartitionRows
      isWhole: boolean
      to: string
    }) => Promise<{ written: WrittenPart; arrowBytes: number }>,
  ): Promise<StagedPart[]> {
    const counted = found.reduce((sum, { rows }) => sum + rows, 0)
    if (counted !== total) {
      throw new SternaError('BUG', `Of ${total} rows ${counted} were found in partitions`)
    }
    const staged: StagedPart[] = []
    const paths = found.map((_, index) => (index === 0 ? path : `${path}.${index}`))
    try {
      let end = 0
      for (const [index, rows] of found.entries()) {
        const partition = { by, value: rows.value }
        const isWhole = rows.last - rows.first + 1 === rows.rows
        const isInOrder = isWhole && rows.first === end
        end = rows.last + 1
        const to = paths[index] ?? path
        const { written, arrowBytes } = await write({ partition, rows, isWhole, to })
        staged.push(await this.#staged(to, written, arrowBytes, partition, isInOrder))
      }
      return staged
    } catch (error) {
      await this.#discard(paths)
      throw error
    }
  }

  async #staged(
    path: string,
    written: WrittenPart,
    arrowBytes: number,
    partition: Partition | null,
    isInOrder: boolean,
  ): Promise<StagedPart> {
    const fileBytes = await this.#files.finish(path, written.columns)
    return { path, written: { ...written, fileBytes }, arrowBytes, partition, isInOrder }
  }
}

/** The frames of a segment that rows are in, cut where that takes no copy of their values. */
function pieceOf(segment: Segment, schema: Schema, { first, last }: PartitionRows): Segment {
  const frames: Frame[] = []
  let [row, rows, bytes] = [0, 0, 0]
  for (const frame of segment.frames) {
    const start = row
    row += frame.rows
    if (frame.kind === 'batch' && (start > last || row <= first)) continue
    const piece = frame.kind === 'batch' ? cut(frame, schema, first - start, last + 1 - start) : frame
    frames.push(piece)
    rows += piece.rows
    bytes += piece.byteLength
  }
  return { frames, rows, bytes }
}

function cut(frame: Frame, schema: Schema, start: number, end: number): Frame {
  const from = Math.max(start, 0)
  const to = Math.min(end, frame.rows)
  if (to - from === frame.rows) return frame
  const message = parseMessage(frame.header)
  if (message.kind !== 'batch' || message.batch.compression !== null) return frame
  return sliceFrame(frame, schema, from, to)
}

function shareOf(piece: Segment, rows: number): number {
  return Math.round((piece.bytes * rows) / Math.max(piece.rows, 1))
}
