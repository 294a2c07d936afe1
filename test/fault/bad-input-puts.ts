/** Streams of DoPut and DoExchange that name nothing, or come in the wrong order. */
import { type Frame, makeFrame, messages } from '../../flight/index.ts'
import type { ErrorCode } from '../../src/errors.ts'
import {
  batchFrame,
  commandDescriptor,
  field,
  INT32,
  INT64,
  integerBatch,
  pathDescriptor,
  putMessages,
  schemaFrame,
} from '../support/raw-flight.ts'
import { goldenFrames } from '../unit/flight/golden.ts'
import {
  type BadInput,
  badPut as put,
  dictionaryFrame,
  integers,
  NONE,
  withHeader,
  words,
} from './bad-input-table.ts'

/** A put of which only the descriptor is wrong. */
function described(name: string, code: ErrorCode, text: RegExp, descriptor: Uint8Array): BadInput {
  return put(name, code, text, [integers, integerBatch(3)], descriptor)
}

const ticks = await goldenFrames('ticks')
const firstBatch = ticks.find(({ kind }) => kind === 'batch') ?? integers

/** What names the dataset. */
const descriptors: readonly BadInput[] = [
  put('a put without a descriptor', 'DESCRIPTOR_MALFORMED', /must carry a descriptor/, [integers], null),
  described(
    'a descriptor that is no protobuf',
    'MESSAGE_MALFORMED',
    /FlightDescriptor/,
    Buffer.from([0x0f, 0xff]),
  ),
  described(
    'a descriptor of an unknown type',
    'DESCRIPTOR_MALFORMED',
    /type 9 is neither/,
    messages.FlightDescriptor.encode({ type: 9 }),
  ),
  described('a path without parts', 'DESCRIPTOR_MALFORMED', /path has 0 parts/, pathDescriptor()),
  described(
    'a path of three parts',
    'DESCRIPTOR_MALFORMED',
    /path has 3 parts/,
    pathDescriptor('a', 'b', 'c'),
  ),
  described('an empty key', 'DESCRIPTOR_MALFORMED', /Key is empty/, pathDescriptor('')),
  described(
    'a key that is too long',
    'DESCRIPTOR_MALFORMED',
    /Key of 201 bytes is longer than 200/,
    pathDescriptor('k'.repeat(201)),
  ),
  described(
    'a key with a line break',
    'DESCRIPTOR_MALFORMED',
    /Key has a control character/,
    pathDescriptor('a\nb'),
  ),
  described('an empty schema name', 'DESCRIPTOR_MALFORMED', /Schema is empty/, pathDescriptor('', 'a')),
  described('an empty command', 'DESCRIPTOR_MALFORMED', /Command is empty/, commandDescriptor('')),
  described(
    'a command that is not UTF-8',
    'DESCRIPTOR_MALFORMED',
    /neither UTF-8 text/,
    commandDescriptor(Buffer.from([0xff, 0xfe])),
  ),
  described('a put to SQL', 'DESCRIPTOR_MALFORMED', /holds SQL/, commandDescriptor('SELECT 1')),
  described(
    'JSON that ends early',
    'DESCRIPTOR_MALFORMED',
    /begins like JSON and is not/,
    commandDescriptor('{"key": "a"'),
  ),
  described(
    'JSON without a key',
    'DESCRIPTOR_MALFORMED',
    /neither "key" nor "sql"/,
    commandDescriptor('{"mode": "append"}'),
  ),
  described(
    'JSON with an unknown field',
    'DESCRIPTOR_MALFORMED',
    /unknown field "mod"; known are/,
    commandDescriptor('{"key": "a", "mod": "append"}'),
  ),
  described(
    'JSON with an unknown mode',
    'DESCRIPTOR_MALFORMED',
    /"mode" must be one of/,
    commandDescriptor('{"key": "a", "mode": "upsert"}'),
  ),
  described(
    'an append of another schema',
    'SCHEMA_MISMATCH',
    /dataset "stored": column 1 is stored as .* and was sent as n int64/,
    commandDescriptor('{"key": "stored", "mode": "append"}'),
  ),
  described(
    'a create of what exists',
    'DATASET_EXISTS',
    /"stored" exists/,
    commandDescriptor('{"key": "stored", "mode": "create"}'),
  ),
]

