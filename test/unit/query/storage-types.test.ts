// Goal: every Arrow type is stored in a DuckDB type that keeps its values exactly, or refused by name.
// Method: the table of types, each as a schema of one column; names and ids on nested schemas.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrowType, Field, Schema } from '../../../flight/index.ts'
import { type FieldId, fieldIds, storageOf } from '../../../src/query/storage-types.ts'

function field(name: string, type: ArrowType, children: Field[] = [], isDictionary = false): Field {
  const indexType = { kind: 'int', bitWidth: 32, signed: true } as const
  const dictionary = isDictionary ? { id: 0n, indexType, isOrdered: false } : null
  return { name, nullable: true, type, dictionary, children, metadata: new Map() }
}

function schema(...fields: Field[]): Schema {
  return { fields, metadata: new Map() }
}

const int32: ArrowType = { kind: 'int', bitWidth: 32, signed: true }
const utf8: ArrowType = { kind: 'utf8' }

const stored: [ArrowType, string][] = [
  [{ kind: 'null' }, 'INTEGER'],
  [{ kind: 'bool' }, 'BOOLEAN'],
  [{ kind: 'int', bitWidth: 8, signed: true }, 'TINYINT'],
  [{ kind: 'int', bitWidth: 16, signed: true }, 'SMALLINT'],
  [int32, 'INTEGER'],
  [{ kind: 'int', bitWidth: 64, signed: true }, 'BIGINT'],
  [{ kind: 'int', bitWidth: 8, signed: false }, 'UTINYINT'],
  [{ kind: 'int', bitWidth: 16, signed: false }, 'USMALLINT'],
  [{ kind: 'int', bitWidth: 32, signed: false }, 'UINTEGER'],
  [{ kind: 'int', bitWidth: 64, signed: false }, 'UBIGINT'],
  [{ kind: 'float', bitWidth: 16 }, 'FLOAT'],
  [{ kind: 'float', bitWidth: 32 }, 'FLOAT'],
  [{ kind: 'float', bitWidth: 64 }, 'DOUBLE'],
  [utf8, 'VARCHAR'],
  [{ kind: 'largeUtf8' }, 'VARCHAR'],
  [{ kind: 'utf8View' }, 'VARCHAR'],
  [{ kind: 'binary' }, 'BLOB'],
  [{ kind: 'largeBinary' }, 'BLOB'],
  [{ kind: 'binaryView' }, 'BLOB'],
  [{ kind: 'fixedSizeBinary', byteWidth: 16 }, 'BLOB'],
  [{ kind: 'decimal', precision: 9, scale: 2, bitWidth: 32 }, 'DECIMAL(9, 2)'],
  [{ kind: 'decimal', precision: 18, scale: 0, bitWidth: 64 }, 'DECIMAL(18, 0)'],
  [{ kind: 'decimal', precision: 38, scale: 38, bitWidth: 128 }, 'DECIMAL(38, 38)'],
  [{ kind: 'decimal', precision: 20, scale: 2, bitWidth: 256 }, 'DECIMAL(20, 2)'],
  [{ kind: 'date', unit: 'day' }, 'DATE'],
  [{ kind: 'date', unit: 'ms' }, 'TIMESTAMP_MS'],
  [{ kind: 'time', unit: 's', bitWidth: 32 }, 'TIME'],
  [{ kind: 'time', unit: 'ms', bitWidth: 32 }, 'TIME'],
  [{ kind: 'time', unit: 'us', bitWidth: 64 }, 'TIME'],
  [{ kind: 'time', unit: 'ns', bitWidth: 64 }, 'BIGINT'],
  [{ kind: 'timestamp', unit: 's', timezone: null }, 'TIMESTAMP_MS'],
  [{ kind: 'timestamp', unit: 'ms', timezone: null }, 'TIMESTAMP_MS'],
  [{ kind: 'timestamp', unit: 'us', timezone: null }, 'TIMESTAMP'],
  [{ kind: 'timestamp', unit: 'ns', timezone: null }, 'TIMESTAMP_NS'],
  [{ kind: 'timestamp', unit: 's', timezone: 'UTC' }, 'TIMESTAMPTZ'],
  [{ kind: 'timestamp', unit: 'ms', timezone: 'UTC' }, 'TIMESTAMPTZ'],
  [{ kind: 'timestamp', unit: 'us', timezone: 'Asia/Tokyo' }, 'TIMESTAMPTZ'],
  [{ kind: 'timestamp', unit: 'ns', timezone: 'UTC' }, 'TIMESTAMP_NS'],
  [{ kind: 'duration', unit: 'ns' }, 'BIGINT'],
]

for (const [type, sql] of stored) {
  test(`${JSON.stringify(type)} is stored as ${sql}`, () => {
    assert.equal(storageOf(schema(field('c', type)))[0]?.sql, sql)
  })
}

