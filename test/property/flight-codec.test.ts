/**
 * Goal: no bytes of a client can do more than be refused, and our FlightData is protobuf's.
 * Method: random and mutated bytes at every decoder of flight/, which may give a value or a WireError and nothing else;
 * FlightData encoded and decoded by us and by protobufjs, in both directions. Each property has five seconds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFlightDataHead } from '../../flight/codec/flight-data.ts'
import {
  decodeFlightData,
  encodeTicket,
  frameFromFlightData,
  GRPC_PREFIX_BYTES,
  messages,
  packAny,
  parseDescriptor,
  parseTicket,
  unpackAny,
  WireError,
} from '../../flight/index.ts'

const timeBox = { numRuns: 20_000, interruptAfterTimeLimit: 5000, markInterruptAsFailure: false }

/** Runs a decoder; anything it throws but a WireError is a fault. */
function attempt(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
}

/** Valid bytes with some of them changed, cut off or doubled: they get past the first checks. */
function mutated(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({ at: fc.nat(4096), value: fc.nat(255) })
  return fc
    .record({
      sample: fc.constantFrom(...samples),
      edits: fc.array(edit, { maxLength: 4 }),
      cut: fc.nat(4096),
    })
    .map(({ sample, edits, cut }) => {
      const bytes = Uint8Array.from(sample)
      for (const { at, value } of edits) bytes[at % (bytes.length || 1)] = value
      return cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes
    })
}

const flightData = fc.record({
  descriptor: fc.option(fc.array(fc.string(), { maxLength: 3 })),
  dataHeader: fc.uint8Array({ maxLength: 300 }),
  appMetadata: fc.uint8Array({ maxLength: 200 }),
  dataBody: fc.uint8Array({ maxLength: 400 }),
})

const samples = [
  messages.FlightInfo.encode({
    schema: Buffer.alloc(20, 1),
    flightDescriptor: { type: 1, path: ['trades'] },
    endpoint: [{ ticket: { ticket: Buffer.from('t') }, location: [{ uri: 'grpc://h:1' }] }],
    totalRecords: -1,
    totalBytes: 12_345_678_901,
  }),
  messages.SetSessionOptionsRequest.encode({
    sessionOptions: new Map([
      ['a', { int64Value: -5n }],
      ['b', { stringListValue: { values: ['x', 'y'] } }],
    ]),
  }),
  packAny('CommandGetTables', { catalog: 'lake', tableTypes: ['TABLE'], includeSchema: true }),
  packAny('CommandStatementIngest', { table: 't', options: new Map([['k', 'v']]) }),
  Buffer.concat([
    encodeFlightDataHead({ dataHeader: Buffer.alloc(9, 7), bodyLength: 4 }),
    Buffer.alloc(4),
  ]).subarray(5),
  encodeTicket({ kind: 'dataset', dataset: { schema: 'a', key: 'b' }, columns: ['c'], limit: 3 }),
]

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(samples))

test('FlightData comes back as it was, and protobufjs reads the same', () => {
  fc.assert(
    fc.property(flightData, ({ descriptor, dataHeader, appMetadata, dataBody }) => {
      const encoded =
        descriptor === null ? null : messages.FlightDescriptor.encode({ type: 1, path: descriptor })
      const head = encodeFlightDataHead({
        dataHeader,
        appMetadata,
        descriptor: encoded,
        bodyLength: dataBody.length,
      })
      const message = Buffer.concat([head, dataBody]).subarray(GRPC_PREFIX_BYTES)
      const ours = decodeFlightData(message)
      assert.deepEqual(Buffer.from(ours.descriptor ?? []), Buffer.from(encoded ?? []))
      assert.deepEqual(new Uint8Array(ours.dataHeader), dataHeader)
      assert.deepEqual(new Uint8Array(ours.appMetadata ?? []), appMetadata)
      assert.deepEqual(new Uint8Array(ours.body), dataBody)
      assert.ok(ours.isCanonical)
      const theirs = messages.FlightData.decode(message)
      assert.deepEqual(theirs.flightDescriptor?.path ?? null, descriptor)
      assert.deepEqual(Buffer.from(theirs.dataHeader), Buffer.from(dataHeader))
      assert.deepEqual(Buffer.from(theirs.appMetadata), Buffer.from(appMetadata))
      assert.deepEqual(Buffer.from(theirs.dataBody), Buffer.from(dataBody))
    }),
    timeBox,
  )
})

test('what protobufjs encodes as FlightData we read the same, and encode to the same bytes', () => {
  fc.assert(
    fc.property(flightData, ({ descriptor, dataHeader, appMetadata, dataBody }) => {
      const flightDescriptor = descriptor === null ? null : { type: 1, path: descriptor }
      const message = messages.FlightData.encode({ flightDescriptor, dataHeader, appMetadata, dataBody })
      const ours = decodeFlightData(message)
      assert.equal(ours.descriptor === null, descriptor === null)
      assert.deepEqual(new Uint8Array(ours.dataHeader), dataHeader)
      assert.deepEqual(new Uint8Array(ours.body), dataBody)
      const bodyLength = dataBody.length === 0 ? null : dataBody.length
      const head = encodeFlightDataHead({ ...ours, bodyLength })
      assert.deepEqual(Buffer.concat([head.subarray(GRPC_PREFIX_BYTES), ours.body]), message)
    }),
    timeBox,
  )
})

test('any bytes as FlightData give a view or a WireError', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      attempt(() => {
        const view = decodeFlightData(bytes)
        for (const part of [view.descriptor, view.dataHeader, view.appMetadata, view.body]) {
          assert.ok(part === null || part.length <= bytes.length)
        }
        frameFromFlightData(view)
      })
    }),
    timeBox,
  )
})

test('any bytes as any message give a value or a WireError, and a value can be encoded', () => {
  const codecs = Object.values(messages)
  fc.assert(
    fc.property(anyBytes, fc.nat(codecs.length - 1), (bytes, index) => {
      const codec = codecs[index]
      assert.ok(codec)
      attempt(() => codec.encode(codec.decode(bytes) as Record<string, never>))
      attempt(() => unpackAny(bytes))
    }),
    timeBox,
  )
})

test('any descriptor or ticket gives a request or a WireError, and a request has a ticket', () => {
  const json = fc.record(
    {
      key: fc.string(),
      sql: fc.string(),
      mode: fc.constantFrom('replace', 'append', 7),
      columns: fc.array(fc.string()),
      where: fc.string(),
      limit: fc.oneof(fc.nat(), fc.double()),
      parameters: fc.jsonValue(),
      other: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const bytes = fc.oneof(
    anyBytes,
    fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
    json.map((value) => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(bytes, fc.nat(3), fc.array(fc.string(), { maxLength: 3 }), (cmd, type, path) => {
      attempt(() => {
        const request = parseDescriptor({ type, path, cmd })
        const ticket = encodeTicket(request)
        assert.deepEqual(encodeTicket(parseTicket(ticket)), ticket)
      })
      attempt(() => {
        const request = parseTicket(cmd)
        const ticket = encodeTicket(request)
        assert.deepEqual(encodeTicket(parseTicket(ticket)), ticket)
      })
    }),
    timeBox,
  )
})
