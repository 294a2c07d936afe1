import type { DatasetRef } from '../../flight/descriptor.ts'
import { type Frame, splitFrame } from '../../flight/frame.ts'
import { StreamCheck } from '../../flight/stream-check.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Durability, Stored } from './log/append.ts'
import { batchId } from './log/batch-id.ts'
import type { OptionsPatch } from './options.ts'
import type { DatasetLog } from './log/dataset-log.ts'
import { WriterDictionaries } from './log/dictionary-state.ts'
import type { Logs } from './log/logs.ts'
import type { Publisher } from './publisher.ts'

/** What a session needs of its store. */
export interface AppendTarget {
  readonly publisher: Pick<Publisher, 'check' | 'openToAppend'>
  readonly logs: Pick<Logs, 'of' | 'room'>
}

/** What a session tells whoever sends its batches. */
export interface AppendOptions {
  readonly durability: Durability
  /** What to tell the dataset before the first batch. */
  readonly options: OptionsPatch
  /** Called for each batch, in their order, once it is as durable as that. */
  readonly stored: (frame: Frame, id: string | null, outcome: Stored) => void
  /** Called once, when a batch could not be stored. Nothing is stored after it, but what was is still there. */
  readonly failed: (error: SternaError) => void
}

/** What a finished append answers. */
export interface AppendSummary {
  readonly key: string
  readonly schema: string
  /** Of the parts, which the rows are not in yet. */
  readonly version: number
  /** Without those of batches that were stored before. */
  readonly rows: number
  readonly parts: 0
  /** Of the last batch; null without one. */
  readonly sequence: number | null
  readonly durability: Durability
}

interface Entry {
  readonly frame: Frame
  readonly id: string | null
  outcome: Stored | SternaError | null
  next: Entry | null
}

/** One put that appends: each batch is stored by itself, whatever becomes of those after it. */
export class AppendSession {
  readonly #target: AppendTarget
  readonly #ref: DatasetRef
  readonly #schemaFrame: Frame
  readonly #options: AppendOptions
  readonly #check: StreamCheck
  #opened: {
    readonly version: number
    readonly log: DatasetLog
    readonly dictionaries: WriterDictionaries
  } | null = null
  /** Batches without an answer, each with the one after it: answers come in the order of the batches. */
  #oldest: Entry | null = null
  #newest: Entry | null = null
  #unansweredBytes = 0
  #failure: SternaError | null = null
  #rows = 0
  #sequence: number | null = null
  #wake: (() => void) | null = null

  /** @throws IPC_MALFORMED, TYPE_UNSUPPORTED naming column and type, SCHEMA_MISMATCH */
  constructor(target: AppendTarget, ref: DatasetRef, schemaFrame: Frame, options: AppendOptions) {
    this.#target = target
    this.#ref = ref
    this.#schemaFrame = schemaFrame
    this.#options = options
    this.#check = new StreamCheck(schemaFrame)
    target.publisher.check(ref, 'append', this.#check.schema, options.options)
  }

  /**
   * Takes one dictionary or batch frame, its body in one piece, as it came from the wire; kept.
   *
   * @returns when the next one may come; that is before this one is stored
   * @throws IPC_MALFORMED, REQUEST_INVALID for the id of a batch; what storing an earlier batch threw
   */
  async write(frame: Frame): Promise<void> {
    this.#throwFailure()
    const message = this.#check.check(frame)
    const { log, dictionaries } = this.#open()
    if (message.kind === 'dictionary') {
      dictionaries.add(frame, message)
      return
    }
    const entry: Entry = { frame, id: batchId(frame.appMetadata), outcome: null, next: null }
    if (this.#newest !== null) this.#newest.next = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#unansweredBytes += frame.byteLength
    log.append({
      frame,
      pieces: splitFrame(frame, this.#check.schema, LIMITS.frameBytesTarget),
      dictionaries: dictionaries.current,
      id: entry.id,
      durability: this.#options.durability,
      done: (outcome) => {
        entry.outcome = outcome
        this.#answer()
      },
    })
    await this.#target.logs.room(log)
    await this.#unansweredBelow(LIMITS.appendQueueBytesMax)
  }

  /** Resolves when every batch so far is stored. @throws what storing one of them threw */
  async settled(): Promise<void> {
    await this.#unansweredBelow(0)
    this.#throwFailure()
  }

  /** As {@link settled}; a dataset that was to be made is there also without rows. */
  async commit(): Promise<AppendSummary> {
    const { version } = this.#open()
    await this.settled()
    const { schema, key } = this.#ref
    const { durability } = this.#options
    return { key, schema, version, rows: this.#rows, parts: 0, sequence: this.#sequence, durability }
  }

  /** The log of the dataset as it is with the first batch: a session that sends none changes nothing. */
  #open(): { readonly version: number; readonly log: DatasetLog; readonly dictionaries: WriterDictionaries } {
    if (this.#opened === null) {
      const { schema } = this.#check
      const { publisher, logs } = this.#target
      const { options } = this.#options
      const dataset = publisher.openToAppend(this.#ref, this.#schemaFrame, schema, options)
      const log = logs.of(dataset)
      const dictionaries = new WriterDictionaries(schema, log.schema)
      this.#opened = { version: dataset.version, log, dictionaries }
    }
    return this.#opened
  }

  #answer(): void {
    for (let entry = this.#oldest; entry?.outcome; entry = this.#oldest) {
      this.#oldest = entry.next
      if (entry.next === null) this.#newest = null
      this.#unansweredBytes -= entry.frame.byteLength
      const { frame, id, outcome } = entry
      if (this.#failure !== null) continue
      if (outcome instanceof SternaError) {
        this.#failure = outcome
        this.#options.failed(outcome)
      } else {
        if (!outcome.isRepeated) this.#rows += outcome.rows
        this.#sequence = outcome.sequence
        this.#options.stored(frame, id, outcome)
      }
    }
    this.#wake?.()
  }

  async #unansweredBelow(bytes: number): Promise<void> {
    while (this.#oldest !== null && this.#unansweredBytes > bytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure
  }
}
