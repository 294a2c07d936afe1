import { varintLength, WIRE_TYPE, WireReader, writeVarint } from './wire.ts'

/** `field number << 3 | 2`. Source: flight/proto/Flight.proto, message FlightData. */
const TAG = {
  DESCRIPTOR: 0x0a,
  HEADER: 0x12,
  APP_METADATA: 0x1a,
  BODY: (1000 << 3) | WIRE_TYPE.BYTES,
} as const

/** gRPC puts a compressed flag and a uint32 big-endian length before each message. */
export const GRPC_PREFIX_BYTES = 5

/** The fields of one FlightData message. All are views of `message` and live as long as its memory does. */
export interface FlightDataView {
  /** An encoded FlightDescriptor; only the first message of a DoPut or DoExchange has one. */
  readonly descriptor: Uint8Array | null
  /** The IPC Message flatbuffer; empty where the message carries metadata only. */
  readonly dataHeader: Uint8Array
  /** Null where empty too: protobuf cannot tell the two apart. */
  readonly appMetadata: Uint8Array | null
  readonly body: Uint8Array
  /** The whole encoded message. */
  readonly message: Uint8Array
  /** True where only known fields are there, each once, in ascending order: the bytes can be sent on as they are. */
  readonly isCanonical: boolean
}

const empty = new Uint8Array(0)

/**
 * Decodes one FlightData message into views; nothing is copied, whatever the size of the body.
 *
 * Wire: `FlightData { flight_descriptor=1, data_header=2, app_metadata=3, data_body=1000 }`, in any order; unknown
 * fields are passed over, of a repeated one the last counts.
 *
 * @throws WireError MESSAGE_MALFORMED
 */
export function decodeFlightData(message: Uint8Array): FlightDataView {
  const reader = new WireReader(message)
  let descriptor: Uint8Array | null = null
  let dataHeader: Uint8Array = empty
  let appMetadata: Uint8Array | null = null
  let body: Uint8Array = empty
  let isCanonical = true
  let lastTag = 0
  while (!reader.isAtEnd) {
    const tag = reader.readTag()
    if (tag <= lastTag) isCanonical = false
    lastTag = tag
    switch (tag) {
      case TAG.DESCRIPTOR:
        descriptor = reader.readBytes()
        break
      case TAG.HEADER:
        dataHeader = reader.readBytes()
        break
      case TAG.APP_METADATA:
        appMetadata = reader.readBytes()
        break
      case TAG.BODY:
        body = reader.readBytes()
        break
      default:
        isCanonical = false
        reader.skip(tag & 7)
    }
  }
  if (appMetadata?.length === 0) appMetadata = null
  return { descriptor, dataHeader, appMetadata, body, message, isCanonical }
}

/** The parts of a FlightData message that stand before its body. */
export interface FlightDataHead {
  dataHeader: Uint8Array
  /** Bytes of the body that will follow; null where the message has no body field. */
  bodyLength: number | null
  appMetadata?: Uint8Array | null | undefined
  /** An encoded FlightDescriptor. */
  descriptor?: Uint8Array | null | undefined
}

/**
 * Encodes everything of one FlightData message that comes before its body, with the gRPC prefix in front.
 *
 * Wire: `00`, uint32 big-endian length of the message, the fields 1 to 3, then the tag and length of data_body, so
 * that head and body written one after the other are a complete gRPC message and the body needs no copy.
 *
 * @returns bytes of their own: one allocation of the exact size
 * @throws RangeError where the message is over 4 GiB, which gRPC's prefix cannot say
 */
export function encodeFlightDataHead(parts: FlightDataHead): Uint8Array {
  const { dataHeader, bodyLength } = parts
  const descriptor = parts.descriptor ?? empty
  const appMetadata = parts.appMetadata ?? empty
  const bodyPrefix = bodyLength === null ? 0 : 2 + varintLength(bodyLength)
  const length = fieldLength(descriptor) + fieldLength(dataHeader) + fieldLength(appMetadata) + bodyPrefix
  const messageLength = length + (bodyLength ?? 0)
  if (messageLength > 0xffff_ffff) throw new RangeError(`A message of ${messageLength} bytes is over 4 GiB`)
  const head = new Uint8Array(GRPC_PREFIX_BYTES + length)
  new DataView(head.buffer).setUint32(1, messageLength)
  let position = GRPC_PREFIX_BYTES
  position = writeField(head, position, TAG.DESCRIPTOR, descriptor)
  position = writeField(head, position, TAG.HEADER, dataHeader)
  position = writeField(head, position, TAG.APP_METADATA, appMetadata)
  if (bodyLength !== null) {
    position = writeVarint(head, position, TAG.BODY)
    writeVarint(head, position, bodyLength)
  }
  return head
}

/** An empty field is left out, as proto3 does. The three tags before the body take one byte each. */
function fieldLength(value: Uint8Array): number {
  return value.length === 0 ? 0 : 1 + varintLength(value.length) + value.length
}

function writeField(target: Uint8Array, position: number, tag: number, value: Uint8Array): number {
  if (value.length === 0) return position
  target[position] = tag
  const start = writeVarint(target, position + 1, value.length)
  target.set(value, start)
  return start + value.length
}
