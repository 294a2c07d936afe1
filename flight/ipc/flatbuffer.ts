import { WireError } from '../status.ts'

/** Nesting of tables: Arrow C++ stops at 64 levels of types; the message, its schema and a type stand around them. */
const depthMax = 67

/**
 * Tables of one message. A schema of 10,000 columns with metadata has some 60,000; without a limit a few bytes whose
 * offsets share children would unfold to 2^depth tables.
 */
const tablesMax = 262_144

/** Text of one message, decoded: offsets may share a string as they may share a table. */
const textBytesMax = 16 * 1024 * 1024

/** Header size: a batch of 100,000 columns takes 7 MiB. */
const bytesMax = 16 * 1024 * 1024

/** What {@link FlatTable.structs} gives: `count` structs from `position` on, inside the bytes. */
interface StructVector {
  position: number
  count: number
}

/** The bytes of one flatbuffer and what reading them may still cost. */
class FlatBuffer {
  readonly bytes: Uint8Array
  readonly view: DataView
  tablesLeft = tablesMax
  textBytesLeft = textBytesMax

  constructor(bytes: Uint8Array) {
    if (bytes.length > bytesMax) {
      throw malformedIpc(`a header of ${bytes.length} bytes where ${bytesMax} are the most`)
    }
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Refuses a range that is not inside the bytes. */
  check(position: number, length: number): void {
    if (position < 0 || position + length > this.bytes.length) {
      throw malformedIpc(`an offset points to byte ${position} of ${this.bytes.length}`)
    }
  }

  /** Follows the unsigned 32-bit offset at a position that was checked. */
  follow(position: number): number {
    const target = position + this.view.getUint32(position, true)
    this.check(target, 4)
    return target
  }
}

/**
 * A table of a flatbuffer, read without trust: every offset, vtable, vector and string is checked against the bytes,
 * and depth, tables and text are limited.
 *
 * Fields are named by their index in the `.fbs` file; an absent one gives its default. All methods throw WireError
 * IPC_MALFORMED. Source: flatbuffers.dev/internals.
 */
export class FlatTable {
  private readonly buffer: FlatBuffer
  private readonly position: number
  private readonly depth: number
  private readonly vtable: number
  private readonly vtableLength: number

  private constructor(buffer: FlatBuffer, position: number, depth: number) {
    if (depth > depthMax) throw malformedIpc(`tables are nested deeper than ${depthMax}`)
    buffer.tablesLeft -= 1
    if (buffer.tablesLeft < 0) throw malformedIpc(`more than ${tablesMax} tables`)
    const { view } = buffer
    buffer.check(position, 4)
    this.buffer = buffer
    this.position = position
    this.depth = depth
    this.vtable = position - view.getInt32(position, true)
    buffer.check(this.vtable, 4)
    this.vtableLength = view.getUint16(this.vtable, true)
    buffer.check(this.vtable, this.vtableLength)
  }

  /** The root table of a flatbuffer. */
  static root(bytes: Uint8Array): FlatTable {
    const buffer = new FlatBuffer(bytes)
    buffer.check(0, 4)
    return new FlatTable(buffer, buffer.follow(0), 0)
  }

  bool(index: number): boolean {
    return this.uint8(index) !== 0
  }

  uint8(index: number): number {
    const at = this.at(index, 1)
    return at === 0 ? 0 : this.buffer.view.getUint8(at)
  }

  int16(index: number, absent = 0): number {
    const at = this.at(index, 2)
    return at === 0 ? absent : this.buffer.view.getInt16(at, true)
  }

  int32(index: number, absent = 0): number {
    const at = this.at(index, 4)
    return at === 0 ? absent : this.buffer.view.getInt32(at, true)
  }

  int64(index: number): bigint {
    const at = this.at(index, 8)
    return at === 0 ? 0n : this.buffer.view.getBigInt64(at, true)
  }

  /** An int64 that counts something: refused where negative or above 2^53. */
  count(index: number): number {
    const at = this.at(index, 8)
    return at === 0 ? 0 : this.countAt(at)
  }

  /** The same, at a position inside {@link structs}. */
  countAt(position: number): number {
    const { view } = this.buffer
    const high = view.getUint32(position + 4, true)
    if (high > 0x1f_ffff) throw malformedIpc('a length or offset is negative or above 2^53')
    return high * 0x1_0000_0000 + view.getUint32(position, true)
  }

  /** An int32 at a position inside {@link structs}. */
  int32At(position: number): number {
    return this.buffer.view.getInt32(position, true)
  }

  string(index: number): string | null {
    const at = this.at(index, 4)
    if (at === 0) return null
    const { buffer } = this
    const target = buffer.follow(at)
    const length = buffer.view.getUint32(target, true)
    buffer.check(target + 4, length)
    buffer.textBytesLeft -= length
    if (buffer.textBytesLeft < 0) throw malformedIpc(`more than ${textBytesMax} bytes of text`)
    return Buffer.from(buffer.bytes.buffer, buffer.bytes.byteOffset + target + 4, length).toString('utf8')
  }

  table(index: number): FlatTable | null {
    const at = this.at(index, 4)
    return at === 0 ? null : new FlatTable(this.buffer, this.buffer.follow(at), this.depth + 1)
  }

  tables(index: number): FlatTable[] {
    const { position, count } = this.structs(index, 4)
    if (count > this.buffer.tablesLeft) throw malformedIpc(`more than ${tablesMax} tables`)
    const tables: FlatTable[] = []
    for (let item = 0; item < count; item += 1) {
      const target = this.buffer.follow(position + item * 4)
      tables.push(new FlatTable(this.buffer, target, this.depth + 1))
    }
    return tables
  }

  /** A vector of structs or scalars of `size` bytes each, all of them inside the bytes. */
  structs(index: number, size: number): StructVector {
    const at = this.at(index, 4)
    if (at === 0) return { position: 0, count: 0 }
    const target = this.buffer.follow(at)
    const count = this.buffer.view.getUint32(target, true)
    this.buffer.check(target + 4, count * size)
    return { position: target + 4, count }
  }

  /** Position of a field of `size` bytes, or 0 where it is absent. */
  private at(index: number, size: number): number {
    const entry = 4 + index * 2
    if (entry + 2 > this.vtableLength) return 0
    const offset = this.buffer.view.getUint16(this.vtable + entry, true)
    if (offset === 0) return 0
    // Not held to the size of the table: Go shares vtables between tables whose last fields differ in size.
    this.buffer.check(this.position + offset, size)
    return this.position + offset
  }
}

/** The one error for IPC bytes that lie. */
export function malformedIpc(reason: string): WireError {
  return new WireError('IPC_MALFORMED', `Arrow IPC message is malformed: ${reason}`)
}
