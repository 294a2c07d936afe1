import { LIMITS } from '../limits.ts'
import { FramedMessages, sendsFramed } from './transport.ts'

/** The part of a grpc-js stream that sending needs. */
interface MessageWritable {
  write(message: unknown, callback: (error?: Error | null) => void): boolean
}

/**
 * Queues complete gRPC messages on one call, joins small ones into writes of {@link LIMITS.writeBytesTarget}, and
 * holds the producer back when the reader is slow. Buffers are borrowed until they are written; none is copied.
 */
export class MessageSender {
  readonly #stream: MessageWritable
  readonly #signal: AbortSignal
  readonly #isFramed: boolean
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #inFlightBytes = 0
  #inFlightWrites = 0
  #isDiscarding = false
  #wake: (() => void) | undefined

  /** @param signal - aborts when the call ends early: then nothing more is written and no producer waits. */
  constructor(stream: MessageWritable, signal: AbortSignal) {
    this.#stream = stream
    this.#signal = signal
    this.#isFramed = sendsFramed(stream)
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  /** Bytes that were handed over and the client's side has not taken. */
  get queuedBytes(): number {
    return this.#pendingBytes + this.#inFlightBytes
  }

  /**
   * @param buffers - one or more complete messages, prefixes included
   * @returns nothing when the producer may go on at once, else a promise for when it may
   */
  push(buffers: readonly Uint8Array[], byteLength: number): Promise<void> | undefined {
    if (this.#isDiscarding) return undefined
    for (const buffer of buffers) this.#pending.push(buffer)
    this.#pendingBytes += byteLength
    if (this.#inFlightWrites === 0 || this.#pendingBytes >= LIMITS.writeBytesTarget) this.#write()
    return this.queuedBytes > LIMITS.sendQueueBytesMax ? this.#below(LIMITS.sendQueueBytesMax / 2) : undefined
  }

  /** Resolves when the client's side has taken everything, or the call was aborted. */
  async flush(): Promise<void> {
    this.#write()
    await this.#below(0)
  }

  /** Drops what waits and takes no more: the call is about to end, and a write after that would stop its status. */
  discard(): void {
    this.#isDiscarding = true
    this.#pending = []
    this.#pendingBytes = 0
  }

  async #below(bytes: number): Promise<void> {
    while (this.queuedBytes > bytes && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #write(): void {
    if (this.#pendingBytes === 0 || this.#signal.aborted) return
    const messages = new FramedMessages(this.#pending)
    const bytes = this.#pendingBytes
    this.#pending = []
    this.#pendingBytes = 0
    this.#inFlightBytes += bytes
    this.#inFlightWrites += 1
    const done = (): void => {
      this.#inFlightBytes -= bytes
      this.#inFlightWrites -= 1
      if (this.#inFlightWrites === 0) this.#write()
      this.#wake?.()
    }
    if (this.#isFramed) {
      this.#stream.write(messages, done)
      return
    }
    const unframed = messages.messages()
    unframed.forEach((message, index) => {
      this.#stream.write(message, index === unframed.length - 1 ? done : () => undefined)
    })
  }
}
