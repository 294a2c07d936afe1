import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { type CatalogDataset, datasetName } from '../catalog/state.ts'
import { failpoint } from '../failpoints.ts'
import { DatasetLog } from './dataset-log.ts'
import type { Durability } from './append.ts'
import { logFolder } from './log-files.ts'
import { LogFlushes, type LogFlushParts } from './log-flushes.ts'
import type { LogView, LogViews } from './log-views.ts'
import { type RecoveredLog, recoverLogs, type RecoveryParts } from './recovery.ts'

/** How the server appends where a put says nothing else. `docs/config.md` explains each. */
export interface AppendOptions {
  readonly durability: Durability
  /** How long rows may be acknowledged before they are synced, with durability `interval`. */
  readonly syncMs: number
  /** A log becomes a part when it has so many rows and so many bytes, or when its oldest row is so old. */
  readonly flushRows: number
  readonly flushSize: number
  readonly flushMs: number
  /** The window in which a batch that comes again under its id is known: so many ids, so old at most. */
  readonly idsMax: number
  readonly idsMs: number
}

export interface LogsParts extends RecoveryParts, LogFlushParts {
  /** The ids that the catalog keeps of a table. */
  readonly idsOf: (tableId: number) => string | null
  readonly options: AppendOptions
}

/** A file of a log. */
export interface LogFile {
  readonly path: string
  readonly bytes: number
}

/** Figures of the action `stats`. */
export interface LogStats {
  readonly keys: number
  readonly rows: number
  readonly bytes: number
  /** How long ago the oldest of these rows was acknowledged; null without any. */
  readonly lag_ms: number | null
  /** Logs that take no more batches since a sync has failed. */
  readonly failed: number
}

/** The logs of all datasets: opens them, makes parts of them in the background, and tells readers what is in them. */
export class Logs {
  readonly #parts: LogsParts
  readonly #logs = new Map<string, DatasetLog>()
  readonly #flushes: LogFlushes
  /** Sessions that wait for logs to shrink. */
  #waiting: (() => void)[] = []
  #views: LogViews | null = null
  /** What all logs hold, and each of them, as of its last change. */
  #bytes = 0
  readonly #bytesOf = new WeakMap<DatasetLog, number>()
  #timer: NodeJS.Timeout | undefined
  /** Files that go, one after the other; never rejects. */
  #removing: Promise<void> = Promise.resolve()
  #failure: SternaError | null = null

  /**
   * Reads what is on the disk. Rows are there at once; what cannot be read goes to `quarantine/`.
   *
   * @throws DISK_FAILED
   */
  static async open(parts: LogsParts): Promise<Logs> {
    const logs = new Logs(parts)
    for (const recovered of await recoverLogs(parts)) logs.#recover(recovered)
    logs.#timer = setInterval(() => logs.#flushDue(), LIMITS.logFlushCheckMs).unref()
    return logs
  }

