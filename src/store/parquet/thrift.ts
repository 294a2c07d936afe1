// Source: Apache Thrift, "Thrift Compact protocol encoding".

/** Types of values. Inside of a struct a boolean is its type and has no bytes. */
export const THRIFT = { true: 1, false: 2, i32: 5, i64: 6, list: 9, struct: 12 } as const

const BYTE = 3
const DOUBLE = 7
const BINARY = 8
const SET = 10
const MAP = 11

/** A value as it is encoded. */
export interface ThriftValue {
  readonly type: number
  readonly bytes: Uint8Array
}

/** Values by their field's number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>

/** Reads values without decoding those that nobody asks for. Past the end it throws RangeErrors. */
export class ThriftReader {
  position: number
  readonly #bytes: Buffer

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
  }

  struct(): Map<number, ThriftValue> {
    const fields = new Map<number, ThriftValue>()
    this.#eachField((id, type) => {
      const start = this.position
      this.skip(type)
      fields.set(id, { type, bytes: this.#bytes.subarray(start, this.position) })
    })
    return fields
  }

  /** @returns how many elements follow, and of which type */
  listHeader(): { readonly type: number; readonly count: number } {
    const byte = this.#byte()
    const count = byte >> 4
    return { type: byte & 15, count: count === 15 ? this.#varint() : count }
  }

  /** A whole number: two's complement, its sign moved to the lowest bit. */
  integer(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  text(): string {
    const bytes = this.#varint()
    const start = this.position
    this.position += bytes
    return this.#bytes.toString('utf8', start, this.position)
  }

  skip(type: number): void {
    switch (type) {
      case THRIFT.true:
      case THRIFT.false:
        return
      case BYTE:
        this.position += 1
        return
      case DOUBLE:
        this.position += 8
        return
      case BINARY:
        // Not in one expression: the length is read from where the position then is.
        this.position = this.#varint() + this.position
        return
      case THRIFT.list:
      case SET: {
        const { type: elements, count } = this.listHeader()
        for (let index = 0; index < count; index++) this.#skipElement(elements)
        return
      }
      case MAP: {
        const count = this.#varint()
        const types = count === 0 ? 0 : this.#byte()
        for (let index = 0; index < count; index++) {
          this.#skipElement(types >> 4)
          this.#skipElement(types & 15)
        }
        return
      }
      case THRIFT.struct:
        this.#eachField((_, fieldType) => {
          this.skip(fieldType)
        })
        return
      default:
        this.#varint()
    }
  }

  #skipElement(type: number): void {
    if (type === THRIFT.true || type === THRIFT.false) this.position += 1
    else this.skip(type)
  }

  /** @param visit - reads the value */
  #eachField(visit: (id: number, type: number) => void): void {
    let id = 0
    for (;;) {
      const byte = this.#byte()
      if (byte === 0) return
      const delta = byte >> 4
      id = delta === 0 ? this.integer() : id + delta
      visit(id, byte & 15)
    }
  }

  #byte(): number {
    return this.#bytes.readUInt8(this.position++)
  }

  #varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
}

/** The number in a value of an integer type; 0 where there is none. */
export function integerOf(value: ThriftValue | undefined): number {
  return value === undefined ? 0 : new ThriftReader(value.bytes).integer()
}

/** A number that is not negative. */
export function integerValue(type: number, value: number): ThriftValue {
  return { type, bytes: Uint8Array.from(varint(value * 2)) }
}

export function listValue(structs: readonly Uint8Array[]): ThriftValue {
  const { length } = structs
  const header = length < 15 ? [(length << 4) | THRIFT.struct] : [0xf0 | THRIFT.struct, ...varint(length)]
  return { type: THRIFT.list, bytes: Buffer.concat([Uint8Array.from(header), ...structs]) }
}

export function encodeStruct(fields: ThriftStruct): Buffer {
  const pieces: Uint8Array[] = []
  let last = 0
  for (const [id, { type, bytes }] of [...fields].sort(([a], [b]) => a - b)) {
    const delta = id - last
    const header = delta < 16 ? [(delta << 4) | type] : [type, ...varint(id * 2)]
    pieces.push(Uint8Array.from(header), bytes)
    last = id
  }
  return Buffer.concat([...pieces, Uint8Array.of(0)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
