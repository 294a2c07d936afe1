import { join } from 'node:path'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { errnoOf, SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { failpoint } from '../failpoints.ts'
import { ActiveFile, type GroupPlace, type LogTarget, type WrittenGroup } from './active-file.ts'
import type { Append, Stored } from './append.ts'
import { IdWindow, type IdWindowOptions } from './id-window.ts'
import { logFileName } from './log-files.ts'
import type { LogSegment, SegmentView } from './log-segment.ts'

/** What a log is told of its dataset and its surroundings. */
export interface DatasetLogOptions extends LogTarget {
  readonly tableId: number
  readonly schema: Schema
  readonly syncMs: number
  readonly ids: IdWindowOptions
  /** Sequences and file numbers go on after these. */
  readonly sequence: number
  readonly fileNumber: number
  /** Rows were added or taken away. */
  readonly changed: (log: DatasetLog) => void
  readonly failed: (log: DatasetLog, error: SternaError) => void
}

/**
 * The log of one dataset: appended batches that are in no part yet, in memory for readers and in files for the case
 * that the server ends.
 *
 * One group of batches after the other is written by one gathered write and one sync, and then acknowledged and seen
 * by readers; what comes meanwhile is the next group. A group that cannot be written is cut off the file and refused.
 * After a sync that failed nobody knows what the disk holds: the log then takes no more batches, since a second sync
 * may succeed without having written anything.
 */
export class DatasetLog {
  readonly ref: DatasetRef
  readonly tableId: number
  readonly table: string
  readonly schema: Schema
  readonly ids: IdWindow
  readonly #options: DatasetLogOptions
  #sealed: readonly LogSegment[] = []
  #active: ActiveFile | null = null
  #queue: Append[] = []
  #queuedBytes = 0
  /** Batches with an id that are queued, and who else waits for them. */
  readonly #repeats = new Map<string, Append['done'][]>()
  #sequence: number
  #fileNumber: number
  #failure: SternaError | null = null
  #isWorking = false
  #isSyncDue = false
  #holds = 0
  #sealing: (() => void)[] = []
  #idle: (() => void)[] = []
  #syncTimer: NodeJS.Timeout | undefined
  #view: readonly SegmentView[] | null = null

  constructor(options: DatasetLogOptions) {
    this.#options = options
    this.ref = options.ref
    this.tableId = options.tableId
    this.table = options.table
    this.schema = options.schema
    this.ids = new IdWindow(options.ids)
    this.#sequence = options.sequence
    this.#fileNumber = options.fileNumber
  }

  /** The last sequence that was given to a batch, stored or not. */
  get sequence(): number {
    return this.#sequence
  }

  get rows(): number {
    return this.#sum(({ rows }) => rows)
  }

  /** Memory that its frames take, those that are not written yet included. */
  get bytes(): number {
    return this.#queuedBytes + this.#sum(({ bytes }) => bytes)
  }

  /** When the oldest of its rows came, ms since 1970; null without rows. */
  get firstMs(): number | null {
    const segments = this.#segments()
    return segments.find(({ firstMs }) => firstMs !== null)?.firstMs ?? null
  }

  /** Why it takes no more batches; null while it does. */
  get failure(): SternaError | null {
    return this.#failure
  }

  /** What readers see now. The list never changes. */
  view(): readonly SegmentView[] {
    this.#view ??= this.#segments()
      .filter(({ sequence }) => sequence > 0)
      .map((segment) => segment.view())
    return this.#view
  }

  /** Its files, with the bytes in them that are acknowledged. */
  files(): { readonly path: string; readonly bytes: number }[] {
    return this.#segments()
      .filter(({ sequence }) => sequence > 0)
      .map(({ path, fileBytes }) => ({ path, bytes: fileBytes }))
  }

  /** Takes segments over that were found on the disk; they are durable. */
  recover(segments: readonly LogSegment[]): void {
    this.#sealed = segments
    this.#view = null
  }

  /** Queues a batch. `done` hears how that went, never before this returns. */
  append(batch: Append): void {
    if (this.#failure !== null) {
      const failure = this.#failure
      queueMicrotask(() => batch.done(failure))
      return
    }
    if (batch.id !== null && this.#isRepeated(batch, batch.id)) return
    this.#queue.push(batch)
    this.#queuedBytes += batch.frame.byteLength
    this.#work()
  }

  /** Lets batches wait. @returns lets them go on; to be called once */
  hold(): () => void {
    this.#holds += 1
    return () => {
      this.#holds -= 1
      this.#work()
    }
  }

  /** Resolves when what was appended so far is in files that do not grow any more. */
  seal(): Promise<void> {
    return new Promise((resolve) => {
      this.#sealing.push(resolve)
      this.#work()
    })
  }

  /** Those of its files that are complete, oldest first. */
  get sealed(): readonly LogSegment[] {
    return this.#sealed
  }

  /** Forgets rows that are in a part. @returns the files that held them */
  dropThrough(sequence: number): string[] {
    const flushed = this.#sealed.filter((segment) => segment.sequence <= sequence)
    this.#sealed = this.#sealed.filter((segment) => segment.sequence > sequence)
    this.#hasChanged()
    return flushed.map(({ path }) => path)
  }

  /** Takes no more batches, and acknowledges none of those that are on their way. What was stays. */
  fail(error: SternaError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#options.failed(this, error)
    this.#refuse(this.#queue.splice(0), error)
  }

  /** Refuses everything from now on, and what is not acknowledged. @returns its files, once nothing writes to them */
  async end(reason: SternaError): Promise<string[]> {
    this.#failure ??= reason
    this.#refuse(this.#queue.splice(0), reason)
    clearTimeout(this.#syncTimer)
    await this.#settled()
    const files = this.#segments().map(({ path }) => path)
    await this.#active?.close()
    this.#active = null
    this.#sealed = []
    this.#view = null
    return files
  }

  #segments(): readonly LogSegment[] {
    return this.#active === null ? this.#sealed : [...this.#sealed, this.#active.segment]
  }

  #sum(figure: (segment: LogSegment) => number): number {
    let sum = this.#active === null ? 0 : figure(this.#active.segment)
    for (const segment of this.#sealed) sum += figure(segment)
    return sum
  }

  #isRepeated(batch: Append, id: string): boolean {
    const waiting = this.#repeats.get(id)
    if (waiting !== undefined) {
      waiting.push(batch.done)
      return true
    }
    const known = this.ids.get(id, Date.now())
    if (known !== undefined) {
      queueMicrotask(() => batch.done({ sequence: known.sequence, rows: known.rows, isRepeated: true }))
      return true
    }
    this.#repeats.set(id, [])
    return false
  }

  /** Sees to it that somebody does what there is to do. */
  #work(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    void this.#run()
  }

  /** One step after the other, until nothing is left to do. Never rejects. */
  async #run(): Promise<void> {
    for (;;) {
      if (this.#sealing.length > 0) {
        const waiting = this.#sealing.splice(0)
        await this.#sealActive()
        for (const resolve of waiting) resolve()
      } else if (this.#isSyncDue) {
        this.#isSyncDue = false
        await this.#syncActive()
      } else if (this.#queue.length > 0 && this.#holds === 0) {
        await this.#write(this.#takeGroup())
      } else {
        this.#isWorking = false
        for (const resolve of this.#idle.splice(0)) resolve()
        return
      }
    }
  }

  #settled(): Promise<void> {
    return this.#isWorking ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve()
  }

  #takeGroup(): Append[] {
    let bytes = 0
    let count = 0
    for (const { frame } of this.#queue) {
      if (count > 0 && bytes + frame.byteLength > LIMITS.logGroupBytesMax) break
      bytes += frame.byteLength
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #write(group: readonly Append[]): Promise<void> {
    const sequence = this.#sequence
    const first = { sequence: sequence + 1, timeMs: Date.now() }
    let active: ActiveFile
    try {
      active = this.#active ?? (await ActiveFile.create(this.#options, await this.#freePath(), first))
      this.#active = active
    } catch (error) {
      this.#refuse(group, SternaError.from(error))
      return
    }
    // From here on they are taken: a commit that replaces the dataset meanwhile has to know of them.
    this.#sequence += group.length
    let written: WrittenGroup
    try {
      written = await active.write(group, first)
      failpoint('append.written')
    } catch (error) {
      this.#sequence = sequence
      await this.#cut(error)
      this.#refuse(group, this.#failure ?? SternaError.from(error))
      return
    }
    if (group.some(({ durability }) => durability === 'fsync')) {
      await this.#syncActive()
    } else if (group.some(({ durability }) => durability === 'interval')) {
      this.#syncLater()
    }
    if (this.#failure !== null) {
      this.#refuse(group, this.#failure)
      return
    }
    active.add(written)
    this.#queuedBytes -= group.reduce((sum, { frame }) => sum + frame.byteLength, 0)
    this.#acknowledge(group, first)
    this.#hasChanged()
  }

  /** A name that no file has, not even one of a dataset of this key that is gone. */
  async #freePath(): Promise<string> {
    for (;;) {
      this.#fileNumber += 1
      const path = join(this.#options.folder, logFileName(this.#fileNumber))
      if ((await this.#options.disk.stat(path)) === undefined) return path
    }
  }

  /** Takes back what a write that failed has left behind the acknowledged batches. */
  async #cut(cause: unknown): Promise<void> {
    if (this.#active === null) return
    try {
      await this.#active.cut()
    } catch (error) {
      this.#diskFailed(cause instanceof Error ? cause : error)
      return
    }
    // The dictionaries of the batches that were cut off are not in it: what comes next needs a new file.
    await this.#sealActive()
  }

  async #syncActive(): Promise<void> {
    const active = this.#active
    if (active === null || this.#failure !== null) return
    try {
      await active.sync()
    } catch (error) {
      this.#diskFailed(error)
      // Best effort: what was not acknowledged should not come back at the next start.
      await active.truncate().catch(() => undefined)
    }
  }

  #syncLater(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined
      this.#isSyncDue = true
      this.#work()
    }, this.#options.syncMs)
  }

  async #sealActive(): Promise<void> {
    if (this.#active === null) return
    // Its last rows may have been acknowledged before they are on the disk; they get there no later than planned.
    if (this.#syncTimer !== undefined) await this.#syncActive()
    const active = this.#active
    this.#active = null
    if (active.segment.sequence > 0) this.#sealed = [...this.#sealed, active.segment]
    await active.close()
  }

  #diskFailed(error: unknown): void {
    const errno = errnoOf(error) ?? 'unknown error'
    this.fail(
      new SternaError(
        'LOG_FAILED',
        `The log of dataset "${this.ref.key}" could not be written to the disk (${errno}), so nothing more is ` +
          'acknowledged; look at the disk, then restart the server',
        { cause: error },
      ),
    )
  }

  #acknowledge(group: readonly Append[], first: GroupPlace): void {
    for (const [index, { frame, id, done }] of group.entries()) {
      const stored: Stored = { sequence: first.sequence + index, rows: frame.rows, isRepeated: false }
      if (id !== null) {
        this.ids.add(id, { sequence: stored.sequence, rows: stored.rows, timeMs: first.timeMs })
      }
      done(stored)
      for (const repeated of this.#takeRepeats(id)) repeated({ ...stored, isRepeated: true })
    }
  }

  #refuse(group: readonly Append[], error: SternaError): void {
    for (const { frame, id, done } of group) {
      this.#queuedBytes -= frame.byteLength
      done(error)
      for (const repeated of this.#takeRepeats(id)) repeated(error)
    }
  }

  #takeRepeats(id: string | null): Append['done'][] {
    if (id === null) return []
    const waiting = this.#repeats.get(id) ?? []
    this.#repeats.delete(id)
    return waiting
  }

  #hasChanged(): void {
    this.#view = null
    this.#options.changed(this)
  }
}