  private constructor(parts: LogsParts) {
    this.#parts = parts
    this.#flushes = new LogFlushes(parts, () => {
      this.#wake()
    })
  }

  /** What readers see now. */
  views(): LogViews {
    if (this.#views === null) {
      const views = new Map<string, LogView>()
      for (const [name, log] of this.#logs) {
        const segments = log.view()
        if (segments.length > 0) views.set(name, { tableId: log.tableId, segments })
      }
      this.#views = views
    }
    return this.#views
  }

  /** The log of a dataset that batches can be appended to. The same until the dataset is replaced or dropped. */
  of(dataset: CatalogDataset): DatasetLog {
    const name = datasetName(dataset.ref)
    const known = this.#logs.get(name)
    if (known?.tableId === dataset.tableId) return known
    if (known !== undefined) this.#end(name, known)
    return this.#make(dataset, { sequence: 0, fileNumber: 0 })
  }

  /** Resolves when there is room for more rows in a log, or it has failed. */
  async room(log: DatasetLog): Promise<void> {
    while (log.failure === null && this.#isFull(log)) {
      void this.flush(log.ref)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The last sequence of a dataset's log: what a commit that replaces it takes away. */
  sequenceOf(ref: DatasetRef): number {
    return this.#logs.get(datasetName(ref))?.sequence ?? 0
  }

  /** To be called in the moment of each commit that has flushed a log. */
  flushed(dataset: CatalogDataset): void {
    const log = this.#logs.get(datasetName(dataset.ref))
    if (log?.tableId !== dataset.tableId) return
    this.#remove(log.dropThrough(dataset.logFlushed))
  }

  /** To be called in the moment of each commit that has replaced or dropped a dataset. */
  ended(ref: DatasetRef): void {
    const name = datasetName(ref)
    const log = this.#logs.get(name)
    if (log !== undefined) this.#end(name, log)
  }

  /**
   * To be called where nobody knows how a commit has ended. If the next start finds it, and it has replaced or dropped a
   * dataset, what was appended since would go with it: no log takes any more.
   */
  fail(cause: SternaError): void {
    this.#failure ??= new SternaError(
      'LOG_FAILED',
      'The catalog could not be written to the disk, so nothing more is appended; look at the disk, then restart the server',
      { cause },
    )
    for (const log of this.#logs.values()) log.fail(this.#failure)
  }

  /** Makes parts of everything that a log has. @throws what the disk or the catalog refuses; the log keeps its rows */
  async flush(ref: DatasetRef): Promise<void> {
    const log = this.#logs.get(datasetName(ref))
    if (log === undefined) return
    const running = this.#flushes.running(log)
    if (running !== undefined) {
      await running.catch(() => undefined)
      return this.flush(ref)
    }
    if (log.rows > 0) await this.#flushes.start(log)
  }

  /**
   * Makes parts of everything that a log has, and runs `work` while nothing can be added to it: batches that come
   * meanwhile wait. What `work` does by `commit` happens in a moment in which the dataset surely has no rows but those
   * of its parts.
   *
   * @throws what {@link flush} throws; COMMIT_CONFLICT where the dataset gets another log meanwhile
   */
  async withoutRows<T>(ref: DatasetRef, work: (commit: <R>(change: () => R) => R) => Promise<T>): Promise<T> {
    const name = datasetName(ref)
    const log = this.#logs.get(name)
    const release = log?.hold()
    try {
      await this.flush(ref)
      return await work((change) => {
        if (this.#logs.get(name) === log && (log?.rows ?? 0) === 0) return change()
        throw new SternaError('COMMIT_CONFLICT', `Dataset "${ref.key}" was changed meanwhile`)
      })
    } finally {
      release?.()
    }
  }

  /**
   * The files of all logs in this moment, with the bytes that are records of acknowledged batches. None of them goes
   * until `release`.
   */
  keepFiles(): { readonly files: readonly LogFile[]; readonly release: () => void } {
    let release = (): void => undefined
    const isReleased = new Promise<void>((resolve) => (release = resolve))
    this.#removing = this.#removing.then(() => isReleased)
    return { files: [...this.#logs.values()].flatMap((log) => log.files()), release }
  }

  /** Makes parts of all logs, as many as that time allows. What is left is there at the next start. */
  async flushAll(timeoutMs: number): Promise<void> {
    const flushes = [...this.#logs.values()].map((log) => this.#flushQuietly(log, true))
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      Promise.all(flushes),
      new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs))),
    ])
    clearTimeout(timer)
  }

  stats(): LogStats {
    let [keys, rows, bytes, failed] = [0, 0, 0, 0]
    let oldestMs = Infinity
    for (const log of this.#logs.values()) {
      if (log.rows > 0) keys += 1
      if (log.failure !== null) failed += 1
      rows += log.rows
      bytes += log.bytes
      oldestMs = Math.min(oldestMs, log.firstMs ?? Infinity)
    }
    const lagMs = oldestMs === Infinity ? null : Math.max(Date.now() - oldestMs, 0)
    return { keys, rows, bytes, lag_ms: lagMs, failed }
  }

  /** Lets go of all files. Whatever is appended after that is refused. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const reason = new SternaError('SERVER_STOPPING', 'The server is stopping and stores nothing more')
    await this.#flushes.settled()
    await Promise.all([...this.#logs.values()].map((log) => log.end(reason)))
    await this.#removing
    this.#wake()
  }

  #recover({ dataset, segments, ids, sequence, fileNumber }: RecoveredLog): void {
    const log = this.#make(dataset, { sequence, fileNumber })
    log.recover(segments)
    this.#count(log)
    for (const [id, batch] of ids) log.ids.add(id, batch)
  }

  #make(
    dataset: CatalogDataset,
    { sequence, fileNumber }: { sequence: number; fileNumber: number },
  ): DatasetLog {
    const { disk, root, tableName, options } = this.#parts
    const log = new DatasetLog({
      ref: dataset.ref,
      tableId: dataset.tableId,
      table: tableName(dataset.tableId),
      schemaHeader: dataset.schemaHeader,
      schema: dataset.schema,
      disk,
      root,
      folder: logFolder(root, dataset.ref),
      syncMs: options.syncMs,
      ids: { countMax: options.idsMax, ageMsMax: options.idsMs },
      sequence: Math.max(sequence, dataset.logFlushed),
      fileNumber,
      changed: (changed) => {
        this.#count(changed)
        if (this.#isDue(changed, Date.now())) void this.#flushQuietly(changed)
      },
      failed: (failed, error) => {
        this.#parts.log.error({ err: error, key: failed.ref.key }, 'log.failed')
        this.#wake()
      },
    })
    const ids = this.#parts.idsOf(dataset.tableId)
    if (ids !== null) log.ids.restore(ids)
    if (this.#failure !== null) log.fail(this.#failure)
    this.#logs.set(datasetName(dataset.ref), log)
    return log
  }

  #end(name: string, log: DatasetLog): void {
    this.#logs.delete(name)
    this.#count(log)
    const reason = new SternaError(
      'COMMIT_CONFLICT',
      `Dataset "${log.ref.key}" was replaced or dropped while rows were appended to it`,
    )
    log.end(reason).then(
      (files) => {
        this.#remove(files)
      },
      () => undefined,
    )
    this.#wake()
  }

  #flushDue(): void {
    const now = Date.now()
    for (const log of this.#logs.values()) {
      if (this.#isDue(log, now)) void this.#flushQuietly(log)
    }
  }

  #isDue(log: DatasetLog, nowMs: number): boolean {
    const { flushRows, flushSize, flushMs } = this.#parts.options
    const { bytes, firstMs } = log
    if (firstMs === null) return false
    if (nowMs - firstMs >= flushMs) return true
    return bytes >= flushSize && (log.rows >= flushRows || bytes >= LIMITS.logBytesMax / 2)
  }

  #isFull(log: DatasetLog): boolean {
    return log.bytes > LIMITS.logBytesMax || this.#bytes > LIMITS.logsBytesMax
  }

  /** Takes account of a log whose rows have changed, or that is no more. */
  #count(log: DatasetLog): void {
    const bytes = this.#logs.get(datasetName(log.ref)) === log ? log.bytes : 0
    this.#bytes += bytes - (this.#bytesOf.get(log) ?? 0)
    this.#bytesOf.set(log, bytes)
    this.#views = null
  }

  /** @param again - also where a flush runs that does not take what came after it */
  async #flushQuietly(log: DatasetLog, again = false): Promise<void> {
    if (this.#flushes.running(log) !== undefined && !again) return
    try {
      await this.flush(log.ref)
    } catch (error) {
      // Nothing is lost: the log has the rows, and the next check tries again.
      this.#parts.log.warn({ err: error, key: log.ref.key }, 'log.flush_failed')
    }
  }

  #remove(paths: readonly string[]): void {
    this.#views = null
    this.#wake()
    this.#removing = this.#removing.then(async () => {
      try {
        failpoint('files.removing')
        for (const path of paths) await this.#parts.disk.unlink(path)
      } catch (error) {
        // The catalog says that they are flushed: the next start removes them.
        this.#parts.log.warn({ err: error, files: paths.length }, 'log.remove_failed')
      }
    })
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
