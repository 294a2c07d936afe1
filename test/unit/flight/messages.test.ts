/**
 * Goal: the messages of Flight and Flight SQL are encoded as the specification says, and foreign bytes give a value or
 * a WireError.
 * Method: round trips of every message, bytes written by hand, and the generated files against their source.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  messages,
  packAny,
  type SessionOptionValue,
  SqlInfo,
  unpackAny,
  unpackAnyAs,
  WireError,
} from '../../../flight/index.ts'
import { generateMessages } from '../../../scripts/generate-messages.ts'
import { join } from 'node:path'
import { projectRoot } from '../../support/project-root.ts'

test('the generated files are what flight/proto gives', async () => {
  for (const [path, source] of await generateMessages()) {
    assert.equal(readFileSync(join(projectRoot, 'flight', path), 'utf8'), source, path)
  }
})

test('every message has a codec under its name, and its default is its empty encoding', () => {
  const protos = ['Flight', 'FlightSql'].map((name) =>
    readFileSync(join(projectRoot, 'flight/proto', `${name}.proto`), 'utf8'),
  )
  // Timestamp and Any are not ours.
  assert.equal(Object.keys(messages).length, [...protos.join('').matchAll(/^ *message /gm)].length + 2)
  for (const codec of Object.values(messages)) {
    assert.equal(codec.encode({}).length, 0)
    assert.equal(
      codec.encode(codec.decode(new Uint8Array(0)) as Record<string, never>).length,
      0,
      codec.typeName,
    )
  }
})

test('a FlightInfo is what it was', () => {
  const info = {
    schema: Buffer.from([1, 2]),
    flightDescriptor: { type: 1, cmd: new Uint8Array(0), path: ['trades'] },
    endpoint: [
      {
        ticket: { ticket: Buffer.from('t') },
        location: [{ uri: 'grpc+tcp://localhost:1' }],
        expirationTime: { seconds: 1_800_000_000, nanos: 5 },
        appMetadata: new Uint8Array(0),
      },
    ],
    totalRecords: -1,
    totalBytes: 2 ** 40 + 1,
    ordered: true,
    appMetadata: Buffer.from('m'),
  }
  const decoded = messages.FlightInfo.decode(messages.FlightInfo.encode(info))
  assert.deepEqual(decoded, info)
})

test('a field that is absent is null where it may be, else its default', () => {
  const info = messages.FlightInfo.decode(new Uint8Array(0))
  assert.deepEqual(info, {
    schema: new Uint8Array(0),
    flightDescriptor: null,
    endpoint: [],
    totalRecords: 0,
    totalBytes: 0,
    ordered: false,
    appMetadata: new Uint8Array(0),
  })
  assert.equal(messages.PollInfo.decode(new Uint8Array(0)).progress, null)
  assert.equal(messages.PollInfo.decode(messages.PollInfo.encode({ progress: 0 })).progress, 0)
  assert.equal(
    messages.CommandGetTables.decode(messages.CommandGetTables.encode({ catalog: '' })).catalog,
    '',
  )
})

test('session options keep their kind, sign and order, whatever their name', () => {
  const value = {
    stringValue: null,
    boolValue: null,
    int64Value: null,
    doubleValue: null,
    stringListValue: null,
  }
  const sessionOptions = new Map<string, SessionOptionValue>([
    ['text', { ...value, stringValue: '' }],
    ['flag', { ...value, boolValue: false }],
    ['min', { ...value, int64Value: -(2n ** 63n) }],
    ['max', { ...value, int64Value: 2n ** 63n - 1n }],
    ['zero', { ...value, int64Value: 0n }],
    ['double', { ...value, doubleValue: -0.5 }],
    ['list', { ...value, stringListValue: { values: ['a', 'é'] } }],
    ['unset', value],
    ['__proto__', { ...value, stringValue: 'x' }],
  ])
  const bytes = messages.SetSessionOptionsRequest.encode({ sessionOptions })
  assert.deepEqual(messages.SetSessionOptionsRequest.decode(bytes).sessionOptions, sessionOptions)
  // Spec: int64_value is an sfixed64, field 3: tag 0x19 and eight bytes.
  const encoded = messages.SessionOptionValue.encode({ int64Value: 123n })
  assert.deepEqual([...encoded], [0x19, 123, 0, 0, 0, 0, 0, 0, 0])
})

test('of two members of one oneof the last counts', () => {
  const bytes = Buffer.concat([
    messages.SessionOptionValue.encode({ stringValue: 'a' }),
    messages.SessionOptionValue.encode({ boolValue: true }),
  ])
  const { stringValue, boolValue } = messages.SessionOptionValue.decode(bytes)
  assert.deepEqual([stringValue, boolValue], [null, true])
})

test('repeated scalars are taken packed and one by one', () => {
  assert.deepEqual([...messages.CommandGetSqlInfo.encode({ info: [8, 500] })], [0x0a, 3, 8, 0xf4, 3])
  assert.deepEqual(messages.CommandGetSqlInfo.decode(Uint8Array.of(0x08, 8, 0x08, 4)).info, [8, 4])
})

test('an integer that a number cannot hold is refused', () => {
  const bytes = Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
  assert.throws(() => messages.DoPutUpdateResult.decode(bytes), malformed)
  assert.equal(
    messages.DoPutUpdateResult.decode(messages.DoPutUpdateResult.encode({ recordCount: -1 })).recordCount,
    -1,
  )
})

test('truncated bytes, wrong UTF-8 and nonsense are refused', () => {
  assert.throws(() => messages.Ticket.decode(Uint8Array.of(0x0a, 5, 1)), malformed)
  assert.throws(() => messages.Location.decode(Uint8Array.of(0x0a, 1, 0xff)), malformed)
  assert.throws(() => messages.FlightInfo.decode(Buffer.from('garbage')), malformed)
})

function malformed(error: unknown): boolean {
  return error instanceof WireError && error.code === 'MESSAGE_MALFORMED'
}

test('an Any names its message by the full type URL', () => {
  const bytes = packAny('CommandStatementQuery', { query: 'select 1' })
  const { typeUrl } = messages.Any.decode(bytes)
  assert.equal(typeUrl, 'type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery')
  assert.equal(unpackAny(bytes).typeName, 'arrow.flight.protocol.sql.CommandStatementQuery')
  assert.deepEqual(unpackAnyAs('CommandStatementQuery', bytes), { query: 'select 1', transactionId: null })
})

test('an Any of another kind, or without one, is refused', () => {
  assert.throws(() => unpackAnyAs('CommandGetTables', packAny('CommandGetCatalogs', {})), malformed)
  assert.throws(() => unpackAny(messages.Any.encode({ typeUrl: 'nothing' })), malformed)
  assert.throws(() => unpackAny(messages.Any.encode({ typeUrl: 'host/' })), malformed)
})

test('enums have the numbers of the specification', () => {
  assert.equal(SqlInfo.FLIGHT_SQL_SERVER_TRANSACTION, 8)
  assert.equal(SqlInfo.SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED, 576)
})
