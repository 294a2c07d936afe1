/** Tickets, descriptors and actions that must be refused, each with what its refusal has to say. */
import { messages } from '../../flight/index.ts'
import type { FlightMethodName } from '../../flight/service.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { actionMessage, commandDescriptor, pathDescriptor, ticketMessage } from '../support/raw-flight.ts'
import type { BadInput } from './bad-input-table.ts'

const GARBAGE = Buffer.from('ffffffffff', 'hex')
/** Deeper than a stack that walks it. */
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

function get(name: string, code: ErrorCode, text: RegExp, ticket: string | Uint8Array): BadInput {
  return { name, rpc: 'DoGet', messages: [ticketMessage(ticket)], code, text }
}

function sql(name: string, code: ErrorCode, text: RegExp, statement: string): BadInput {
  return get(name, code, text, JSON.stringify({ sql: statement }))
}

function range(name: string, code: ErrorCode, text: RegExp, request: object): BadInput {
  return get(name, code, text, JSON.stringify({ key: 'stored', ...request }))
}

const tickets: readonly BadInput[] = [
  {
    name: 'a ticket that is no protobuf',
    rpc: 'DoGet',
    messages: [GARBAGE],
    code: 'MESSAGE_MALFORMED',
    text: /Ticket/,
  },
  get('an empty ticket', 'TICKET_MALFORMED', /ticket is empty/, ''),
  get(
    'a ticket of random bytes',
    'TICKET_MALFORMED',
    /neither a UTF-8 key nor a request/,
    Buffer.from([0x80, 0xff, 0x00, 0xc3]),
  ),
  get('a ticket with a zero byte', 'TICKET_MALFORMED', /control character/, 'a\0b'),
  get(
    'a ticket over a megabyte',
    'TICKET_MALFORMED',
    /1048577 bytes is longer than 1048576/,
    Buffer.alloc(1024 * 1024 + 1, 'a'),
  ),
  get(
    'a ticket whose Any is broken',
    'MESSAGE_MALFORMED',
    /Any/,
    Buffer.from('\x0a\x28type.googleapis.com/arrow.flight.protocol\x12\xff', 'latin1'),
  ),
  get('an unknown key', 'DATASET_NOT_FOUND', /no dataset "nobody"/, 'nobody'),
  get('a key of another case', 'DATASET_NOT_FOUND', /no dataset "Stored"/, 'Stored'),
  get('an unknown schema', 'DATASET_NOT_FOUND', /other\.stored/, '{"key": "stored", "schema": "other"}'),
  get('JSON that is broken', 'TICKET_MALFORMED', /begins like JSON and is not/, '{"key": "stored",}'),
  get(
    'JSON nested 100,000 deep',
    'TICKET_MALFORMED',
    /nested too deeply/,
    `{"sql": "SELECT 1", "parameters": ${DEEP}}`,
  ),
  get('a key that is no text', 'TICKET_MALFORMED', /"key" must be text/, '{"key": 7}'),
  range('an unknown field', 'TICKET_MALFORMED', /unknown field "colums"/, { colums: ['price'] }),
  range('a negative limit', 'TICKET_MALFORMED', /"limit" must be a whole number/, { limit: -1 }),
  range('columns that are no list', 'TICKET_MALFORMED', /"columns" must be a list/, { columns: 'price' }),
  range('a mode in a read', 'REQUEST_INVALID', /"mode" belongs to a DoPut/, { mode: 'append' }),
  range('a column that is not there', 'REQUEST_INVALID', /nothing/, { columns: ['nothing'] }),
  range('a condition that does not parse', 'SQL_INVALID', /yntax/, { where: 'price >' }),
  range('a condition on a column that is not there', 'SQL_INVALID', /nothing/, { where: 'nothing = 1' }),
  range('a condition that smuggles a second statement', 'SQL_FORBIDDEN', /several statements/, {
    where: '1 = 1); DROP TABLE stored; --',
  }),
  range('a start that is no time', 'REQUEST_INVALID', /yesterday|start/, { start: 'yesterday' }),
]

