/** Puts whose record batches lie, in their headers or in their bodies. */
import { type Frame } from '../../flight/index.ts'
import {
  batchFrame,
  field,
  integerBatch,
  messageOf,
  pathDescriptor,
  putMessages,
  schemaFrame,
} from '../support/raw-flight.ts'
import {
  type BadInput,
  badPut as put,
  dictionaryFrame,
  integers,
  NONE,
  withHeader,
  words,
} from './bad-input-table.ts'

const texts = schemaFrame(field('t', { kind: 'utf8' }))

/** A put of one text column whose offsets are these. */
function textPut(name: string, text: RegExp, offsets: readonly number[], values = 'abcdef'): BadInput {
  const body = Buffer.alloc(offsets.length * 4 + 8)
  offsets.forEach((offset, index) => body.writeInt32LE(offset, index * 4))
  body.write(values, offsets.length * 4, 'latin1')
  const rows = offsets.length - 1
  const buffers = [
    NONE,
    { offset: 0, length: offsets.length * 4 },
    { offset: offsets.length * 4, length: values.length },
  ]
  return put(name, 'IPC_MALFORMED', text, [
    texts,
    batchFrame({ rows, nodes: [{ length: rows, nullCount: 0 }], buffers }, body),
  ])
}

/** A put of three integers whose body has other bytes than its header says. */
function bodyPut(name: string, bytes: number, said: number): BadInput {
  const header = {
    rows: 3,
    nodes: [{ length: 3, nullCount: 0 }],
    buffers: [NONE, { offset: 0, length: 24 }],
  }
  const text = new RegExp(`body has ${bytes} bytes, and its header says ${said}`)
  return put(name, 'IPC_MALFORMED', text, [integers, batchFrame(header, Buffer.alloc(bytes), said)])
}

function indexFrame(index: number): Frame {
  const body = Buffer.alloc(8)
  body.writeInt32LE(index)
  return batchFrame(
    { rows: 1, nodes: [{ length: 1, nullCount: 0 }], buffers: [NONE, { offset: 0, length: 4 }] },
    body,
  )
}

function withWord(position: (header: Buffer) => number, value: number): (header: Buffer) => Buffer {
  return (header) => {
    header.writeUInt32LE(value, position(header))
    return header
  }
}

const follow = (header: Buffer, position: number): number => position + header.readUInt32LE(position)
const rootOf = (header: Buffer): number => follow(header, 0)

/** Where a field of a table stands, by its vtable. Source: flatbuffers.dev/internals. */
function fieldOf(header: Buffer, table: number, index: number): number {
  return table + header.readUInt16LE(table - header.readInt32LE(table) + 4 + index * 2)
}

/** Where a record batch says how many nodes it has: Message.header is field 2, RecordBatch.nodes field 1. */
function nodeCountOf(header: Buffer): number {
  const batch = follow(header, fieldOf(header, rootOf(header), 2))
  return follow(header, fieldOf(header, batch, 1))
}

/** A compressed buffer that says it has `length` bytes and is no LZ4 frame. */
function lz4Batch(length: bigint): Frame {
  const body = Buffer.alloc(32)
  body.writeBigInt64LE(length)
  const buffers = [NONE, { offset: 0, length: 32 }]
  return batchFrame({ rows: 3, nodes: [{ length: 3, nullCount: 0 }], buffers, compression: 'lz4' }, body)
}

