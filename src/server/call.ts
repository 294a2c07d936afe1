import type { EventEmitter } from 'node:events'
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import type { QueryProgress } from '../query/query-progress.ts'
import type { Login } from './auth/authenticator.ts'
import { MessageSender } from './message-sender.ts'
import { caughtUp, endsInsideMessage, isAborted, limitReadAhead } from './transport.ts'

/** What every handler knows of its caller. */
export interface CallContext {
  readonly metadata: Metadata
  /** Who calls; undefined in a Handshake without a header that says so. */
  readonly login: Login | undefined
  /** `address:port` of the client; one per connection. */
  readonly peer: string
  /** Host and port the client dialled, as it wrote them. */
  readonly authority: string
  /** Sends a header with the answer. Before its first message. */
  setHeader(name: string, value: string): void
  /** Is told how far a statement is, where somebody will ask. */
  readonly progress?: QueryProgress
  /** Aborts when the client cancels, disappears, or its deadline passes. */
  readonly signal: AbortSignal
  /**
   * After the client has half-closed: resolves when it surely did not cancel along with that.
   *
   * @throws SternaError CANCELLED
   */
  confirmed(): Promise<void>
  /** Ends the call with an error from outside of its handler: whatever that waits for ends as well. */
  fail(error: SternaError): void
}

/** A call before anyone has looked who makes it. */
export type UnknownCaller = Omit<CallContext, 'login'>

export type AnyCall =
  ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>

/** The context of a call. Its signal stays quiet once `finished` was called. */
export function callContext(call: AnyCall): { context: UnknownCaller; finished: () => void } {
  const abort = new AbortController()
  let isFinished = false
  // grpc-js emits 'cancelled' on every end, so only one before our own end means anything.
  const events: EventEmitter = call
  events.on('cancelled', () => {
    if (!isFinished) abort.abort(new SternaError('CANCELLED', 'The client cancelled the call'))
  })
  const context = {
    metadata: call.metadata,
    peer: call.getPeer(),
    authority: call.getHost(),
    signal: abort.signal,
    setHeader: (name: string, value: string) => {
      const headers = new Metadata()
      headers.set(name, value)
      call.sendMetadata(headers)
    },
    confirmed: async () => {
      await caughtUp(call, abort.signal)
      if (abort.signal.aborted) throw SternaError.from(abort.signal.reason)
      if (isAborted(call)) throw leftEarly()
    },
    fail: (error: SternaError) => {
      abort.abort(error)
    },
  }
  return {
    context,
    finished: () => {
      isFinished = true
    },
  }
}

/** The sending side of a streaming call. */
export class ResponseStream {
  readonly #sender: MessageSender

  constructor(
    call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
    signal: AbortSignal,
  ) {
    this.#sender = new MessageSender(call, signal)
  }

  get queuedBytes(): number {
    return this.#sender.queuedBytes
  }

  /** Sends one frame as it is. @returns a promise when the reader is behind and the producer must wait. */
  sendFrame(frame: Frame): Promise<void> | undefined {
    return this.#sender.push([frame.head, ...frame.body], frame.byteLength)
  }

  /** Sends one protobuf message. @returns as {@link sendFrame} */
  send(message: Uint8Array): Promise<void> | undefined {
    const framed = Buffer.allocUnsafe(5 + message.byteLength)
    framed[0] = 0
    framed.writeUInt32BE(message.byteLength, 1)
    framed.set(message, 5)
    return this.#sender.push([framed], framed.byteLength)
  }

  /** Resolves when all was handed to the connection. */
  flush(): Promise<void> {
    return this.#sender.flush()
  }

  /** Drops what was not handed over yet: the call ends with an error. */
  discard(): void {
    this.#sender.discard()
  }
}

/**
 * The messages of a client's stream, in order, until it half-closes.
 *
 * @returns messages that the consumer owns
 * @throws SternaError CANCELLED when the client left before it half-closed: what it sent is then no whole request;
 * MESSAGE_MALFORMED when its last message is cut off
 */
export async function* requestMessages(
  call: ServerDuplexStream<Buffer, Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  limitReadAhead(call)
  const stream = { hasEnded: false }
  let wake: (() => void) | undefined
  const onReadable = (): void => wake?.()
  const onEnd = (): void => {
    stream.hasEnded = true
    wake?.()
  }
  call.on('readable', onReadable)
  call.once('end', onEnd)
  signal.addEventListener('abort', onReadable, { once: true })
  for (;;) {
    if (signal.aborted) throw SternaError.from(signal.reason)
    const message = call.read() as Buffer | null
    if (message !== null) {
      yield message
    } else if (stream.hasEnded) {
      break
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  if (isAborted(call)) throw leftEarly()
  if (endsInsideMessage(call)) {
    throw new SternaError('MESSAGE_MALFORMED', 'The stream ended in the middle of a message')
  }
}

function leftEarly(): SternaError {
  return new SternaError('CANCELLED', 'The client left before it finished its stream')
}
