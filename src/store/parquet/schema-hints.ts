/** Under this key of a part's metadata stands the Arrow schema that it was written from, in base64. */
export const ARROW_SCHEMA_KEY = 'ARROW:schema'

const KEY = Buffer.from(ARROW_SCHEMA_KEY, 'latin1')

/** What is no key to anybody, of the same length. */
const HIDDEN_KEY = 'arrow:SCHEMA'

/** Slots of the tables in Arrow's `Message.fbs` and `Schema.fbs`. */
const MESSAGE_HEADER = 2
const SCHEMA_FIELDS = 1
const FIELD_TYPE_TYPE = 2
const FIELD_DICTIONARY = 4
const FIELD_CHILDREN = 5
const DICTIONARY_INDEX_TYPE = 1
const INT_BIT_WIDTH = 0

/** `Type` of `Schema.fbs`, for types without parameters: views, and what stands for them. */
const PLAIN_OF_VIEW = new Map([
  [23, 4], // BinaryView, Binary
  [24, 5], // Utf8View, Utf8
])

/** Deeper nesting than any schema that can be stored. */
const DEPTH_MAX = 64

/**
 * Changes the Arrow schema that a Parquet footer carries where parquet-wasm would trap on it, in place: nothing
 * becomes longer or shorter, and frames get what the schema said.
 *
 * - 8- and 16-bit dictionary indices become 32 bits wide. A row group may hold more distinct values than they can
 *   tell apart, since it joins batches that each had their own dictionary; exactly 128 for int8 are too many already.
 * - Views become plain text or bytes: in dictionaries it traps on them, in maps it gives them as views after all.
 * - A schema without columns is hidden: the file has one all the same.
 *
 * @param footer - the Thrift footer; left alone where the schema is not there or not as expected.
 * @returns the schema as the footer had it; null where it was left alone.
 */
export function easeSchemaHints(footer: Buffer): string | null {
  const keyStart = footer.indexOf(KEY)
  if (keyStart === -1) return null
  // Thrift compact protocol: after the key (field 1) comes the value, field 2, a binary with its varint length.
  let at = keyStart + KEY.byteLength
  if (footer[at] !== 0x18) return null
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = footer[++at]
    if (byte === undefined || shift > 28) return null
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  const valueStart = at + 1
  const value = footer.subarray(valueStart, valueStart + length).toString('latin1')
  const schema = Buffer.from(value, 'base64')
  if (value.length !== length || schema.toString('base64') !== value) return null
  try {
    if (!easeSchema(schema)) footer.write(HIDDEN_KEY, keyStart, 'latin1')
  } catch (error) {
    // A schema that cannot be walked is another program's; parquet-wasm may make something of it.
    if (error instanceof RangeError) return null
    throw error
  }
  footer.write(schema.toString('base64'), valueStart, 'latin1')
  return value
}

/** @returns whether there are columns. */
function easeSchema(message: Buffer): boolean {
  const tables = new FlatTables(message)
  // The message follows a continuation marker and its length, where those are there.
  const start = message.readUInt32LE(0) === 0xffffffff ? 8 : 0
  const header = tables.child(tables.indirect(start), MESSAGE_HEADER)
  if (header === null) return true
  easeFields(tables, header, SCHEMA_FIELDS, 0)
  return tables.children(header, SCHEMA_FIELDS).length > 0
}

function easeFields(tables: FlatTables, table: number, slot: number, depth: number): void {
  for (const field of depth < DEPTH_MAX ? tables.children(table, slot) : []) {
    easeFields(tables, field, FIELD_CHILDREN, depth + 1)
    const typeAt = tables.slot(field, FIELD_TYPE_TYPE)
    const plainType = typeAt === null ? undefined : PLAIN_OF_VIEW.get(tables.bytes.readUInt8(typeAt))
    if (typeAt !== null && plainType !== undefined) tables.bytes.writeUInt8(plainType, typeAt)
    const dictionary = tables.child(field, FIELD_DICTIONARY)
    if (dictionary === null) continue
    const indexType = tables.child(dictionary, DICTIONARY_INDEX_TYPE)
    const bitWidthAt = indexType === null ? null : tables.slot(indexType, INT_BIT_WIDTH)
    if (bitWidthAt !== null && tables.bytes.readInt32LE(bitWidthAt) < 32)
      tables.bytes.writeInt32LE(32, bitWidthAt)
  }
}

/** The tables of a flatbuffer, by position. */
class FlatTables {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  indirect(at: number): number {
    return at + this.bytes.readUInt32LE(at)
  }

  /** Where a field of a table stands; null where it is left out. */
  slot(table: number, index: number): number | null {
    const vtable = table - this.bytes.readInt32LE(table)
    const entry = 4 + 2 * index
    if (entry >= this.bytes.readUInt16LE(vtable)) return null
    const offset = this.bytes.readUInt16LE(vtable + entry)
    return offset === 0 ? null : table + offset
  }

  child(table: number, index: number): number | null {
    const at = this.slot(table, index)
    return at === null ? null : this.indirect(at)
  }

  children(table: number, index: number): number[] {
    const vector = this.child(table, index)
    if (vector === null) return []
    const count = this.bytes.readUInt32LE(vector)
    return Array.from({ length: count }, (_, item) => this.indirect(vector + 4 + 4 * item))
  }
}
