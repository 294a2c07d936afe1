/** The gRPC service of Arrow Flight. Source: flight/proto/Flight.proto. */
export const FLIGHT_SERVICE = 'arrow.flight.protocol.FlightService'

type Codec = (bytes: Buffer) => Buffer

/** One RPC as a gRPC library takes it; messages stay encoded on both sides. */
export interface FlightMethod {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly requestSerialize: Codec
  readonly requestDeserialize: Codec
  readonly responseSerialize: Codec
  readonly responseDeserialize: Codec
}

/**
 * The ten RPCs. Their codecs hand the bytes through, because a decoder that throws inside grpc-js ends the call with
 * a status of its own; the handlers decode, and their errors reach the client.
 */
export const FLIGHT_METHODS = {
  Handshake: method('Handshake', true, true),
  ListFlights: method('ListFlights', false, true),
  GetFlightInfo: method('GetFlightInfo', false, false),
  PollFlightInfo: method('PollFlightInfo', false, false),
  GetSchema: method('GetSchema', false, false),
  DoGet: method('DoGet', false, true),
  DoPut: method('DoPut', true, true),
  DoExchange: method('DoExchange', true, true),
  DoAction: method('DoAction', false, true),
  ListActions: method('ListActions', false, true),
} as const satisfies Record<string, FlightMethod>

export type FlightMethodName = keyof typeof FLIGHT_METHODS

function method(name: string, requestStream: boolean, responseStream: boolean): FlightMethod {
  return {
    path: `/${FLIGHT_SERVICE}/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes
}