test('a dictionary is stored as its values', () => {
  assert.equal(storageOf(schema(field('c', utf8, [], true)))[0]?.sql, 'VARCHAR')
})

test('nested types are stored as the types of their children', () => {
  const entries = field('entries', { kind: 'struct' }, [field('k', utf8), field('v', int32)])
  const columns = storageOf(
    schema(
      field('list', { kind: 'largeList' }, [field('item', utf8)]),
      field('pair', { kind: 'fixedSizeList', listSize: 2 }, [field('item', int32)]),
      field('map', { kind: 'map', keysSorted: false }, [entries]),
      field('struct', { kind: 'struct' }, [
        field('a "b"', int32),
        field('c', { kind: 'list' }, [field('x', utf8)]),
      ]),
    ),
  )
  assert.deepEqual(
    columns.map((column) => column.sql),
    ['VARCHAR[]', 'INTEGER[]', 'MAP(VARCHAR, INTEGER)', 'STRUCT("a ""b""" INTEGER, "c" VARCHAR[])'],
  )
})

const refused: [string, Field, RegExp][] = [
  [
    'a decimal of more than 38 digits',
    field('c', { kind: 'decimal', precision: 39, scale: 0, bitWidth: 256 }),
    /decimal256\(39, 0\)/,
  ],
  [
    'a decimal of negative scale',
    field('c', { kind: 'decimal', precision: 5, scale: -2, bitWidth: 128 }),
    /decimal128\(5, -2\)/,
  ],
  [
    'a decimal of more digits than its width has',
    field('c', { kind: 'decimal', precision: 12, scale: 0, bitWidth: 32 }),
    /decimal32/,
  ],
  ['an interval', field('c', { kind: 'interval', unit: 'monthDayNano' }), /interval\[month_day_nano\]/],
  ['a union', field('c', { kind: 'union', mode: 'dense', typeIds: [0] }, [field('a', int32)]), /dense_union/],
  [
    'a run-end-encoded column',
    field('c', { kind: 'runEndEncoded' }, [field('run_ends', int32), field('values', utf8)]),
    /run_end_encoded/,
  ],
  ['a list view', field('c', { kind: 'listView' }, [field('item', int32)]), /list_view/],
  ['a dictionary of nested values', field('c', { kind: 'list' }, [field('item', int32)], true), /dictionary/],
  ['a struct without fields', field('c', { kind: 'struct' }), /struct/],
]

for (const [what, column, message] of refused) {
  test(`${what} is refused, with its path and type`, () => {
    const nested = schema(field('s', { kind: 'struct' }, [column]))
    assert.throws(() => storageOf(nested), {
      code: 'TYPE_UNSUPPORTED',
      message: /Column 's\.c' has the type/,
    })
    assert.throws(() => storageOf(nested), { message })
  })
}

test('a schema without columns is stored as one of nulls', () => {
  const [column, ...others] = storageOf(schema())
  assert.deepEqual([column?.field.name, column?.sql, others.length], ['no_columns', 'INTEGER', 0])
  assert.deepEqual(
    fieldIds(schema()).map(({ name, id }) => [name, id]),
    [['no_columns', 1]],
  )
})

test('names that DuckDB cannot tell apart or hold are refused', () => {
  const twins = schema(field('Price', int32), field('price', int32))
  assert.throws(() => storageOf(twins), { code: 'TYPE_UNSUPPORTED', message: /'Price' and 'price'/ })
  const nested = schema(field('s', { kind: 'struct' }, [field('a', int32), field('A', int32)]))
  assert.throws(() => storageOf(nested), { code: 'TYPE_UNSUPPORTED', message: /'a' and 'A' of 's'/ })
  assert.throws(() => storageOf(schema(field('', int32))), { code: 'TYPE_UNSUPPORTED' })
  assert.throws(() => storageOf(schema(field('a\0b', int32))), { code: 'TYPE_UNSUPPORTED' })
})

test('field ids count the columns first, then their children depth first', () => {
  const entries = field('entries', { kind: 'struct' }, [field('k', utf8), field('v', int32)])
  const inner = field('inner', { kind: 'struct' }, [field('x', int32)])
  const ids = fieldIds(
    schema(
      field('a', int32),
      field('s', { kind: 'struct' }, [inner, field('y', int32)]),
      field('m', { kind: 'map', keysSorted: false }, [entries]),
      field('l', { kind: 'list' }, [field('item', int32)]),
    ),
  )
  const flat = (nodes: readonly FieldId[], prefix = ''): string[] =>
    nodes.flatMap((node) => [
      `${prefix}${node.name} ${node.id}`,
      ...flat(node.children, `${prefix}${node.name}.`),
    ])
  assert.deepEqual(flat(ids), [
    'a 1',
    's 2',
    's.inner 5',
    's.inner.x 6',
    's.y 7',
    'm 3',
    'm.key 8',
    'm.value 9',
    'l 4',
    'l.element 10',
  ])
})
