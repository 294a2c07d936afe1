import type { Worker } from 'node:worker_threads'

import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import type { BatchParts, PartFooter, WorkerFailure, WorkerReply, WorkerRequest } from './protocol.ts'
import { startWorkerThread } from './worker-thread.ts'

/** A part that tasks are about. */
export interface PartHandle {
  readonly file: number
  readonly path: string
  /** Null where only the footer is asked for. */
  readonly schema: Schema | null
}

/** What one of the workers is to do. */
export interface PartTask {
  readonly part: PartHandle
  /** The row group to read, or the footer. */
  readonly read: number | 'footer'
  readonly onBatch: (batch: BatchParts) => void
  readonly onDone: (footer: PartFooter | null) => void
  readonly onFailed: (error: SternaError) => void
}

export interface WorkerPoolOptions {
  readonly workersMax: number
  /** A module whose memory has grown over this is replaced by a fresh one; it never shrinks. */
  readonly wasmBytesMax: number
}

interface RunningTask {
  readonly id: number
  readonly task: PartTask
  hasBatches: boolean
  isCancelled: boolean
}

interface PoolWorker {
  readonly thread: Worker
  readonly openFiles: Set<number>
  running: RunningTask | null
  tasksDone: number
}

/**
 * Threads with a parquet-wasm module each, started when they are needed. Each works on one task at a time, in the
 * order in which tasks came; readers that keep few of them waiting get equal turns.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #workers = new Set<PoolWorker>()
  readonly #queue: PartTask[] = []
  #nextTask = 0
  #nextFile = 0
  #isClosed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  /** A part for tasks to name; opened by each worker that needs it, and closed by `closePart`. */
  newPart(path: string, schema: Schema | null): PartHandle {
    return { file: this.#nextFile++, path, schema }
  }

  run(task: PartTask): void {
    if (this.#isClosed) {
      task.onFailed(new SternaError('SERVER_STOPPING', 'The server is stopping'))
      return
    }
    this.#queue.push(task)
    this.#assign()
  }

  /** Takes back a task; one that runs already runs to its end, for nobody. */
  cancel(task: PartTask): void {
    const index = this.#queue.indexOf(task)
    if (index !== -1) this.#queue.splice(index, 1)
    for (const worker of this.#workers) {
      if (worker.running?.task === task) worker.running.isCancelled = true
    }
  }

  /** Closes a part once its tasks are done or cancelled. */
  closePart(part: PartHandle): void {
    for (const worker of this.#workers) {
      if (worker.openFiles.delete(part.file)) post(worker, { kind: 'close', file: part.file })
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const workers = [...this.#workers]
    this.#workers.clear()
    const tasks = this.#queue.splice(0)
    const ends = workers.map((worker) => {
      if (worker.running?.isCancelled === false) tasks.unshift(worker.running.task)
      // What it still says is for nobody.
      worker.running = null
      // Whoever waits for the end must not find the process gone before it.
      worker.thread.ref()
      return worker.thread.terminate()
    })
    for (const task of tasks) task.onFailed(new SternaError('SERVER_STOPPING', 'The server is stopping'))
    await Promise.all(ends)
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idleWorker()
      const task = worker === undefined ? undefined : this.#queue.shift()
      if (worker === undefined || task === undefined) return
      const id = this.#nextTask++
      worker.running = { id, task, hasBatches: false, isCancelled: false }
      worker.thread.ref()
      const { file, path, schema } = task.part
      if (!worker.openFiles.has(file)) {
        worker.openFiles.add(file)
        post(worker, { kind: 'open', file, path, schema })
      }
      if (task.read === 'footer') post(worker, { kind: 'footer', task: id, file })
      else post(worker, { kind: 'rowGroup', task: id, file, rowGroup: task.read })
    }
  }

  #idleWorker(): PoolWorker | undefined {
    for (const worker of this.#workers) if (worker.running === null) return worker
    return this.#workers.size < this.#options.workersMax ? this.#start() : undefined
  }

  #start(): PoolWorker {
    const thread = startWorkerThread()
    const worker: PoolWorker = { thread, openFiles: new Set(), running: null, tasksDone: 0 }
    this.#workers.add(worker)
    thread.on('message', (reply: WorkerReply) => {
      if (worker.running?.id === reply.task) this.#onReply(worker, worker.running, reply)
    })
    thread.on('error', (error) => {
      this.#onDeath(worker, error)
    })
    thread.on('exit', (code) => {
      this.#onDeath(worker, new Error(`A Parquet worker ended with code ${code}`))
    })
    return worker
  }

  #onReply(worker: PoolWorker, running: RunningTask, reply: WorkerReply): void {
    if (reply.kind === 'batch') {
      running.hasBatches = true
      if (!running.isCancelled) running.task.onBatch(reply.batch)
      return
    }
    worker.running = null
    worker.tasksDone++
    // An idle worker does not keep the process alive.
    worker.thread.unref()
    if (reply.kind === 'done') {
      if (reply.wasmBytes > this.#options.wasmBytesMax) this.#retire(worker)
      if (!running.isCancelled) running.task.onDone(reply.footer)
    } else {
      if (reply.failure.isTrap) this.#retire(worker)
      this.#fail(worker, running, reply.failure)
    }
    this.#assign()
  }

  /** With too little memory left a module traps on good parts too, so a part is to blame in a fresh one only. */
  #fail(worker: PoolWorker, { task, hasBatches, isCancelled }: RunningTask, failure: WorkerFailure): void {
    if (isCancelled) return
    if (failure.canRetry && worker.tasksDone > 1 && !hasBatches) this.#queue.unshift(task)
    else task.onFailed(new SternaError(failure.code, failure.message, { cause: new Error(failure.cause) }))
  }

  /** The thread itself broke, which nothing in a part should bring about. */
  #onDeath(worker: PoolWorker, error: unknown): void {
    if (!this.#workers.delete(worker)) return
    const { running } = worker
    worker.running = null
    if (running?.isCancelled === false) {
      running.task.onFailed(new SternaError('BUG', 'Internal error', { cause: error }))
    }
    this.#assign()
  }

  #retire(worker: PoolWorker): void {
    this.#workers.delete(worker)
    void worker.thread.terminate()
  }
}

function post(worker: PoolWorker, request: WorkerRequest): void {
  worker.thread.postMessage(request)
}
