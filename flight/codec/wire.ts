import { WireError } from '../status.ts'

/** The wire types of protobuf that proto3 uses. Source: protobuf.dev/programming-guides/encoding. */
export const WIRE_TYPE = { VARINT: 0, FIXED64: 1, BYTES: 2, FIXED32: 5 } as const

/** Spec: a varint has at most ten bytes of seven bits. */
const varintBytesMax = 10

/**
 * Reads protobuf fields from a view, without copying. Every read is bounded by the view.
 *
 * All methods throw WireError MESSAGE_MALFORMED where the bytes end early or lie.
 */
export class WireReader {
  readonly bytes: Uint8Array
  /** Index of the next byte. */
  position = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length
  }

  /** A tag: `field number << 3 | wire type`. */
  readTag(): number {
    const tag = this.readVarint()
    if (tag > 0xffff_ffff || tag >>> 3 === 0) throw malformed(`tag ${tag} has no valid field number`)
    return tag
  }

  /** The bytes of a length-delimited field, as a view. */
  readBytes(): Uint8Array {
    const length = this.readVarint()
    const start = this.position
    const left = this.bytes.length - start
    if (length > left) throw malformed(`a field of ${length} bytes where ${left} are left`)
    this.position = start + length
    return this.bytes.subarray(start, this.position)
  }

  /** Passes over the value of a field that is not known. */
  skip(wireType: number): void {
    switch (wireType) {
      case WIRE_TYPE.VARINT:
        this.readVarint()
        return
      case WIRE_TYPE.FIXED64:
        this.advance(8)
        return
      case WIRE_TYPE.BYTES:
        this.readBytes()
        return
      case WIRE_TYPE.FIXED32:
        this.advance(4)
        return
      default:
        // Groups were never part of proto3.
        throw malformed(`wire type ${wireType} is not of proto3`)
    }
  }

  /** An unsigned varint; above 2^53 it is not exact, which no length or tag can be. */
  private readVarint(): number {
    const { bytes } = this
    let value = 0
    let factor = 1
    for (let count = 0; count < varintBytesMax; count += 1) {
      const byte = bytes[this.position]
      if (byte === undefined) throw malformed('it ends inside a varint')
      this.position += 1
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    throw malformed('a varint is longer than 10 bytes')
  }

  private advance(count: number): void {
    const left = this.bytes.length - this.position
    if (count > left) throw malformed(`a field of ${count} bytes where ${left} are left`)
    this.position += count
  }
}

/** Bytes that {@link writeVarint} takes for a value. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1
  return length
}

/** Writes an unsigned varint and returns the position after it; `target` must have room. */
export function writeVarint(target: Uint8Array, position: number, value: number): number {
  let index = position
  let rest = value
  while (rest >= 128) {
    target[index] = (rest % 128) | 0x80
    index += 1
    rest = Math.floor(rest / 128)
  }
  target[index] = rest
  return index + 1
}

function malformed(reason: string): WireError {
  return new WireError('MESSAGE_MALFORMED', `Message is malformed: ${reason}`)
}
