import { WireError } from '../status.ts'
import { FlatTable, malformedIpc } from './flatbuffer.ts'
import { isSameValueType } from './schema-equality.ts'
import { readType } from './type-reader.ts'
import {
  type DictionaryEncoding,
  type Field,
  HEADER_ID,
  type IntType,
  type Schema,
  TYPE_ID,
  VERSION_ID,
} from './types.ts'

/**
 * Reads a schema from an IPC Message flatbuffer (`FlightData.data_header`), all types of Arrow 1.5 included.
 *
 * @param header - not encapsulated: see `decapsulate` for FlightInfo.schema
 * @returns plain data that holds no view of `header`
 * @throws WireError IPC_MALFORMED, and TYPE_UNSUPPORTED for big-endian data and metadata before V4
 */
export function parseSchema(header: Uint8Array): Schema {
  const { schema, version } = schemaTable(FlatTable.root(header))
  if (schema.int16(0) !== 0) throw new WireError('TYPE_UNSUPPORTED', 'Big-endian Arrow data is not supported')
  const fields = schema.tables(1).map(readField)
  const allFields = [...walk(fields)]
  checkDictionaries(allFields)
  if (version === VERSION_ID.v4 && allFields.some((field) => field.type.kind === 'union')) {
    // Spec: until V4 a union had a validity bitmap, so that its buffers cannot be told apart.
    throw new WireError('TYPE_UNSUPPORTED', 'Unions of Arrow metadata version V4 are not supported')
  }
  return { fields, metadata: readMetadata(schema, 2) }
}

/** The Schema table of a Message table. */
function schemaTable(message: FlatTable): { schema: FlatTable; version: number } {
  const version = readVersion(message)
  const schema = message.uint8(1) === HEADER_ID.schema ? message.table(2) : null
  if (schema === null) throw malformedIpc('it holds no schema')
  return { schema, version }
}

/** The metadata version of a Message table. */
export function readVersion(message: FlatTable): number {
  const version = message.int16(0)
  if (version !== VERSION_ID.v4 && version !== VERSION_ID.v5) {
    throw new WireError(
      'TYPE_UNSUPPORTED',
      `Arrow metadata version V${version + 1} is not supported, only V4 and V5`,
    )
  }
  return version
}

function readField(table: FlatTable): Field {
  const children = table.tables(5).map(readField)
  return {
    name: table.string(0) ?? '',
    nullable: table.bool(1),
    type: readType(table.uint8(2), table.table(3), children),
    dictionary: readDictionary(table.table(4)),
    children,
    metadata: readMetadata(table, 6),
  }
}

function readDictionary(table: FlatTable | null): DictionaryEncoding | null {
  if (table === null) return null
  const index = table.table(1)
  // Spec: without an index type it is a signed 32-bit integer.
  const int32: IntType = { kind: 'int', bitWidth: 32, signed: true }
  const indexType = index === null ? int32 : readType(TYPE_ID.int, index, [])
  if (indexType.kind !== 'int') throw malformedIpc('a dictionary index is no integer')
  return { id: table.int64(0), indexType, isOrdered: table.bool(2) }
}

function readMetadata(table: FlatTable, index: number): ReadonlyMap<string, string> {
  return new Map(table.tables(index).map((pair) => [pair.string(0) ?? '', pair.string(1) ?? '']))
}

/** Two fields may share a dictionary; a second type under its id would have the values read as what they are not. */
function checkDictionaries(fields: readonly Field[]): void {
  const fieldOfId = new Map<bigint, Field>()
  for (const field of fields) {
    if (field.dictionary === null) continue
    const { id } = field.dictionary
    const other = fieldOfId.get(id)
    if (other === undefined) fieldOfId.set(id, field)
    else if (!isSameValueType(field, other)) throw malformedIpc(`dictionary ${id} has two types`)
  }
}

function* walk(fields: readonly Field[]): Generator<Field> {
  for (const field of fields) {
    yield field
    yield* walk(field.children)
  }
}