/** What comes in which order. */
const orders: readonly BadInput[] = [
  {
    name: 'a put of no message',
    rpc: 'DoPut',
    messages: [],
    code: 'SCHEMA_MISSING',
    text: /ended before a message/,
  },
  put('a descriptor and nothing else', 'SCHEMA_MISSING', /ended before a schema/, [
    makeFrame(new Uint8Array(), []),
  ]),
  put('a batch before the schema', 'SCHEMA_MISSING', /A batch came before the schema/, [
    integerBatch(3),
    integers,
  ]),
  put('a dictionary before the schema', 'SCHEMA_MISSING', /A dictionary came before/, [
    dictionaryFrame('ab'),
    words,
  ]),
  put('a schema that comes twice', 'IPC_MALFORMED', /second schema/, [integers, integers, integerBatch(3)]),
  put('a schema after batches', 'IPC_MALFORMED', /second schema/, [
    integers,
    integerBatch(3),
    integerBatch(4),
    integers,
  ]),
  put('a batch of a schema with more columns', 'IPC_MALFORMED', /node|column|buffer/i, [
    integers,
    firstBatch,
  ]),
  put('a batch of a wider type', 'IPC_MALFORMED', /column "n" has 12 bytes of data, and needs 24/, [
    integers,
    batchFrame(
      { rows: 3, nodes: [{ length: 3, nullCount: 0 }], buffers: [NONE, { offset: 0, length: 12 }] },
      Buffer.alloc(16),
    ),
  ]),
  put('columns that differ by case alone', 'TYPE_UNSUPPORTED', /'a' and 'A'/, [
    schemaFrame(field('a', INT64), field('A', INT64)),
  ]),
]

function exchange(
  name: string,
  code: ErrorCode,
  text: RegExp,
  frames: readonly Frame[],
  command: string | null = 'SELECT * FROM input',
): BadInput {
  const descriptor = command === null ? null : commandDescriptor(command)
  return { name, rpc: 'DoExchange', messages: putMessages(descriptor, frames), code, text }
}

const exchanges: readonly BadInput[] = [
  {
    name: 'an exchange of no message',
    rpc: 'DoExchange',
    messages: [],
    code: 'DESCRIPTOR_MALFORMED',
    text: /ended before a descriptor/,
  },
  exchange(
    'an exchange without a descriptor',
    'DESCRIPTOR_MALFORMED',
    /must carry a descriptor/,
    [integers],
    null,
  ),
  exchange('an exchange with a batch first', 'SCHEMA_MISSING', /A batch came before/, [integerBatch(3)]),
  exchange('an exchange with two schemas', 'IPC_MALFORMED', /second schema/, [integers, integers]),
  exchange('an exchange with a lying batch', 'IPC_MALFORMED', /column "n" has 3 rows of 4/, [
    integers,
    integerBatch(3, { rows: 4 }),
  ]),
  exchange(
    'an exchange whose SQL names no column',
    'SQL_INVALID',
    /"m"/,
    [integers, integerBatch(3)],
    'SELECT m FROM input',
  ),
  exchange(
    'an exchange whose SQL fails on a row',
    'SQL_FAILED',
    /boom/,
    [integers, integerBatch(3)],
    `SELECT CASE WHEN n = 2 THEN error('boom') END FROM input`,
  ),
  exchange(
    'an exchange of a batch of another schema',
    'IPC_MALFORMED',
    /it has 1 nodes, and its schema needs more/,
    [schemaFrame(field('i', INT32), field('j', INT32)), integerBatch(3)],
  ),
  {
    name: 'an exchange with a path',
    rpc: 'DoExchange',
    messages: putMessages(pathDescriptor('stored'), [integers]),
    code: 'DESCRIPTOR_MALFORMED',
    text: /takes SQL or "echo"/,
  },
  exchange(
    'an echo of a header that is none',
    'IPC_MALFORMED',
    /malformed/,
    [withHeader(integers, () => Buffer.alloc(64, 0xff))],
    'echo',
  ),
]

/** All of them. */
export const badStreams: readonly BadInput[] = [...descriptors, ...orders, ...exchanges]
