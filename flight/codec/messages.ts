import protobuf from 'protobufjs/light.js'
import { WireError } from '../status.ts'
import { descriptors } from './descriptors.ts'
import { MESSAGE_NAMES, type MessageMap } from './message-types.ts'

export type * from './message-types.ts'

/** What `encode` takes for a message: any field may be left out or null, which is its protobuf default. */
export type MessageInput<T> = T extends Uint8Array
  ? Uint8Array
  : T extends Map<infer K, infer V>
    ? ReadonlyMap<K, MessageInput<V>>
    : T extends readonly (infer E)[]
      ? readonly MessageInput<E>[]
      : T extends object
        ? { readonly [K in keyof T]?: MessageInput<T[K]> | null | undefined }
        : T

/** Encodes and decodes one kind of message. */
export interface MessageCodec<T> {
  /** The full protobuf name, as in `google.protobuf.Any.type_url` after the slash. */
  readonly typeName: string
  /** @returns bytes of their own; a number that its field cannot hold is the caller's mistake */
  encode(value: MessageInput<T>): Buffer
  /**
   * Every field is there: scalars and lists have their default, absent messages and optional fields are null.
   *
   * @param bytes - `bytes` fields of the result are views of it
   * @throws WireError MESSAGE_MALFORMED where it is truncated, not UTF-8, or holds an int64 outside ±2^53
   */
  decode(bytes: Uint8Array): T
}

type Plain = Record<string, unknown>
type FieldCodec = { name: string; toPlain: Converter; toProto: Converter; nullable: boolean }
type Converter = (value: unknown) => unknown

const root = protobuf.Root.fromJSON(descriptors).resolveAll()
const fieldsOfType = new Map<protobuf.Type, FieldCodec[]>()

/**
 * The codec of every message of Flight.proto and FlightSql.proto, by the message's name.
 *
 * int64 fields are numbers, but for the value of a session option, which is a bigint: it is the client's own.
 */
export const messages = Object.fromEntries(
  Object.entries(MESSAGE_NAMES).map(([name, typeName]) => [name, messageCodec(typeName)]),
) as unknown as { readonly [K in keyof MessageMap]: MessageCodec<MessageMap[K]> }

function messageCodec(typeName: string): MessageCodec<Plain> {
  const type = root.lookupType(typeName)
  return {
    typeName,
    encode(value) {
      const { buffer, byteOffset, byteLength } = type.encode(messageToProto(type, value)).finish()
      return Buffer.from(buffer, byteOffset, byteLength)
    },
    decode(bytes) {
      try {
        return messageToPlain(type, type.decode(bytes))
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unreadable'
        throw new WireError('MESSAGE_MALFORMED', `Message ${type.name} is malformed: ${reason}`)
      }
    },
  }
}

function messageToPlain(type: protobuf.Type, message: object): Plain {
  const plain: Plain = {}
  for (const field of fieldsOf(type)) {
    // The defaults stand on the prototype, so only an own property was on the wire.
    const isPresent = Object.hasOwn(message, field.name)
    const value = (message as Plain)[field.name]
    plain[field.name] = (field.nullable && !isPresent) || value === null ? null : field.toPlain(value)
  }
  return plain
}

function messageToProto(type: protobuf.Type, value: Plain): Plain {
  const message: Plain = {}
  for (const field of fieldsOf(type)) {
    const part = value[field.name]
    if (part !== undefined && part !== null) message[field.name] = field.toProto(part)
  }
  return message
}

function fieldsOf(type: protobuf.Type): FieldCodec[] {
  let fields = fieldsOfType.get(type)
  if (fields === undefined) {
    fields = type.fieldsArray.map(fieldCodec)
    fieldsOfType.set(type, fields)
  }
  return fields
}

function fieldCodec(field: protobuf.Field): FieldCodec {
  const { toPlain, toProto } = valueCodec(field)
  const isMap = field instanceof protobuf.MapField
  const nullable =
    !isMap && !field.repeated && (field.resolvedType instanceof protobuf.Type || field.hasPresence)
  const shared = { name: field.name, nullable }
  if (isMap) {
    return {
      ...shared,
      toPlain: (map) => new Map(Object.entries(map as Plain).map(([key, item]) => [key, toPlain(item)])),
      toProto: (map) => {
        // Without a prototype, so that the key `__proto__` is a key like any other.
        const entries = Object.create(null) as Plain
        for (const [key, item] of map as ReadonlyMap<string, unknown>) entries[key] = toProto(item)
        return entries
      },
    }
  }
  if (!field.repeated) return { ...shared, toPlain, toProto }
  return {
    ...shared,
    toPlain: (list) => (list as unknown[]).map(toPlain),
    toProto: (list) => (list as readonly unknown[]).map(toProto),
  }
}

function valueCodec(field: protobuf.Field): { toPlain: Converter; toProto: Converter } {
  const type = field.resolvedType
  if (type instanceof protobuf.Type) {
    return {
      toPlain: (value) => messageToPlain(type, value as object),
      toProto: (value) => messageToProto(type, value as Plain),
    }
  }
  if (field.type === 'sfixed64') return { toPlain: (value) => longToBigInt(value), toProto: bigIntToLong }
  if (field.type === 'int64' || field.type === 'uint64') {
    return { toPlain: (value) => longToNumber(value, field.name), toProto: (value) => value }
  }
  // Absent bytes are a plain array in protobufjs.
  if (field.type === 'bytes') {
    return {
      toPlain: (value) => (value instanceof Uint8Array ? value : new Uint8Array(0)),
      toProto: (value) => value,
    }
  }
  return { toPlain: (value) => value, toProto: (value) => value }
}

/** The form in which protobufjs gives and takes 64-bit integers; `long` itself is its dependency, not ours. */
interface Long {
  low: number
  high: number
  unsigned: boolean
}

function longToBigInt(value: unknown): bigint {
  if (typeof value === 'number') return BigInt(value)
  const { low, high, unsigned } = value as Long
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0)
}

function bigIntToLong(value: unknown): Long {
  const bits = BigInt.asIntN(64, value as bigint)
  return { low: Number(BigInt.asIntN(32, bits)), high: Number(bits >> 32n), unsigned: false }
}

function longToNumber(value: unknown, name: string): number {
  const exact = longToBigInt(value)
  const number = Number(exact)
  if (!Number.isSafeInteger(number)) throw new Error(`${name} is larger than 2^53`)
  return number
}
