import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../flight/descriptor.ts'
import { type Frame, splitFrame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { StreamCheck } from '../../flight/stream-check.ts'
import { LIMITS } from '../limits.ts'
import type { OptionsPatch } from './options.ts'
import type { PartOrigin } from './part-origin.ts'
import type { StagedPart } from './parts.ts'
import { type Segment, SegmentBuilder } from './segments.ts'

/** Whether a put takes the place of a dataset, refuses to, or adds rows to it. */
export type PutMode = 'replace' | 'create' | 'append'

/** What a committed put answers. */
export interface PutSummary {
  readonly key: string
  readonly schema: string
  readonly version: number
  readonly rows: number
  readonly parts: number
}

/** What a session needs of its store. */
export interface PutTarget {
  readonly partArrowBytesTarget: number
  /** Frames up to this many bytes are kept for the cache. */
  readonly cacheShareBytes: number
  /** True while all puts together hold more than they should: each then keeps nothing for the cache, and writes sooner. */
  readonly isCrowded: boolean
  /** @throws TYPE_UNSUPPORTED, DATASET_EXISTS, SCHEMA_MISMATCH */
  check(ref: DatasetRef, mode: PutMode, schema: Schema, options: OptionsPatch): void
  temporaryPath(name: string): string
  /** Writes a segment to `path`, or parts of several partitions to paths that begin so, and syncs them. */
  stage(
    input: {
      readonly origin: PartOrigin
      readonly schema: Schema
      readonly segment: Segment
      readonly path: string
      /** Options that come with the rows. */
      readonly options?: OptionsPatch
    },
    signal: AbortSignal,
  ): Promise<readonly StagedPart[]>
  discard(paths: readonly string[]): Promise<void>
  /** Hears of every session that is neither committed nor aborted. @returns tells that it is */
  begun(session: PutSession): () => void
  /** Names the parts, commits them, and gives the frames to the cache; null frames when they were too many. */
  publish(input: {
    ref: DatasetRef
    mode: PutMode
    schemaFrame: Frame
    schema: Schema
    options?: OptionsPatch
    parts: readonly StagedPart[]
    frames: readonly Frame[] | null
  }): Promise<PutSummary>
}

/**
 * One put on its way in: checks each frame, holds up to two segments of frames, and stages every full
 * one as a part while the next fills. Nothing can be seen of it before {@link commit}; after {@link abort} nothing
 * is left of it.
 */
export class PutSession {
  readonly #target: PutTarget
  readonly #ref: DatasetRef
  readonly #mode: PutMode
  readonly #schemaFrame: Frame
  readonly #options: OptionsPatch
  readonly #check: StreamCheck
  readonly #segment = new SegmentBuilder()
  readonly #abort = new AbortController()
  readonly #id = randomUUID()
  readonly #paths: string[] = []
  readonly #staged: StagedPart[] = []
  readonly #ended: () => void
  #staging: Promise<void> = Promise.resolve()
  #stagingBytes = 0
  #cacheFrames: Frame[] | null = []
  #cacheBytes = 0

  /**
   * @param options - to tell the dataset with the commit
   * @param schemaFrame - kept; it and all frames of the session must never be written to
   * @throws IPC_MALFORMED, TYPE_UNSUPPORTED naming column and type
   */
  constructor(target: PutTarget, ref: DatasetRef, mode: PutMode, schemaFrame: Frame, options: OptionsPatch) {
    this.#target = target
    this.#ref = ref
    this.#mode = mode
    this.#schemaFrame = schemaFrame
    this.#options = options
    this.#check = new StreamCheck(schemaFrame)
    target.check(ref, mode, this.#check.schema, options)
    this.#ended = target.begun(this)
  }

  /** Bytes of the frames it keeps, for the cache or for parts that are not written. */
  get heldBytes(): number {
    const partBytes = this.#segment.bytes + this.#stagingBytes
    return this.#cacheFrames === null ? partBytes : Math.max(this.#cacheBytes, partBytes)
  }

  /**
   * Takes one dictionary or batch frame, its body in one piece, as it came from the wire.
   *
   * @returns a promise when the disk is behind and the sender must wait
   * @throws IPC_MALFORMED; or what writing an earlier segment threw
   */
  async write(frame: Frame): Promise<void> {
    this.#check.check(frame)
    // Not in pieces: those of 10,000 columns have a few rows each, and a column of a piece costs as much as one of a batch.
    this.#segment.add(frame)
    this.#keepForCache(frame)
    if (this.#target.isCrowded) this.#cacheFrames = null
    if (this.#segment.bytes >= this.#partBytes() && !this.#segment.isEmpty) {
      await this.#staging
      this.#stage()
    }
  }

  /**
   * Makes all rows visible at once.
   *
   * @param confirmed - the last word of the client; the last part is written while that comes
   * @throws as {@link write}, COMMIT_CONFLICT, DATASET_EXISTS, DISK_FULL; whatever `confirmed` rejects with
   */
  async commit(confirmed: Promise<void>): Promise<PutSummary> {
    // Awaited below; until then its rejection must not count as unhandled.
    confirmed.catch(() => undefined)
    await this.#staging
    if (!this.#segment.isEmpty || this.#paths.length === 0) this.#stage()
    await Promise.all([this.#staging, confirmed])
    const summary = await this.#target.publish({
      ref: this.#ref,
      mode: this.#mode,
      schemaFrame: this.#schemaFrame,
      schema: this.#check.schema,
      options: this.#options,
      parts: this.#staged,
      frames: this.#cacheFrames,
    })
    this.#ended()
    return summary
  }

  /** Forgets everything. Safe at any time but after a commit that succeeded. */
  async abort(): Promise<void> {
    this.#abort.abort()
    await this.#staging.catch(() => undefined)
    try {
      await this.#target.discard([...this.#paths, ...this.#staged.map(({ path }) => path)])
    } finally {
      this.#ended()
    }
  }

  #stage(): void {
    const segment = this.#segment.take()
    const path = this.#target.temporaryPath(`${this.#id}.${this.#paths.length}.parquet`)
    const origin = {
      ref: this.#ref,
      mode: this.#mode,
      put: this.#id,
      order: this.#paths.length,
      arrowBytes: segment.bytes,
    }
    this.#paths.push(path)
    this.#stagingBytes = segment.bytes
    this.#staging = this.#target
      .stage(
        { origin, schema: this.#check.schema, segment, path, options: this.#options },
        this.#abort.signal,
      )
      .then((parts) => void this.#staged.push(...parts))
      .finally(() => {
        this.#stagingBytes = 0
      })
    // Awaited by the next write or by commit; until then a failure must not count as unhandled.
    this.#staging.catch(() => undefined)
  }

  #partBytes(): number {
    const { isCrowded, partArrowBytesTarget } = this.#target
    return isCrowded ? Math.min(LIMITS.crowdedPartBytes, partArrowBytesTarget) : partArrowBytesTarget
  }

  /** Keeps it in pieces that every client can read. */
  #keepForCache(frame: Frame): void {
    if (this.#cacheFrames === null) return
    for (const piece of splitFrame(frame, this.#check.schema, LIMITS.frameBytesTarget)) {
      this.#cacheBytes += piece.byteLength
      this.#cacheFrames.push(piece)
    }
    if (this.#cacheBytes > this.#target.cacheShareBytes) this.#cacheFrames = null
  }
}
