/**
 * Goal: descriptors and tickets mean what docs say, and what means nothing is refused with its reason.
 * Method: each form once, each field of the JSON form right and wrong, and tickets read back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescriptorType,
  encodeTicket,
  packAny,
  parseDescriptor,
  parseTicket,
  type Request,
  WireError,
} from '../../../flight/index.ts'

function path(...parts: string[]): Request {
  return parseDescriptor({ type: DescriptorType.PATH, path: parts, cmd: new Uint8Array(0) })
}

function command(text: string | Uint8Array): Request {
  return parseDescriptor({ type: DescriptorType.CMD, path: [], cmd: Buffer.from(text) })
}

function refuse(make: () => unknown, code: string, message: RegExp): void {
  assert.throws(
    make,
    (error) => error instanceof WireError && error.code === code && message.test(error.message),
  )
}

const trades = { kind: 'dataset', dataset: { schema: 'main', key: 'trades' } } as const

test('a path is a dataset, in schema main unless another is named', () => {
  assert.deepEqual(path('trades'), trades)
  assert.deepEqual(path('crypto', 'trades'), {
    kind: 'dataset',
    dataset: { schema: 'crypto', key: 'trades' },
  })
})

test('a path of no or three parts, and a descriptor of no type, are refused', () => {
  refuse(() => path(), 'DESCRIPTOR_MALFORMED', /0 parts/)
  refuse(() => path('a', 'b', 'c'), 'DESCRIPTOR_MALFORMED', /3 parts/)
  refuse(
    () => parseDescriptor({ type: 0, path: ['a'], cmd: Buffer.alloc(0) }),
    'DESCRIPTOR_MALFORMED',
    /type 0/,
  )
})

test('a key is 1 to 200 bytes of UTF-8 without control characters', () => {
  for (const key of ['/tmp/x/0.json', 'é'.repeat(100), '..', 'a b', '😀'])
    assert.doesNotThrow(() => path(key))
  refuse(() => path(''), 'DESCRIPTOR_MALFORMED', /empty/)
  refuse(() => path('é'.repeat(101)), 'DESCRIPTOR_MALFORMED', /202 bytes is longer than 200/)
  for (const key of ['a\nb', '\0', 'a\u007f', '\u0085'])
    refuse(() => path(key), 'DESCRIPTOR_MALFORMED', /control/)
  refuse(() => command('{"key":"\\ud800"}'), 'DESCRIPTOR_MALFORMED', /Unicode/)
  refuse(() => path('', 'a'), 'DESCRIPTOR_MALFORMED', /Schema is empty/)
})

test('a command is SQL, JSON or Flight SQL', () => {
  assert.deepEqual(command('select 1'), { kind: 'sql', sql: 'select 1' })
  assert.deepEqual(command('\nselect 1'), { kind: 'sql', sql: '\nselect 1' })
  assert.deepEqual(command(' {"key": "trades"}'), trades)
  const sql = command(packAny('CommandStatementQuery', { query: 'select 1' }))
  assert.equal(sql.kind === 'flight-sql' && sql.typeName, 'arrow.flight.protocol.sql.CommandStatementQuery')
  const long = command(
    packAny('ActionCreatePreparedSubstraitPlanRequest', { plan: { plan: Buffer.alloc(300) } }),
  )
  assert.equal(long.kind, 'flight-sql')
})

test('an empty command, or one that is no text, is refused', () => {
  refuse(() => command(' '), 'DESCRIPTOR_MALFORMED', /empty/)
  refuse(() => command(Uint8Array.of(0xff, 0xfe)), 'DESCRIPTOR_MALFORMED', /UTF-8/)
  refuse(() => command(Buffer.alloc(2 ** 20 + 1, 'x')), 'DESCRIPTOR_MALFORMED', /1048577 bytes is longer/)
  const cut = packAny('CommandStatementQuery', { query: 'select 1' }).subarray(0, -3)
  refuse(() => command(cut), 'MESSAGE_MALFORMED', /Any/)
})

test('a JSON request keeps every field', () => {
  const fields = {
    mode: 'append',
    result: true,
    columns: ['a', 'b'],
    where: 'a > 1',
    start: '2026-02-03',
    end: 17,
    limit: 10,
    version: 3,
  }
  assert.deepEqual(command(JSON.stringify({ key: 'trades', ...fields })), { ...trades, ...fields })
  assert.deepEqual(command('{"key":"trades","schema":"crypto"}'), {
    kind: 'dataset',
    dataset: { schema: 'crypto', key: 'trades' },
  })
  assert.deepEqual(command('{"key":"trades","where":null}'), trades)
  assert.deepEqual(command('{"sql":"select ?","parameters":[1,null]}'), {
    kind: 'sql',
    sql: 'select ?',
    parameters: [1, null],
  })
})

test('a JSON request with a wrong or unknown field is refused, and names it', () => {
  const wrong: [unknown, RegExp][] = [
    [{ key: 'a', wher: 'x' }, /unknown field "wher"; known are schema, key/],
    [{ key: 'a', sql: 'select 1' }, /unknown field "key"; known are sql/],
    [{ key: 'a', mode: 'upsert' }, /"mode" must be one of replace, append, create/],
    [{ key: 'a', result: 1 }, /"result"/],
    [{ key: 'a', columns: [] }, /"columns"/],
    [{ key: 'a', columns: [1] }, /"columns"/],
    [{ key: 'a', where: ' ' }, /"where"/],
    [{ key: 'a', start: {} }, /"start"/],
    [{ key: 'a', limit: 1.5 }, /"limit"/],
    [{ key: 'a', limit: -1 }, /"limit"/],
    [{ key: 'a', version: 'x' }, /"version"/],
    [{ key: 1 }, /"key"/],
    [{ sql: '' }, /neither|"sql"/],
    [{ sql: 'select 1', parameters: 1 }, /"parameters"/],
    [{ toString: 1 }, /neither "key" nor "sql"/],
    [{}, /neither "key" nor "sql"/],
  ]
  for (const [value, message] of wrong) {
    refuse(() => command(JSON.stringify(value)), 'DESCRIPTOR_MALFORMED', message)
    refuse(() => parseTicket(Buffer.from(JSON.stringify(value))), 'TICKET_MALFORMED', message)
  }
  refuse(() => command('{"key":'), 'DESCRIPTOR_MALFORMED', /begins like JSON/)
})

test('a plain ticket is a key', () => {
  assert.deepEqual(parseTicket(Buffer.from('trades')), trades)
  refuse(() => parseTicket(new Uint8Array(0)), 'TICKET_MALFORMED', /empty/)
  refuse(() => parseTicket(Uint8Array.of(0xff)), 'TICKET_MALFORMED', /UTF-8/)
})

test('every ticket we make reads back as its request', () => {
  const requests: Request[] = [
    trades,
    { kind: 'dataset', dataset: { schema: 'crypto', key: '{"key":"x"}' } },
    { ...trades, columns: ['a'], where: 'a > 1', start: 1, end: '2026', limit: 0, version: 9 },
    { kind: 'sql', sql: 'select $a', parameters: { a: [1, 'x'] } },
    { kind: 'sql', sql: 'select 1' },
    {
      kind: 'flight-sql',
      typeName: 'arrow.flight.protocol.sql.TicketStatementQuery',
      value: Buffer.from([1, 2]),
    },
  ]
  for (const request of requests) assert.deepEqual(parseTicket(encodeTicket(request)), request)
})