const statements: readonly BadInput[] = [
  sql('SQL that does not parse', 'SQL_INVALID', /at or near "SELEC"/, 'SELEC 1'),
  sql('SQL that ends early', 'SQL_INVALID', /yntax error/, 'SELECT (1'),
  sql('SQL that names no table', 'DATASET_NOT_FOUND', /nobody/, 'SELECT * FROM nobody'),
  sql('SQL that names no column', 'SQL_INVALID', /"nothing"/, 'SELECT nothing FROM stored'),
  sql('SQL that calls no function', 'SQL_FORBIDDEN', /frobnicate/, 'SELECT frobnicate(1)'),
  sql('SQL of two statements', 'SQL_FORBIDDEN', /statement/, 'SELECT 1; SELECT 2'),
  sql('SQL that writes', 'SQL_FORBIDDEN', /send it by Flight SQL/, 'DROP TABLE stored'),
  sql('SQL that reads a file', 'SQL_FORBIDDEN', /read_text/, `SELECT * FROM read_text('/etc/passwd')`),
  sql('SQL with too few parameters', 'SQL_INVALID', /takes 2 parameters, 0 were given/, 'SELECT ? + ?'),
  sql(
    'SQL that fails on its first row',
    'SQL_FAILED',
    /convert/,
    `SELECT CAST('x' || range AS INT) FROM range(10)`,
  ),
  sql(
    'SQL that fails in mid-stream',
    'SQL_FAILED',
    /boom/,
    `SELECT CASE WHEN i = 900000 THEN error('boom') ELSE i END AS i FROM range(1000000) t(i)`,
  ),
  sql(
    'SQL of 50,000 brackets',
    'LIMIT_EXCEEDED',
    /50000 tokens/,
    `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
  ),
  sql('SQL nested 3,000 deep', 'SQL_INVALID', /depth/, `SELECT ${'['.repeat(3000)}1${']'.repeat(3000)}`),
  sql('SQL with a lone surrogate', 'SQL_INVALID', /./, `SELECT "\ud800"`),
]

/** The three RPCs that only describe. */
const descriptions = (['GetFlightInfo', 'GetSchema', 'PollFlightInfo'] as const).flatMap(
  (rpc): BadInput[] => [
    {
      name: `${rpc} without a descriptor`,
      rpc,
      messages: [Buffer.alloc(0)],
      code: 'DESCRIPTOR_MALFORMED',
      text: /type 0/,
    },
    {
      name: `${rpc} of garbage`,
      rpc,
      messages: [GARBAGE],
      code: 'MESSAGE_MALFORMED',
      text: /FlightDescriptor/,
    },
    {
      name: `${rpc} of an unknown key`,
      rpc,
      messages: [pathDescriptor('nobody')],
      code: 'DATASET_NOT_FOUND',
      text: /"nobody"/,
    },
    {
      name: `${rpc} of SQL that does not parse`,
      rpc,
      messages: [commandDescriptor('SELEC 1')],
      code: 'SQL_INVALID',
      text: /SELEC/,
    },
    {
      name: `${rpc} of JSON with an unknown field`,
      rpc,
      messages: [commandDescriptor('{"key": "stored", "x": 1}')],
      code: 'DESCRIPTOR_MALFORMED',
      text: /unknown field "x"/,
    },
    {
      name: `${rpc} of JSON nested too deeply`,
      rpc,
      messages: [commandDescriptor(`{"sql": "SELECT 1", "parameters": ${DEEP}}`)],
      code: 'DESCRIPTOR_MALFORMED',
      text: /nested too deeply/,
    },
  ],
)

function action(
  name: string,
  code: ErrorCode,
  text: RegExp,
  type: string,
  body: string | Uint8Array = '',
): BadInput {
  return { name, rpc: 'DoAction', messages: [actionMessage(type, body)], code, text }
}

const actions: readonly BadInput[] = [
  {
    name: 'an action that is no protobuf',
    rpc: 'DoAction',
    messages: [GARBAGE],
    code: 'MESSAGE_MALFORMED',
    text: /Action/,
  },
  action('an unknown action', 'ACTION_UNKNOWN', /no action "explode"; there are query/, 'explode'),
  action(
    'a body over a megabyte',
    'LIMIT_EXCEEDED',
    /1048577 bytes; the limit is 1048576/,
    'query',
    Buffer.alloc(1024 * 1024 + 1, ' '),
  ),
  action('a body that is no JSON', 'REQUEST_INVALID', /body of action "list" is no JSON/, 'list', '{glob}'),
  action(
    'a body with an unknown field',
    'REQUEST_INVALID',
    /"list" is wrong: .*"gob"/,
    'list',
    '{"gob": "*"}',
  ),
  action(
    'a body nested too deeply',
    'REQUEST_INVALID',
    /"query" is nested too deeply/,
    'query',
    `{"sql": "SELECT 1", "parameters": ${DEEP}}`,
  ),
  action(
    'a level that zstd does not have',
    'REQUEST_INVALID',
    /level/,
    'compact',
    '{"key": "stored", "level": 99}',
  ),
  action(
    'SQL that is not UTF-8',
    'REQUEST_INVALID',
    /"query" is not UTF-8/,
    'query',
    Buffer.from([0x53, 0xff]),
  ),
  action('a query that does not parse', 'SQL_INVALID', /SELEC/, 'query', 'SELEC 1'),
  action(
    'a query that fails in mid-stream',
    'SQL_FAILED',
    /boom/,
    'query',
    `SELECT CASE WHEN i = 900000 THEN error('boom') ELSE i END AS i FROM range(1000000) t(i)`,
  ),
  action('a plan of what does not parse', 'SQL_INVALID', /SELEC/, 'explain', 'SELEC 1'),
  ...['describe', 'drop', 'warm', 'evict', 'compact'].flatMap((type) => [
    action(`${type} of an unknown key`, 'DATASET_NOT_FOUND', /no dataset "nobody"/, type, 'nobody'),
    action(`${type} of no key`, 'TICKET_MALFORMED', /Key is empty/, type),
    action(
      `${type} with an unknown field`,
      'REQUEST_INVALID',
      /"force"/,
      type,
      '{"key": "stored", "force": true}',
    ),
  ]),
]

function garbage(rpc: FlightMethodName, text: RegExp): BadInput {
  return { name: `${rpc} of garbage`, rpc, messages: [GARBAGE], code: 'MESSAGE_MALFORMED', text }
}

/** All of them. */
export const badRequests: readonly BadInput[] = [
  ...tickets,
  ...statements,
  ...descriptions,
  ...actions,
  garbage('Handshake', /HandshakeRequest/),
  garbage('ListFlights', /Criteria/),
  {
    name: 'criteria that are not UTF-8',
    rpc: 'ListFlights',
    messages: [messages.Criteria.encode({ expression: Buffer.from([0xff, 0xfe]) })],
    code: 'REQUEST_INVALID',
    text: /UTF-8/,
  },
]
