import { WireError } from '../status.ts'
import { type MessageMap, messages, type MessageInput } from './messages.ts'

/** What stands before the message's name in a type_url; clients compare the whole text. */
export const TYPE_URL_PREFIX = 'type.googleapis.com/'

/** A `google.protobuf.Any`, its message still encoded. */
export interface PackedMessage {
  /** Full protobuf name, such as `arrow.flight.protocol.sql.CommandStatementQuery`. */
  typeName: string
  /** A view of the bytes it was unpacked from. */
  value: Uint8Array
}

/** Encodes a message and wraps it in a `google.protobuf.Any`, as Flight SQL commands and actions are sent. */
export function packAny<K extends keyof MessageMap>(name: K, value: MessageInput<MessageMap[K]>): Buffer {
  return messages.Any.encode({
    typeUrl: TYPE_URL_PREFIX + messages[name].typeName,
    value: messages[name].encode(value),
  })
}

/**
 * Reads a `google.protobuf.Any`; its message stays encoded.
 *
 * @throws WireError MESSAGE_MALFORMED where the bytes are no Any or its type_url names nothing
 */
export function unpackAny(bytes: Uint8Array): PackedMessage {
  const { typeUrl, value } = messages.Any.decode(bytes)
  // Spec: only what follows the last slash names the type; hosts differ between clients.
  const typeName = typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
  if (typeName === '' || !typeUrl.includes('/')) {
    throw new WireError('MESSAGE_MALFORMED', 'Message Any is malformed: type_url names no type')
  }
  return { typeName, value }
}

/**
 * Reads a `google.protobuf.Any` that has to be of one kind.
 *
 * @throws WireError MESSAGE_MALFORMED where it is malformed or of another kind
 */
export function unpackAnyAs<K extends keyof MessageMap>(name: K, bytes: Uint8Array): MessageMap[K] {
  const { typeName, value } = unpackAny(bytes)
  if (typeName !== messages[name].typeName) {
    throw new WireError(
      'MESSAGE_MALFORMED',
      `Message is ${typeName.slice(0, 100)}, expected ${messages[name].typeName}`,
    )
  }
  return messages[name].decode(value)
}
