import type { Http2Session, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import type { Server, ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import { LIMITS } from '../limits.ts'
import { MessageDecoder } from './message-decoder.ts'

/**
 * What makes grpc-js as fast as a C++ server, in one place. Every trick uses a member that grpc-js does not
 * promise, so each is looked for first, and where it is missing the stock behaviour does the job.
 *
 * - Sending: messages that are already framed go to the HTTP/2 stream as they are (stock: allocate n + 5 and copy).
 * - Receiving: windows of 4 and 8 MiB (stock: 64 KiB) and one copy per message.
 */

/** Complete gRPC messages, prefix included, as buffers to write one after the other. Borrowed until written. */
export class FramedMessages {
  readonly buffers: readonly Uint8Array[]

  constructor(buffers: readonly Uint8Array[]) {
    this.buffers = buffers
  }

  /** The messages without their prefixes, for a transport that adds its own. Copies; only the stock path needs it. */
  messages(): Buffer[] {
    const all = Buffer.concat(this.buffers)
    const messages: Buffer[] = []
    for (let position = 0; position < all.length;) {
      const end = position + 5 + all.readUInt32BE(position + 1)
      messages.push(all.subarray(position + 5, end))
      position = end
    }
    return messages
  }
}

/** The members of grpc-js's call that the tuning uses. All private there, so all optional here. */
interface TunableCall {
  stream?: ServerHttp2Stream
  decoder?: { write(data: Buffer): Buffer[] }
  maxReceiveMessageSize?: number
  sendMessage?(message: unknown, callback: () => void): void
  sendStatus?(status: { code: number; details: string; metadata: null }): void
  checkCancelled?(): boolean
  maybeSendMetadata?(): void
}

interface TunableServer {
  commonServerOptions?: { settings?: Record<string, number>; maxOutstandingPings?: number }
}

const CALL_STREAMS = new WeakMap<object, ServerHttp2Stream>()
const CALL_DECODERS = new WeakMap<object, MessageDecoder>()
const TUNED_SESSIONS = new WeakSet<Http2Session>()

/** Sets the HTTP/2 settings that each new session announces. Before `bindAsync`; no effect where grpc-js changed. */
export function tuneServer(server: Server): void {
  const options = (server as unknown as TunableServer).commonServerOptions
  if (options === undefined) return
  options.maxOutstandingPings = LIMITS.pingsMax
  options.settings = {
    ...options.settings,
    initialWindowSize: LIMITS.streamWindowBytes,
    maxFrameSize: LIMITS.receiveFrameBytesMax,
  }
}

/** An interceptor that tunes each call as it starts. */
export function tuningInterceptor(): ServerInterceptor {
  return (_method, call) => {
    const tunable = call as unknown as TunableCall
    if (tunable.stream) {
      CALL_STREAMS.set(call, tunable.stream)
      tuneSession(tunable.stream.session as ServerHttp2Session | undefined)
    }
    tuneReceiving(tunable)
    tuneSending(tunable)
    // The type asks for the class, the call stack takes whatever has its methods.
    return call as unknown as ServerInterceptingCall
  }
}

/** True where the call writes {@link FramedMessages} itself; otherwise its sender has to unpack them. */
export function sendsFramed(call: unknown): boolean {
  return FRAMED_CALLS.has(innermostCall(call))
}

/**
 * True where the client left without finishing its half of the stream. grpc-js reports that as a normal end of
 * the requests; only the HTTP/2 stream below knows better.
 */
export function isAborted(call: unknown): boolean {
  const stream = CALL_STREAMS.get(innermostCall(call))
  return stream !== undefined && (stream.aborted || stream.destroyed || stream.closed)
}

/** True where the client has ended its stream in the middle of a message, which grpc-js passes over. */
export function endsInsideMessage(call: unknown): boolean {
  return CALL_DECODERS.get(innermostCall(call))?.isInside ?? false
}

/**
 * Resolves when everything has come that the client had sent by now: its answer to a PING stands behind that.
 *
 * grpc-js cancels a call in two steps, the end of the stream and, in a packet of its own, the reset: without
 * looking further, a put that is given up halfway is a complete one. Also resolves when there is no answer.
 */
export async function caughtUp(call: unknown, signal: AbortSignal): Promise<void> {
  const session = CALL_STREAMS.get(innermostCall(call))?.session
  if (session === undefined || session.destroyed || signal.aborted) return
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const resolveWithin = (ms: number): void => {
      clearTimeout(timer)
      timer = setTimeout(resolve, ms)
    }
    resolveWithin(LIMITS.pingAnswerMs)
    signal.addEventListener('abort', () => resolveWithin(0), { once: true })
    session.ping((error) => resolveWithin(error === null ? 0 : LIMITS.resetGraceMs))
  })
}

/**
 * Keeps the messages that wait in front of a slow consumer to two. Stock is 16, whatever their size: with 64 MiB
 * batches a gigabyte per call.
 */
export function limitReadAhead(call: Readable): void {
  const state = (call as unknown as { _readableState?: { highWaterMark?: number } })._readableState
  if (state?.highWaterMark !== undefined) state.highWaterMark = 2
}

const FRAMED_CALLS = new WeakSet<object>()

function innermostCall(call: unknown): object {
  return (call as { call?: object }).call ?? (call as object)
}

function tuneSession(session: ServerHttp2Session | undefined): void {
  if (session === undefined || TUNED_SESSIONS.has(session)) return
  TUNED_SESSIONS.add(session)
  session.setLocalWindowSize(LIMITS.connectionWindowBytes)
}

function tuneReceiving(call: TunableCall): void {
  if (call.decoder === undefined || typeof call.maxReceiveMessageSize !== 'number') return
  const limit = call.maxReceiveMessageSize
  const decoder = new MessageDecoder(limit === -1 ? 0xffff_ffff : limit)
  call.decoder = decoder
  CALL_DECODERS.set(call, decoder)
}

function tuneSending(call: TunableCall): void {
  const { stream } = call
  const stock = call.sendMessage?.bind(call)
  if (!stock || !stream || !call.checkCancelled || !call.maybeSendMetadata) return
  FRAMED_CALLS.add(call)
  call.sendMessage = (message, callback) => {
    if (!(message instanceof FramedMessages)) {
      stock(message, callback)
      return
    }
    if (call.checkCancelled?.()) return
    call.maybeSendMetadata?.()
    writeAll(stream, message.buffers, (error) => {
      if (error) call.sendStatus?.({ code: 13, details: 'The stream broke while writing', metadata: null })
      else callback()
    })
  }
}

/** One corked write of all buffers; `done` follows the last. Empty buffers would end up as empty DATA frames. */
function writeAll(
  stream: ServerHttp2Stream,
  buffers: readonly Uint8Array[],
  done: (error?: Error | null) => void,
): void {
  stream.cork()
  const last = buffers.length - 1
  buffers.forEach((buffer, index) => {
    if (index === last) stream.write(buffer, done)
    else if (buffer.byteLength > 0) stream.write(buffer)
  })
  stream.uncork()
}
