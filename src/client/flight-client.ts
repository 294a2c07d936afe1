import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
} from '@grpc/grpc-js'
import {
  decapsulate,
  decodeFlightData,
  DescriptorType,
  FLIGHT_SERVICE,
  type FlightDescriptor,
  type FlightInfo,
  type Frame,
  frameFromFlightData,
  makeFrame,
  messages,
  parseSchema,
  type Schema,
} from '../../flight/index.ts'
import { FlightError } from './flight-error.ts'

/** What a call is about: a dataset by its path, or a command (JSON, SQL or bytes). */
export type Descriptor = { readonly path: readonly string[] } | { readonly cmd: string | Uint8Array }

/** How a client reaches its server and who it says it is. */
export interface FlightClientOptions {
  /** PEM certificates to trust with `grpc+tls`, in the place of those that Node knows. */
  readonly tlsRootCertificates?: Uint8Array
  /** Sent with every call. Over plain text everyone on the way can read it. */
  readonly login?: { readonly user: string; readonly password: string }
}

/** HTTP/2 window; with the 64 KiB that gRPC begins with, a read runs at a quarter of the speed. */
const FLOW_CONTROL_WINDOW_BYTES = 8 * 1024 * 1024

/** What a put may hand to the connection before the first of it is sent. */
const SEND_QUEUE_BYTES_MAX = 8 * 1024 * 1024

/** Compressed flag and length, which grpc-js writes itself. */
const GRPC_PREFIX_BYTES = 5

/**
 * A client of any Arrow Flight server. Data goes in and out as {@link Frame}s, which are record batches in Arrow
 * IPC form; `writeIpcStream` and `readIpcStream` turn them into bytes that every Arrow library reads.
 *
 * Every call rejects with {@link FlightError}. Generators pull: a slow consumer slows the server, and leaving the
 * loop cancels the call.
 */
export class FlightClient {
  readonly #client: Client
  readonly #url: string
  readonly #metadata = new Metadata()

  /**
   * Connects at the first call.
   *
   * @param url - `grpc://host:port` or `grpc+tcp://host:port`, with TLS `grpc+tls://host:port`
   * @throws TypeError when the address is of another form
   */
  constructor(url: string, { tlsRootCertificates, login }: FlightClientOptions = {}) {
    const { address, hasTls } = parseUrl(url)
    this.#url = url
    if (login !== undefined) {
      const text = Buffer.from(`${login.user}:${login.password}`).toString('base64')
      this.#metadata.set('authorization', `Basic ${text}`)
    }
    const channel = hasTls
      ? credentials.createSsl(tlsRootCertificates && asBuffer(tlsRootCertificates))
      : credentials.createInsecure()
    this.#client = new Client(address, channel, {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    })
  }

  /**
   * DoPut: sends one stream of batches.
   *
   * @param frames - the schema first; borrowed until the promise settles. An error thrown here cancels the put.
   * @returns the `app_metadata` of each PutResult, in order
   */
  async put(descriptor: Descriptor, frames: AsyncIterable<Frame> | Iterable<Frame>): Promise<Uint8Array[]> {
    const call = this.#client.makeBidiStreamRequest(methodPath('DoPut'), messageOf, same, this.#metadata)
    const results: Uint8Array[] = []
    const sender = new Sender(call)
    const answered = (async () => {
      try {
        for await (const message of this.#received(call)) {
          results.push(messages.PutResult.decode(message).appMetadata)
        }
      } finally {
        sender.stop()
      }
    })()
    try {
      await Promise.race([answered, sender.sendAll(withDescriptor(frames, descriptorBytes(descriptor)))])
      call.end()
    } catch (error) {
      call.cancel()
      await answered.catch(() => undefined)
      throw error
    }
    await answered
    return results
  }

