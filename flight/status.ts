/** gRPC status codes that a Flight server answers with. Source: grpc `status.proto` codes. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

/** What can be wrong with bytes from the wire; `src/errors.ts` gives each its gRPC status. */
export type WireErrorCode =
  | 'MESSAGE_MALFORMED' // a protobuf message that cannot be decoded
  | 'DESCRIPTOR_MALFORMED' // a FlightDescriptor that names nothing
  | 'TICKET_MALFORMED' // a ticket that is neither a key nor a request
  | 'IPC_MALFORMED' // an Arrow IPC message whose flatbuffer or buffers lie
  | 'TYPE_UNSUPPORTED' // an Arrow type or IPC feature we do not take

/** Bytes from the wire that cannot be understood. The message names what was wrong and is safe for the client. */
export class WireError extends Error {
  readonly code: WireErrorCode

  constructor(code: WireErrorCode, message: string) {
    super(message)
    this.name = 'WireError'
    this.code = code
  }
}
