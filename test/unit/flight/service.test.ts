/**
 * Goal: the RPCs are those of the specification.
 * Method: names, paths and streaming flags against the service in flight/proto/Flight.proto.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FLIGHT_METHODS } from '../../../flight/index.ts'
import path from 'node:path'
import { projectRoot } from '../../support/project-root.ts'

const proto = readFileSync(path.join(projectRoot, 'flight/proto/Flight.proto'), 'utf8')

test('there are ten RPCs, as the proto file has them', () => {
  const rpcs = [...proto.matchAll(/rpc (\w+)\((stream )?\w+\) returns \((stream )?\w+\)/g)]
  const expected = rpcs.map(([, name, request, response]) => [
    name,
    `/arrow.flight.protocol.FlightService/${name ?? ''}`,
    request !== undefined,
    response !== undefined,
  ])
  const found = Object.entries(FLIGHT_METHODS).map(([name, method]) => [
    name,
    method.path,
    method.requestStream,
    method.responseStream,
  ])
  assert.equal(found.length, 10)
  assert.deepEqual(found, expected)
})

test('messages go through as they are', () => {
  const bytes = Buffer.from([1, 2, 3])
  for (const method of Object.values(FLIGHT_METHODS)) {
    assert.equal(method.requestSerialize(bytes), bytes)
    assert.equal(method.requestDeserialize(bytes), bytes)
    assert.equal(method.responseSerialize(bytes), bytes)
    assert.equal(method.responseDeserialize(bytes), bytes)
  }
})