  /** DoGet: the frames of a ticket, the schema first. Each is fresh memory that the consumer owns. */
  async *get(ticket: string | Uint8Array): AsyncGenerator<Frame, void, undefined> {
    const request = messages.Ticket.encode({ ticket: bytesOf(ticket) })
    for await (const message of this.#stream('DoGet', request))
      yield frameFromFlightData(decodeFlightData(message))
  }

  /** GetFlightInfo: schema, sizes and tickets. */
  async info(descriptor: Descriptor): Promise<FlightInfo> {
    return messages.FlightInfo.decode(await this.#unary('GetFlightInfo', descriptorBytes(descriptor)))
  }

  /** GetSchema. */
  async schema(descriptor: Descriptor): Promise<Schema> {
    const answer = await this.#unary('GetSchema', descriptorBytes(descriptor))
    return parseSchema(decapsulate(messages.SchemaResult.decode(answer).schema))
  }

  /** ListFlights. @param criteria - what the server makes of it; Sterna: a glob of keys, such as `trades_*` */
  async *list(criteria: string | Uint8Array = ''): AsyncGenerator<FlightInfo, void, undefined> {
    const request = messages.Criteria.encode({ expression: bytesOf(criteria) })
    for await (const message of this.#stream('ListFlights', request))
      yield messages.FlightInfo.decode(message)
  }

  /** DoAction: the bodies of the results. */
  async *action(type: string, body: string | Uint8Array = ''): AsyncGenerator<Uint8Array, void, undefined> {
    const request = messages.Action.encode({ type, body: bytesOf(body) })
    for await (const message of this.#stream('DoAction', request)) yield messages.Result.decode(message).body
  }

  /** Ends the connection; calls that still run fail. */
  close(): void {
    this.#client.close()
  }

  #unary(rpc: string, request: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        methodPath(rpc),
        asBuffer,
        same,
        request,
        this.#metadata,
        (error, answer) => {
          if (answer === undefined) reject(FlightError.from(error, this.#url))
          else resolve(answer)
        },
      )
    })
  }

  #stream(rpc: string, request: Uint8Array): AsyncGenerator<Buffer, void, undefined> {
    return this.#received(
      this.#client.makeServerStreamRequest(methodPath(rpc), asBuffer, same, request, this.#metadata),
    )
  }

  async *#received(
    call: ClientReadableStream<Buffer> | ClientDuplexStream<Frame, Buffer>,
  ): AsyncGenerator<Buffer, void, undefined> {
    // The loop reports errors; the listener is for the one that follows our own cancel, when nobody loops.
    call.on('error', () => undefined)
    try {
      for await (const message of call) yield message as Buffer
    } catch (error) {
      throw FlightError.from(error, this.#url)
    } finally {
      call.cancel()
    }
  }
}

/** The sending side of a put, bounded in bytes: frames may be 2 MiB or half a gigabyte. */
class Sender {
  readonly #call: ClientDuplexStream<Frame, Buffer>
  #queuedBytes = 0
  #isStopped = false
  #wake: (() => void) | undefined

  constructor(call: ClientDuplexStream<Frame, Buffer>) {
    this.#call = call
  }

  async sendAll(frames: AsyncIterable<Frame>): Promise<void> {
    for await (const frame of frames) {
      this.#queuedBytes += frame.byteLength
      this.#call.write(frame, () => {
        this.#queuedBytes -= frame.byteLength
        this.#wake?.()
      })
      while (this.#queuedBytes > SEND_QUEUE_BYTES_MAX && !this.#isStopped) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
      if (this.#isStopped) return
    }
  }

  /** The server has answered for good: nothing more is to be sent. */
  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }
}

/** The first message names the dataset. */
async function* withDescriptor(
  frames: AsyncIterable<Frame> | Iterable<Frame>,
  descriptor: Uint8Array,
): AsyncGenerator<Frame, void, undefined> {
  let isFirst = true
  for await (const frame of frames) {
    const { header, body, kind, rows, appMetadata } = frame
    yield isFirst
      ? makeFrame(header, body, { kind, rows, appMetadata: appMetadata ?? undefined, descriptor })
      : frame
    isFirst = false
  }
}

function messageOf({ head, body }: Frame): Buffer {
  return Buffer.concat([head.subarray(GRPC_PREFIX_BYTES), ...body])
}

function descriptorBytes(descriptor: Descriptor): Uint8Array {
  const message: FlightDescriptor =
    'path' in descriptor
      ? { type: DescriptorType.PATH, path: [...descriptor.path], cmd: new Uint8Array() }
      : { type: DescriptorType.CMD, path: [], cmd: bytesOf(descriptor.cmd) }
  return messages.FlightDescriptor.encode(message)
}

function parseUrl(url: string): { address: string; hasTls: boolean } {
  const [, scheme, address] =
    /^grpc(\+tcp|\+tls)?:\/\/((?:\[[\da-f:.%]+\]|[^/:[\]]+):\d{1,5})\/?$/i.exec(url) ?? []
  if (address === undefined) {
    throw new TypeError(`"${url}" is no address of the form grpc://host:port or grpc+tls://host:port`)
  }
  return { address, hasTls: scheme?.toLowerCase() === '+tls' }
}

function methodPath(rpc: string): string {
  return `/${FLIGHT_SERVICE}/${rpc}`
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function same(bytes: Buffer): Buffer {
  return bytes
}
