import { SternaError } from '../../errors.ts'
import type { Frame } from '../../../flight/frame.ts'

/** Parts of a dataset that can be read from the disk. */
export interface FrameSource {
  /**
   * Starts to read. Every call gives the same frames in the same order; once the signal is aborted, the next
   * frame asked for may be refused.
   */
  readonly start: (signal: AbortSignal) => AsyncGenerator<Frame, void>
  /** About how many bytes its frames take; null where nobody knows. */
  readonly bytesExpected: number | null
  /** Takes the frames when all were loaded and held. Called before any later reader can ask for the key. */
  readonly onLoaded: (frames: readonly Frame[]) => void
}

export interface SingleFlightOptions {
  /** What one load may hold for those who are behind and for the cache. */
  readonly loadBytesMax: number
  /** What all loads may hold together, and a frame more each. */
  readonly bytesMax: number
}

export interface SingleFlightStats {
  /** Loads that others can join. */
  readonly loads: number
  /** What the loads hold. */
  readonly bytes: number
}

/**
 * One load per key, however many ask. Each reader gets all frames, those made before it came included, at its own
 * pace; the load goes at the pace of the fastest.
 *
 * A load holds its frames until it is done, for the cache and for those behind. One that grows over its limit
 * stops that: its fastest reader goes on with it alone, and each other one, once it has read what was held, goes
 * on with a load of its own from there. So a slow reader never holds up a fast one, nor more memory than a share.
 */
export class SingleFlight {
  readonly #options: SingleFlightOptions
  readonly #loads = new Map<string, Load>()
  #bytes = 0

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  /**
   * The frames of a key. The load begins, or is joined, with the first frame asked for; it is cancelled when its
   * last reader ends early.
   *
   * @throws {@link SternaError} once `signal` is aborted, its reason if that is one, else CANCELLED; whatever the
   * source throws, to each reader.
   */
  async *read(key: string, source: FrameSource, signal?: AbortSignal): AsyncGenerator<Frame, void> {
    if ((source.bytesExpected ?? 0) > this.#options.loadBytesMax) {
      yield* readAlone(Rest.of(source, 0), signal)
      return
    }
    const rest = yield* this.#follow(key, source, signal)
    if (rest !== undefined) yield* readAlone(rest, signal)
  }

  /**
   * Loads a key although nobody reads it.
   *
   * @returns false where it turned out to be too large to be held.
   */
  async warm(key: string, source: FrameSource, signal?: AbortSignal): Promise<boolean> {
    if ((source.bytesExpected ?? 0) > this.#options.loadBytesMax) return false
    const reader = this.#follow(key, source, signal)
    for (;;) {
      const next = await reader.next()
      if (next.done !== true) continue
      next.value?.cancel()
      return next.value === undefined
    }
  }

  stats(): SingleFlightStats {
    return { loads: this.#loads.size, bytes: this.#bytes }
  }

  /** Reads along with the load of a key. Returns what is left to be read alone, if it grew too large. */
  async *#follow(
    key: string,
    source: FrameSource,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Frame, Rest | undefined> {
    const load = this.#loads.get(key) ?? this.#begin(key, source)
    load.readers++
    try {
      for (let index = 0; ;) {
        throwIfAborted(signal)
        const frame = load.frames[index]
        if (frame !== undefined) {
          yield frame
          index++
        } else if (load.state === 'loaded') {
          return undefined
        } else if (load.state === 'failed') {
          throw load.error
        } else if (load.state === 'overgrown') {
          return load.takeRest() ?? Rest.of(source, index)
        } else {
          await unlessAborted(this.#advance(key, load), signal)
        }
      }
    } finally {
      load.readers--
      if (load.readers === 0) this.#end(key, load)
    }
  }

  #begin(key: string, source: FrameSource): Load {
    const load = new Load(source)
    this.#loads.set(key, load)
    return load
  }

  /** Settles once the load has one more frame or another state; never rejects. */
  #advance(key: string, load: Load): Promise<void> {
    load.advancing ??= this.#pull(key, load).finally(() => {
      load.advancing = null
    })
    return load.advancing
  }

  async #pull(key: string, load: Load): Promise<void> {
    try {
      const next = await load.next()
      if (load.readers === 0) return
      if (next.done === true) {
        load.state = 'loaded'
        load.source.onLoaded(load.frames)
        this.#forget(key, load)
        return
      }
      load.frames.push(next.value)
      load.bytes += next.value.byteLength
      this.#bytes += next.value.byteLength
      if (load.bytes > this.#options.loadBytesMax || this.#bytes > this.#options.bytesMax) {
        load.state = 'overgrown'
        if (this.#loads.get(key) === load) this.#loads.delete(key)
      }
    } catch (error) {
      load.state = 'failed'
      load.error = error
      this.#forget(key, load)
    }
  }

  /** The last reader has left. */
  #end(key: string, load: Load): void {
    this.#forget(key, load)
    load.takeRest()?.cancel()
  }

  #forget(key: string, load: Load): void {
    if (this.#loads.get(key) === load) this.#loads.delete(key)
    this.#bytes -= load.bytes
    load.bytes = 0
  }
}

/** A load that several readers follow. */
class Load {
  readonly source: FrameSource
  readonly frames: Frame[] = []
  bytes = 0
  readers = 0
  state: 'loading' | 'loaded' | 'failed' | 'overgrown' = 'loading'
  error: unknown
  /** The frame that is being made, if one is. */
  advancing: Promise<void> | null = null
  #rest: Rest | null

  constructor(source: FrameSource) {
    this.source = source
    this.#rest = Rest.of(source, 0)
  }

  next(): Promise<IteratorResult<Frame, void>> {
    return this.#rest?.frames.next() ?? Promise.resolve({ done: true, value: undefined })
  }

  /** The part of the source that is not read yet, for the first who asks. */
  takeRest(): Rest | undefined {
    const rest = this.#rest ?? undefined
    this.#rest = null
    return rest
  }
}

/** A source from some frame on, with the means to stop it. */
class Rest {
  readonly frames: AsyncGenerator<Frame, void>
  readonly #controller: AbortController

  private constructor(frames: AsyncGenerator<Frame, void>, controller: AbortController) {
    this.frames = frames
    this.#controller = controller
  }

  static of(source: FrameSource, skip: number): Rest {
    const controller = new AbortController()
    return new Rest(skipFrames(source.start(controller.signal), skip), controller)
  }

  cancel(): void {
    this.#controller.abort()
    // Nobody is left to hear how the source takes it.
    this.frames.return().catch(() => undefined)
  }
}

async function* skipFrames(frames: AsyncGenerator<Frame, void>, skip: number): AsyncGenerator<Frame, void> {
  let index = 0
  for await (const frame of frames) {
    if (index >= skip) yield frame
    index++
  }
}

async function* readAlone(rest: Rest, signal: AbortSignal | undefined): AsyncGenerator<Frame, void> {
  try {
    for (;;) {
      throwIfAborted(signal)
      const next = await unlessAborted(rest.frames.next(), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    rest.cancel()
  }
}

/** The promise's outcome, or CANCELLED as soon as the signal is aborted. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, stop } = whenAborted(signal)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stop()
  }
}

function whenAborted(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let onAbort: (() => void) | undefined
  const promise = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(cancelled(signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
  })
  return {
    promise,
    stop: () => {
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
    },
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled(signal)
}

/** Whoever aborts may say why, such as that a deadline has passed. */
function cancelled({ reason }: AbortSignal): SternaError {
  if (reason instanceof SternaError) return reason
  return new SternaError('CANCELLED', 'The call was cancelled', { cause: reason })
}