/** What the headers say. */
const headers: readonly BadInput[] = [
  put('a schema header cut in half', 'IPC_MALFORMED', /IPC message is malformed/i, [
    withHeader(integers, (header) => header.subarray(0, header.length >> 1)),
  ]),
  put('a batch header cut in half', 'IPC_MALFORMED', /malformed/, [
    integers,
    withHeader(integerBatch(3), (header) => header.subarray(0, header.length >> 1)),
  ]),
  put('a header of random bytes', 'IPC_MALFORMED', /malformed/, [
    withHeader(integers, () => Buffer.from('no flatbuffer at all, but text')),
  ]),
  put('a root behind the end', 'IPC_MALFORMED', /points to byte/, [
    integers,
    withHeader(
      integerBatch(3),
      withWord(() => 0, 0xffff_fff0),
    ),
  ]),
  put('a vtable before the start', 'IPC_MALFORMED', /points to byte/, [
    integers,
    withHeader(integerBatch(3), withWord(rootOf, 0x7fff_ffff)),
  ]),
  put('a vector of 2^28 nodes', 'IPC_MALFORMED', /points to byte/, [
    integers,
    withHeader(integerBatch(3), withWord(nodeCountOf, 2 ** 28)),
  ]),
  put('a header of 17 MiB', 'LIMIT_EXCEEDED', /larger than/, [
    withHeader(integers, (header) => Buffer.concat([header, Buffer.alloc(17 * 1024 * 1024)])),
  ]),
  put('a negative row count', 'IPC_MALFORMED', /malformed/, [integers, integerBatch(3, { rows: -3 })]),
  put('more rows than values', 'IPC_MALFORMED', /column "n" has 3 rows of 4/, [
    integers,
    integerBatch(3, { rows: 4 }),
  ]),
  put('more nulls than rows', 'IPC_MALFORMED', /column "n" has 4 nulls in 3 rows/, [
    integers,
    integerBatch(3, { nodes: [{ length: 3, nullCount: 4 }] }),
  ]),
  put('a node too few', 'IPC_MALFORMED', /malformed/, [integers, integerBatch(3, { nodes: [] })]),
  put('a buffer too many', 'IPC_MALFORMED', /malformed/, [
    integers,
    integerBatch(3, { buffers: [NONE, { offset: 0, length: 24 }, NONE] }),
  ]),
  put('more rows than any batch has', 'LIMIT_EXCEEDED', /1125899906842624 rows in 0 bytes; .* 16777216/, [
    schemaFrame(field('nothing', { kind: 'null' })),
    batchFrame({ rows: 2 ** 50, nodes: [{ length: 2 ** 50, nullCount: 2 ** 50 }] }),
  ]),
  put(
    'more rows of no columns than any batch has',
    'LIMIT_EXCEEDED',
    /1125899906842624 rows in 0 bytes; .* 16777216/,
    [schemaFrame(), batchFrame({ rows: 2 ** 50 })],
  ),
]

/** What the bodies hold. */
const bodies: readonly BadInput[] = [
  put('a buffer that ends behind the body', 'IPC_MALFORMED', /buffer ends at byte 32 of a body of 24/, [
    integers,
    integerBatch(3, { buffers: [NONE, { offset: 8, length: 24 }] }),
  ]),
  put('a buffer at a negative offset', 'IPC_MALFORMED', /malformed/, [
    integers,
    integerBatch(3, { buffers: [NONE, { offset: -8, length: 24 }] }),
  ]),
  put('a buffer shorter than its rows', 'IPC_MALFORMED', /column "n" has 16 bytes of data, and needs 24/, [
    integers,
    integerBatch(3, { buffers: [NONE, { offset: 0, length: 16 }] }),
  ]),
  bodyPut('a body shorter than said', 24, 64),
  bodyPut('a body longer than said', 64, 24),
  textPut('text offsets that go back', /column "t" has offsets that do not ascend/, [0, 4, 2]),
  textPut('text offsets behind the text', /column "t" has offsets up to 99 into 6/, [0, 4, 99]),
  textPut('a negative text offset', /column "t" has offsets that do not ascend/, [-1, 2, 3]),
  textPut('text that is not UTF-8', /column 't'/i, [0, 3, 6], 'ab\xff\xfecd'),
  put(
    'an index outside its dictionary',
    'IPC_MALFORMED',
    /column "w" has an index into dictionary 7 outside its 1 values/,
    [words, dictionaryFrame('ab'), indexFrame(1)],
  ),
  put('an index without a dictionary', 'IPC_MALFORMED', /outside its 0 values/, [words, indexFrame(0)]),
  put('a compressed buffer that is none', 'IPC_MALFORMED', /not an LZ4 frame/, [integers, lz4Batch(24n)]),
  put('a compressed buffer of a petabyte', 'LIMIT_EXCEEDED', /1073741824 bytes/, [
    integers,
    lz4Batch(2n ** 50n),
  ]),
  put(
    'a batch over the limit',
    'LIMIT_EXCEEDED',
    /Message of \d+ bytes is larger than the limit of 2097152 bytes/,
    [integers, integerBatch(100), integerBatch(300_000)],
  ),
  {
    name: 'a FlightData that is no protobuf',
    rpc: 'DoPut',
    messages: [Buffer.from('ffffffffff', 'hex')],
    code: 'MESSAGE_MALFORMED',
    text: /inside a varint/,
  },
  {
    name: 'a FlightData cut in half',
    rpc: 'DoPut',
    messages: [
      ...putMessages(pathDescriptor('bad'), [integers]),
      messageOf(integerBatch(30)).subarray(0, 100),
    ],
    code: 'MESSAGE_MALFORMED',
    text: /a field of \d+ bytes where \d+ are left/,
  },
]

/** All of them. */
export const badBatches: readonly BadInput[] = [...headers, ...bodies]
