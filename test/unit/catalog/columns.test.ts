// Goal: the catalog declares the types and field ids that parts are written with, and an Arrow schema for every table.
// Method: every Arrow type; what the part writer says of the same schema is compared with it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrowType, Field, Schema } from '../../../flight/ipc/schema.ts'
import { columnsOf, duckLakeType, schemaOf as arrowSchemaOf } from '../../../src/store/catalog/columns.ts'
import { type FieldId, fieldIds, storageOf } from '../../../src/query/storage-types.ts'
import { INT64, UTF8, field } from './fixtures.ts'

const stored: readonly (readonly [type: ArrowType, duckLake: string])[] = [
  [{ kind: 'null' }, 'int32'],
  [{ kind: 'bool' }, 'boolean'],
  ...([8, 16, 32, 64] as const).flatMap((bitWidth) => [
    [{ kind: 'int', bitWidth, signed: true }, `int${bitWidth}`] as const,
    [{ kind: 'int', bitWidth, signed: false }, `uint${bitWidth}`] as const,
  ]),
  [{ kind: 'float', bitWidth: 16 }, 'float32'],
  [{ kind: 'float', bitWidth: 32 }, 'float32'],
  [{ kind: 'float', bitWidth: 64 }, 'float64'],
  ...(['utf8', 'largeUtf8', 'utf8View'] as const).map((kind) => [{ kind }, 'varchar'] as const),
  ...(['binary', 'largeBinary', 'binaryView'] as const).map((kind) => [{ kind }, 'blob'] as const),
  [{ kind: 'fixedSizeBinary', byteWidth: 3 }, 'blob'],
  [{ kind: 'decimal', precision: 9, scale: 2, bitWidth: 128 }, 'decimal(9,2)'],
  [{ kind: 'decimal', precision: 38, scale: 38, bitWidth: 128 }, 'decimal(38,38)'],
  [{ kind: 'decimal', precision: 9, scale: 0, bitWidth: 32 }, 'decimal(9,0)'],
  [{ kind: 'date', unit: 'day' }, 'date'],
  [{ kind: 'date', unit: 'ms' }, 'timestamp_ms'],
  [{ kind: 'time', unit: 's', bitWidth: 32 }, 'time'],
  [{ kind: 'time', unit: 'ms', bitWidth: 32 }, 'time'],
  [{ kind: 'time', unit: 'us', bitWidth: 64 }, 'time'],
  [{ kind: 'time', unit: 'ns', bitWidth: 64 }, 'int64'],
  [{ kind: 'timestamp', unit: 's', timezone: null }, 'timestamp_ms'],
  [{ kind: 'timestamp', unit: 'ms', timezone: null }, 'timestamp_ms'],
  [{ kind: 'timestamp', unit: 'us', timezone: null }, 'timestamp'],
  [{ kind: 'timestamp', unit: 'ns', timezone: null }, 'timestamp_ns'],
  [{ kind: 'timestamp', unit: 's', timezone: 'UTC' }, 'timestamptz'],
  [{ kind: 'timestamp', unit: 'ms', timezone: 'UTC' }, 'timestamptz'],
  [{ kind: 'timestamp', unit: 'us', timezone: 'Asia/Tokyo' }, 'timestamptz'],
  [{ kind: 'timestamp', unit: 'ns', timezone: 'UTC' }, 'timestamp_ns'],
  [{ kind: 'duration', unit: 'ns' }, 'int64'],
]

const refused: readonly ArrowType[] = [
  { kind: 'decimal', precision: 39, scale: 0, bitWidth: 256 },
  { kind: 'decimal', precision: 5, scale: -1, bitWidth: 128 },
  { kind: 'interval', unit: 'monthDayNano' },
  { kind: 'union', mode: 'sparse', typeIds: [] },
  { kind: 'listView' },
  { kind: 'runEndEncoded' },
  { kind: 'struct' },
]

/** DuckLake's names for the types of DuckDB, but for decimals and nested ones. */
const DUCKDB_NAMES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'int8',
  SMALLINT: 'int16',
  INTEGER: 'int32',
  BIGINT: 'int64',
  UTINYINT: 'uint8',
  USMALLINT: 'uint16',
  UINTEGER: 'uint32',
  UBIGINT: 'uint64',
  FLOAT: 'float32',
  DOUBLE: 'float64',
  VARCHAR: 'varchar',
  BLOB: 'blob',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_MS: 'timestamp_ms',
  TIMESTAMP_NS: 'timestamp_ns',
  TIMESTAMPTZ: 'timestamptz',
}

function schema(...fields: Field[]): Schema {
  return { fields, metadata: new Map() }
}

