import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { Metadata, Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { FLIGHT_METHODS } from '../../flight/service.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'
import { airportDetails } from './airport/error-details.ts'
import type { Login } from './auth/authenticator.ts'
import {
  type AnyCall,
  type CallContext,
  ResponseStream,
  type UnknownCaller,
  callContext,
  requestMessages,
} from './call.ts'
import { guardInterceptor, guardServer } from './call-guard.ts'
import { connectionInterceptor } from './connections.ts'
import { doAction } from './handlers/do-action.ts'
import { doExchange } from './handlers/do-exchange.ts'
import { doGet } from './handlers/do-get.ts'
import { doPut } from './handlers/do-put.ts'
import { getFlightInfo } from './handlers/get-flight-info.ts'
import { getSchema } from './handlers/get-schema.ts'
import { handshake } from './handlers/handshake.ts'
import { listActions } from './handlers/list-actions.ts'
import { listFlights } from './handlers/list-flights.ts'
import { pollFlightInfo } from './handlers/poll-flight-info.ts'
import type { Services } from './services.ts'
import { type CallStatus, statusOf } from './status.ts'
import type { TlsPair } from './tls.ts'
import { tuneServer, tuningInterceptor } from './transport.ts'

/** How the gRPC server treats its calls. */
export interface FlightServerOptions {
  readonly receiveMessageBytesMax: number
  /** `stock` leaves grpc-js as it comes: slower, and the reference that the tuned transport is tested against. */
  readonly transport: 'tuned' | 'stock'
}

interface StreamingCall {
  readonly context: UnknownCaller
  readonly response: ResponseStream
  /** Tells that the call has ended by itself. */
  readonly finished: () => void
}

type UnaryHandler = (request: Buffer, context: CallContext, services: Services) => Promise<Buffer>
type StreamHandler = (
  request: Buffer,
  response: ResponseStream,
  context: CallContext,
  services: Services,
) => Promise<void>
type BidiHandler = (
  requests: AsyncIterable<Buffer>,
  response: ResponseStream,
  context: CallContext,
  services: Services,
) => Promise<void>

/** The gRPC side of Sterna: the ten RPCs of Flight on one port. */
export class FlightServer {
  readonly #server: Server
  readonly #services: Services
  readonly #log: Logger
  #isStopping = false

  constructor(services: Services, options: FlightServerOptions) {
    this.#services = services
    this.#log = services.log
    this.#server = new Server({
      'grpc.max_receive_message_length': options.receiveMessageBytesMax,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': LIMITS.keepaliveMs,
      'grpc.keepalive_timeout_ms': LIMITS.keepaliveAnswerMs,
      interceptors: [
        guardInterceptor(),
        connectionInterceptor((peer) => services.sql.connectionGone(peer)),
        ...(options.transport === 'tuned' ? [tuningInterceptor()] : []),
      ],
    })
    guardServer(this.#server)
    if (options.transport === 'tuned') tuneServer(this.#server)
    this.#server.addService(FLIGHT_METHODS, this.#implementation())
  }

  /**
   * @param port - 0 picks a free one
   * @param tls - certificate chain and key, PEM; plain text without
   * @returns the port it listens on
   * @throws Error when the address cannot be bound, or certificate and key are no pair
   */
  async listen(host: string, port: number, tls?: TlsPair): Promise<number> {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, credentialsOf(tls), (error, bound) => {
        if (error) reject(error)
        else resolve(bound)
      })
    })
  }

  /** Refuses new calls, waits up to `drainMs` for those that run, then ends them. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true
    const drained = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()))
    let timer: NodeJS.Timeout | undefined
    const expired = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)))
    await Promise.race([drained, expired])
    clearTimeout(timer)
    this.#server.forceShutdown()
  }

  #implementation(): UntypedServiceImplementation {
    return {
      Handshake: this.#bidi('Handshake', handshake),
      ListFlights: this.#stream('ListFlights', listFlights),
      GetFlightInfo: this.#unary('GetFlightInfo', getFlightInfo),
      PollFlightInfo: this.#unary('PollFlightInfo', pollFlightInfo),
      GetSchema: this.#unary('GetSchema', getSchema),
      DoGet: this.#stream('DoGet', doGet),
      DoPut: this.#bidi('DoPut', doPut),
      DoExchange: this.#bidi('DoExchange', doExchange),
      DoAction: this.#stream('DoAction', doAction),
      ListActions: this.#stream('ListActions', (_request, response) => listActions(response)),
    }
  }

  #unary(rpc: string, handler: UnaryHandler) {
    return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      const { context, finished } = callContext(call)
      this.#guard(rpc, call, context, (known) => handler(call.request, known, this.#services)).then(
        (answer) => {
          finished()
          callback(null, answer)
        },
        (error: unknown) => {
          finished()
          callback(this.#failure(error, rpc, call))
        },
      )
    }
  }

  #stream(rpc: string, handler: StreamHandler) {
    return (call: ServerWritableStream<Buffer, Buffer>): void => {
      const { context, finished } = callContext(call)
      const response = new ResponseStream(call, context.signal)
      this.#finish(rpc, call, { context, response, finished }, (known) =>
        handler(call.request, response, known, this.#services),
      )
    }
  }

  #bidi(rpc: string, handler: BidiHandler) {
    return (call: ServerDuplexStream<Buffer, Buffer>): void => {
      const { context, finished } = callContext(call)
      const response = new ResponseStream(call, context.signal)
      const requests = requestMessages(call, context.signal)
      this.#finish(rpc, call, { context, response, finished }, (known) =>
        handler(requests, response, known, this.#services),
      )
    }
  }

  #finish(
    rpc: string,
    call: ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>,
    { context, response, finished }: StreamingCall,
    work: (context: CallContext) => Promise<void>,
  ): void {
    this.#guard(rpc, call, context, async (known) => {
      await work(known)
      await response.flush()
    }).then(
      () => {
        finished()
        call.end()
      },
      (error: unknown) => {
        finished()
        response.discard()
        call.emit('error', this.#failure(error, rpc, call))
      },
    )
  }

  #failure(error: unknown, rpc: string, { metadata }: AnyCall): CallStatus {
    return { ...statusOf(error, rpc, this.#log), ...airportDetails(error, metadata) }
  }

  async #guard<T>(
    rpc: string,
    call: AnyCall,
    context: UnknownCaller,
    work: (context: CallContext) => Promise<T>,
  ): Promise<T> {
    if (this.#isStopping)
      throw new SternaError('SERVER_STOPPING', `The server is stopping and takes no ${rpc}`)
    const login = await this.#login(rpc, call)
    return work({ ...context, login })
  }

  /** Who calls; a password is answered with a token in the header. Only a Handshake may come without either. */
  async #login(rpc: string, call: AnyCall): Promise<Login | undefined> {
    const hasCredentials = call.metadata.get('authorization').length > 0
    if (rpc === 'Handshake' && !hasCredentials) return undefined
    const login = await this.#services.authenticator.identify(call.metadata)
    if (login.token !== undefined) {
      const header = new Metadata()
      header.set('authorization', `Bearer ${login.token}`)
      call.sendMetadata(header)
    }
    return login
  }
}

function credentialsOf(tls: TlsPair | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  return ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }])
}
