import { type Builder, buildMessage, type Offset, writeOffsets } from './message-writer.ts'
import {
  type ArrowType,
  DATE_UNITS,
  type DictionaryEncoding,
  type Field,
  FLOAT_WIDTHS,
  INTERVAL_UNITS,
  type Schema,
  TIME_UNITS,
  TYPE_ID,
  UNION_MODES,
} from './types.ts'

/**
 * Encodes a schema as an IPC Message flatbuffer (`FlightData.data_header`), little-endian, metadata version V5.
 *
 * @returns bytes of their own, padded to 8; `encapsulate` makes of them what FlightInfo.schema holds
 */
export function encodeSchema(schema: Schema): Uint8Array {
  return buildMessage('schema', 0, (builder) => {
    const fields = writeOffsets(
      builder,
      schema.fields.map((field) => writeField(builder, field)),
    )
    const metadata = writeMetadata(builder, schema.metadata)
    builder.startObject(4)
    builder.addFieldOffset(1, fields, 0)
    builder.addFieldOffset(2, metadata, 0)
    return builder.endObject()
  })
}

function writeField(builder: Builder, field: Field): Offset {
  // Flatbuffers are built from the leaves up: nothing may be started inside another object.
  const children = writeOffsets(
    builder,
    field.children.map((child) => writeField(builder, child)),
  )
  const name = builder.createString(field.name)
  const type = writeType(builder, field.type)
  const dictionary = field.dictionary === null ? 0 : writeDictionary(builder, field.dictionary)
  const metadata = writeMetadata(builder, field.metadata)
  builder.startObject(7)
  builder.addFieldOffset(0, name, 0)
  builder.addFieldInt8(1, Number(field.nullable), 0)
  builder.addFieldInt8(2, TYPE_ID[field.type.kind], 0)
  builder.addFieldOffset(3, type, 0)
  builder.addFieldOffset(4, dictionary, 0)
  builder.addFieldOffset(5, children, 0)
  builder.addFieldOffset(6, metadata, 0)
  return builder.endObject()
}

function writeDictionary(builder: Builder, dictionary: DictionaryEncoding): Offset {
  const indexType = writeType(builder, dictionary.indexType)
  builder.startObject(4)
  builder.addFieldInt64(0, dictionary.id, 0n)
  builder.addFieldOffset(1, indexType, 0)
  builder.addFieldInt8(2, Number(dictionary.isOrdered), 0)
  return builder.endObject()
}

/** No pairs are no vector: readers tell empty metadata from none, and parsing cannot. */
function writeMetadata(builder: Builder, metadata: ReadonlyMap<string, string>): Offset {
  if (metadata.size === 0) return 0
  const pairs = [...metadata].map(([key, value]) => {
    const keyOffset = builder.createString(key)
    const valueOffset = builder.createString(value)
    builder.startObject(2)
    builder.addFieldOffset(0, keyOffset, 0)
    builder.addFieldOffset(1, valueOffset, 0)
    return builder.endObject()
  })
  return writeOffsets(builder, pairs)
}

function writeType(builder: Builder, type: ArrowType): Offset {
  switch (type.kind) {
    case 'timestamp':
      return writeTimestamp(builder, TIME_UNITS.indexOf(type.unit), type.timezone)
    case 'union':
      return writeUnion(builder, UNION_MODES.indexOf(type.mode), type.typeIds)
    default:
      builder.startObject(3)
      addTypeFields(builder, type)
      return builder.endObject()
  }
}

/** The defaults are those of `format/Schema.fbs`; a value that equals its default is not written. */
function addTypeFields(builder: Builder, type: ArrowType): void {
  switch (type.kind) {
    case 'int':
      builder.addFieldInt32(0, type.bitWidth, 0)
      builder.addFieldInt8(1, Number(type.signed), 0)
      break
    case 'float':
      builder.addFieldInt16(0, FLOAT_WIDTHS.indexOf(type.bitWidth), 0)
      break
    case 'fixedSizeBinary':
      builder.addFieldInt32(0, type.byteWidth, 0)
      break
    case 'decimal':
      builder.addFieldInt32(0, type.precision, 0)
      builder.addFieldInt32(1, type.scale, 0)
      builder.addFieldInt32(2, type.bitWidth, 128)
      break
    case 'date':
      builder.addFieldInt16(0, DATE_UNITS.indexOf(type.unit), 1)
      break
    case 'time':
      builder.addFieldInt16(0, TIME_UNITS.indexOf(type.unit), 1)
      builder.addFieldInt32(1, type.bitWidth, 32)
      break
    case 'duration':
      builder.addFieldInt16(0, TIME_UNITS.indexOf(type.unit), 1)
      break
    case 'interval':
      builder.addFieldInt16(0, INTERVAL_UNITS.indexOf(type.unit), 0)
      break
    case 'fixedSizeList':
      builder.addFieldInt32(0, type.listSize, 0)
      break
    case 'map':
      builder.addFieldInt8(0, Number(type.keysSorted), 0)
      break
    default:
      // The other types have no fields.
      break
  }
}

function writeTimestamp(builder: Builder, unit: number, timezone: string | null): Offset {
  const zone = timezone === null ? 0 : builder.createString(timezone)
  builder.startObject(2)
  builder.addFieldInt16(0, unit, 0)
  builder.addFieldOffset(1, zone, 0)
  return builder.endObject()
}

function writeUnion(builder: Builder, mode: number, typeIds: readonly number[]): Offset {
  builder.startVector(4, typeIds.length, 4)
  for (const id of typeIds.toReversed()) builder.addInt32(id)
  const ids = builder.endVector()
  builder.startObject(2)
  builder.addFieldInt16(0, mode, 0)
  builder.addFieldOffset(1, ids, 0)
  return builder.endObject()
}