const nested = schema(
  field('id', INT64),
  field('fill', { kind: 'struct' }, [
    field('price', INT64),
    field('venues', { kind: 'list' }, [field('item', UTF8)]),
    field('fee', { kind: 'decimal', precision: 9, scale: 2, bitWidth: 128 }),
  ]),
  field('tags', { kind: 'map', keysSorted: false }, [
    field('entries', { kind: 'struct' }, [
      field('keys', UTF8),
      field('values', { kind: 'largeList' }, [field('x', INT64)]),
    ]),
  ]),
  field('last', { kind: 'fixedSizeList', listSize: 2 }, [
    field('item', { kind: 'struct' }, [field('a', INT64)]),
  ]),
)

test('every type that can be stored has a DuckLake type', () => {
  for (const [type, name] of stored) assert.equal(duckLakeType(field('c', type)), name, JSON.stringify(type))
})

test('every other type is refused by its name and that of its column', () => {
  for (const type of refused) {
    const message = new RegExp(
      `^Column "volume" is of type \\w*${type.kind.slice(0, 3)}.*, which cannot be stored$`,
    )
    assert.throws(() => duckLakeType(field('volume', type)), { code: 'TYPE_UNSUPPORTED', message })
  }
})

test('a dictionary is stored as its values', () => {
  const dictionary = {
    id: 1n,
    indexType: { kind: 'int', bitWidth: 8, signed: true } as const,
    isOrdered: false,
  }
  assert.equal(duckLakeType({ ...field('symbol', UTF8), dictionary }), 'varchar')
})

test('field ids count the columns, then what is below them', () => {
  const columns = columnsOf(nested).map(({ id, parent, name, type }) => [id, parent, name, type])
  assert.deepEqual(columns, [
    [1, null, 'id', 'int64'],
    [2, null, 'fill', 'struct'],
    [3, null, 'tags', 'map'],
    [4, null, 'last', 'list'],
    [5, 2, 'price', 'int64'],
    [6, 2, 'venues', 'list'],
    [7, 6, 'element', 'varchar'],
    [8, 2, 'fee', 'decimal(9,2)'],
    [9, 3, 'key', 'varchar'],
    [10, 3, 'value', 'list'],
    [11, 10, 'element', 'int64'],
    [12, 4, 'element', 'struct'],
    [13, 12, 'a', 'int64'],
  ])
})

test('parts are written with the types that the catalog declares', () => {
  for (const [type] of stored) {
    const [storage] = storageOf(schema(field('c', type)))
    const written = storage?.sql ?? ''
    const name = DUCKDB_NAMES[written] ?? written.toLowerCase().replace(', ', ',')
    assert.equal(duckLakeType(field('c', type)), name, JSON.stringify(type))
  }
})

test('parts are written with the field ids that the catalog declares', () => {
  const flatten = (
    ids: readonly FieldId[],
    parent: number | null,
  ): (readonly [number, number | null, string])[] =>
    ids.flatMap(({ id, name, children }) => [[id, parent, name] as const, ...flatten(children, id)])
  const written = flatten(fieldIds(nested), null).sort(([a], [b]) => a - b)
  assert.deepEqual(
    written,
    columnsOf(nested).map(({ id, parent, name }) => [id, parent, name]),
  )
})

test('what the part writer refuses, the catalog refuses', () => {
  for (const type of refused)
    assert.throws(() => storageOf(schema(field('c', type))), { code: 'TYPE_UNSUPPORTED' })
})

test('a table of another engine has an Arrow schema of the types that its files have', () => {
  const columns = [
    ...columnsOf(nested),
    { id: 20, parent: null, name: 'at', type: 'timestamp_s', nullable: false },
    { id: 21, parent: null, name: 'who', type: 'uuid', nullable: true },
  ]
  const made = arrowSchemaOf(columns)
  assert.ok(made)
  assert.deepEqual(
    made.fields.map(({ name, type, nullable }) => [name, type, nullable]),
    [
      ['id', INT64, true],
      ['fill', { kind: 'struct' }, true],
      ['tags', { kind: 'map', keysSorted: false }, true],
      ['last', { kind: 'list' }, true],
      ['at', { kind: 'timestamp', unit: 'us', timezone: null }, false],
      ['who', { kind: 'fixedSizeBinary', byteWidth: 16 }, true],
    ],
  )
  const again = columnsOf({ fields: made.fields.slice(0, 4), metadata: new Map() })
  assert.deepEqual(again, columnsOf(nested))
})

test('a table with a type that Arrow or Parquet does not have has no Arrow schema', () => {
  for (const type of ['int128', 'variant', 'interval', 'time_ns', 'geometry']) {
    assert.equal(arrowSchemaOf([{ id: 1, parent: null, name: 'c', type, nullable: true }]), undefined)
  }
})
