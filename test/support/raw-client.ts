/**
 * A gRPC client that knows nothing of Flight: any bytes as messages on any RPC, also where no real client would send
 * them, half-closed, cancelled or left behind at any point.
 */
import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import { Client, type ClientDuplexStream, Metadata, credentials, type StatusObject } from '@grpc/grpc-js'
import { FLIGHT_METHODS, type FlightMethodName } from '../../flight/service.ts'

/** How a call ended. */
export interface RawStatus {
  readonly code: number
  readonly details: string
}

/** Everything that came of a call. */
export interface RawAnswer extends RawStatus {
  readonly messages: readonly Buffer[]
}

export interface RawCallOptions {
  /** From now; none by default. */
  readonly deadlineMs?: number
  readonly metadata?: Readonly<Record<string, string>>
}

/** One connection. Every RPC is taken as a stream in both directions: on the wire there is no difference. */
export class RawClient {
  readonly #client: Client

  /** @param url - `grpc://host:port` */
  constructor(url: string) {
    this.#client = new Client(new URL(url).host, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // A channel of its own, so that closing it closes the connection.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  call(rpc: FlightMethodName, options: RawCallOptions = {}): RawCall {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value)
    const { path } = FLIGHT_METHODS[rpc]
    const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs }
    return new RawCall(
      this.#client.makeBidiStreamRequest<Buffer, Buffer>(path, same, same, metadata, deadline),
    )
  }

  /** Sends all messages, half-closes, and reads to the end. Never rejects: the status is the answer. */
  async exchange(
    rpc: FlightMethodName,
    messages: readonly Uint8Array[],
    options: RawCallOptions = {},
  ): Promise<RawAnswer> {
    const call = this.call(rpc, options)
    for (const message of messages) call.send(message)
    call.halfClose()
    const received: Buffer[] = []
    for (let message = await call.read(); message !== null; message = await call.read())
      received.push(message)
    return { ...(await call.ended), messages: received }
  }

  /** Ends the connection, and with it whatever still runs on it. */
  close(): void {
    this.#client.close()
  }
}

/** One call, driven by hand. */
export class RawCall {
  /** Resolves when the call is over, whoever ended it. */
  readonly ended: Promise<RawStatus>
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #messages: AsyncIterator<Buffer>

  constructor(stream: ClientDuplexStream<Buffer, Buffer>) {
    this.#stream = stream
    this.ended = new Promise((resolve) => {
      stream.on('status', ({ code, details }: StatusObject) => {
        resolve({ code, details })
      })
    })
    // The status says the same; without a listener it would end the process.
    stream.on('error', () => undefined)
    this.#messages = stream[Symbol.asyncIterator]()
  }

  /** Queues one message. What comes after the end of the call is dropped. */
  send(message: Uint8Array): void {
    this.#stream.write(Buffer.from(message.buffer, message.byteOffset, message.byteLength))
  }

  halfClose(): void {
    this.#stream.end()
  }

  cancel(): void {
    this.#stream.cancel()
  }

  /** The next message of the server; null once there is none, whatever the status. */
  async read(): Promise<Buffer | null> {
    try {
      const next = await this.#messages.next()
      return next.done === true ? null : next.value
    } catch {
      return null
    }
  }
}

/** What a server says on HTTP/2 itself, to a client that writes its own gRPC prefixes. */
export interface Http2Answer {
  /** `grpc-status` as a number; null where the stream was reset without one. */
  readonly code: number | null
  /** `grpc-message`, decoded. */
  readonly details: string
  readonly body: Buffer
}

/** One call on a connection of its own, whose DATA frames hold what it is told: prefixes that lie, and none. */
export class Http2Call {
  /** Resolves when the server has ended its side, or the connection is gone. */
  readonly answer: Promise<Http2Answer>
  readonly #socket: Socket
  readonly #stream: ClientHttp2Stream

  /** @param headers - besides those that every gRPC call has */
  constructor(url: string, rpc: FlightMethodName, headers: Readonly<Record<string, string>> = {}) {
    const { hostname, port, host } = new URL(url)
    this.#socket = connectSocket(Number(port), hostname)
    const session = connect(`http://${host}`, { createConnection: () => this.#socket })
    this.#stream = session.request(
      {
        ':method': 'POST',
        ':path': FLIGHT_METHODS[rpc].path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      },
      { endStream: false },
    )
    // What goes wrong shows in the answer; without listeners it would end the process.
    session.on('error', () => undefined)
    this.#stream.on('error', () => undefined)
    this.answer = answerOf(this.#stream).finally(() => {
      session.destroy()
    })
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes)
  }

  halfClose(): void {
    this.#stream.end()
  }

  /** Takes the connection away, as a client that crashes does. */
  vanish(): void {
    this.#socket.resetAndDestroy()
  }
}

/** One whole call: writes the bytes, half-closes and waits for the answer. */
export function callHttp2(
  url: string,
  rpc: FlightMethodName,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Http2Answer> {
  const call = new Http2Call(url, rpc, headers)
  call.write(bytes)
  call.halfClose()
  return call.answer
}

async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let code: number | null = null
  let details = ''
  const onHeaders = (received: IncomingHttpHeaders): void => {
    if (received['grpc-status'] === undefined) return
    code = Number(received['grpc-status'])
    details = decodeURIComponent(String(received['grpc-message'] ?? ''))
  }
  stream.on('response', onHeaders).on('trailers', onHeaders)
  const body: Buffer[] = []
  stream.on('data', (chunk: Buffer) => body.push(chunk))
  await new Promise<void>((resolve) => {
    // A server that has answered need not wait for the client's half.
    stream.once('end', resolve).once('close', resolve)
  })
  return { code, details, body: Buffer.concat(body) }
}

/** A message with the gRPC prefix that an honest client would give it, or one that lies. */
export function prefixed(message: Uint8Array, options: { length?: number; flag?: number } = {}): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = options.flag ?? 0
  prefix.writeUInt32BE(options.length ?? message.byteLength, 1)
  return Buffer.concat([prefix, message])
}

function same(bytes: Buffer): Buffer {
  return bytes
}
