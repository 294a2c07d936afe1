/**
 * Goal: FlightData is decoded into views, whatever the order of its fields, and encoded as protobuf has it.
 * Method: messages put together by hand, and protobufjs as the second opinion.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFlightData, GRPC_PREFIX_BYTES, messages, WireError } from '../../../flight/index.ts'
import { encodeFlightDataHead } from '../../../flight/codec/flight-data.ts'

const descriptor = Buffer.from([0x0a, 2, 8, 1])
const header = Buffer.from([0x12, 3, 1, 2, 3])
const metadata = Buffer.from([0x1a, 1, 9])
const body = Buffer.from([0xc2, 0x3e, 4, 5, 6, 7, 8])

test('all fields are views of the message', () => {
  const message = Buffer.concat([descriptor, header, metadata, body])
  const view = decodeFlightData(message)
  assert.deepEqual([...(view.descriptor ?? [])], [8, 1])
  assert.deepEqual([...view.dataHeader], [1, 2, 3])
  assert.deepEqual([...(view.appMetadata ?? [])], [9])
  assert.deepEqual([...view.body], [5, 6, 7, 8])
  for (const part of [view.descriptor, view.dataHeader, view.appMetadata, view.body]) {
    assert.equal(part?.buffer, message.buffer)
  }
  assert.ok(view.isCanonical)
})

test('fields may come in any order and twice: the last counts', () => {
  const view = decodeFlightData(Buffer.concat([body, header, metadata, Buffer.from([0x12, 1, 7])]))
  assert.deepEqual([...view.dataHeader], [7])
  assert.deepEqual([...view.body], [5, 6, 7, 8])
  assert.ok(!view.isCanonical)
})

test('unknown fields of every wire type are passed over', () => {
  const unknown = Buffer.from([
    ...[0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ...[0x29, 1, 2, 3, 4, 5, 6, 7, 8],
    ...[0x32, 2, 1, 1],
    ...[0x3d, 1, 2, 3, 4],
  ])
  const view = decodeFlightData(Buffer.concat([header, unknown, body]))
  assert.deepEqual([...view.body], [5, 6, 7, 8])
  assert.ok(!view.isCanonical)
})

test('an empty message has nothing', () => {
  const view = decodeFlightData(new Uint8Array(0))
  assert.deepEqual(
    [view.descriptor, view.dataHeader.length, view.appMetadata, view.body.length],
    [null, 0, null, 0],
  )
})

test('a truncated varint is refused', () => {
  for (const bytes of [[0x12], [0xff], [0x12, 0x80], [0x20, 0x80]]) {
    assert.throws(() => decodeFlightData(Uint8Array.from(bytes)), WireError)
  }
})

test('a varint of more than ten bytes is refused', () => {
  assert.throws(
    () => decodeFlightData(Uint8Array.from([0x20, ...new Array<number>(11).fill(0x80), 1])),
    WireError,
  )
})

test('a length over the end, a field number 0 and a group are refused', () => {
  for (const bytes of [
    [0x12, 4, 1, 2, 3],
    [0x02, 0],
    [0x0b, 0x0c],
    [0x29, 1, 2],
    [0x3d, 1],
    [0x12, 255, 255, 255, 255, 127],
  ]) {
    assert.throws(
      () => decodeFlightData(Uint8Array.from(bytes)),
      (error) => error instanceof WireError && error.code === 'MESSAGE_MALFORMED',
    )
  }
})

test('a head and its body are what protobufjs decodes', () => {
  const bytes = Buffer.alloc(300, 1)
  const head = encodeFlightDataHead({
    dataHeader: bytes.subarray(0, 200),
    bodyLength: bytes.length,
    appMetadata: Buffer.from('m'),
    descriptor: messages.FlightDescriptor.encode({ type: 1, path: ['trades'] }),
  })
  const message = Buffer.concat([head, bytes])
  assert.equal(message.readUInt32BE(1), message.length - GRPC_PREFIX_BYTES)
  const data = messages.FlightData.decode(message.subarray(GRPC_PREFIX_BYTES))
  assert.deepEqual(data.flightDescriptor?.path, ['trades'])
  assert.deepEqual(Buffer.from(data.dataHeader), bytes.subarray(0, 200))
  assert.deepEqual(Buffer.from(data.appMetadata), Buffer.from('m'))
  assert.deepEqual(Buffer.from(data.dataBody), bytes)
})

test('a message over 4 GiB cannot be framed', () => {
  assert.throws(() => encodeFlightDataHead({ dataHeader: header, bodyLength: 2 ** 32 }), RangeError)
})
