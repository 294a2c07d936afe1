/** What DuckDB's airport extension reads of a failed call, in the trailers; and that no other client gets it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from '@msgpack/msgpack'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { type ErrorCode, SternaError } from '../../src/errors.ts'
import { airportDetails } from '../../src/server/airport/error-details.ts'
import { FLIGHT_METHODS, type FlightMethodName } from '../../flight/service.ts'
import { actionMessage, ticketMessage } from '../support/raw-flight.ts'
import { withServer } from '../support/start-server.ts'

const AIRPORT = { 'airport-user-agent': 'airport/20250723' }

/** Makes a call that fails. @returns its error, with the trailers */
async function failure(
  url: string,
  rpc: FlightMethodName,
  message: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<ServiceError> {
  const client = new Client(new URL(url).host, credentials.createInsecure())
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const same = (bytes: Buffer): Buffer => bytes
  try {
    const { path } = FLIGHT_METHODS[rpc]
    const call = client.makeServerStreamRequest<Buffer, Buffer>(path, same, same, message, metadata)
    return await new Promise((resolve, reject) => {
      call.on('error', resolve).on('end', () => {
        reject(new Error('the call has not failed'))
      })
      call.resume()
    })
  } finally {
    client.close()
  }
}

function detailsOf({ metadata }: ServiceError): unknown {
  const [bytes] = metadata.get('grpc-status-details-bin')
  return bytes === undefined ? undefined : decode(Buffer.from(bytes))
}

test('a mistake is an exception that DuckDB knows, with the text of the server', async () => {
  await withServer(async ({ url }) => {
    const calls: [FlightMethodName, Buffer, RegExp][] = [
      ['DoGet', ticketMessage('missing'), /There is no dataset "missing" \[DATASET_NOT_FOUND\]/],
      ['DoAction', actionMessage('list_schemas', '\xc1'), /no msgpack \[REQUEST_INVALID\]/],
      ['DoAction', actionMessage('set_default'), /SET DEFAULT .*\[NOT_IMPLEMENTED\]/],
      ['DoAction', actionMessage('no_such_action'), /\[ACTION_UNKNOWN\]/],
    ]
    for (const [rpc, message, text] of calls) {
      const error = await failure(url, rpc, message, AIRPORT)
      const details = detailsOf(error) as { exception_type: string; message: string }
      assert.equal(details.exception_type, 'InvalidInputException')
      assert.match(details.message, text)
      assert.equal(details.message, error.details)
      assert.equal(detailsOf(await failure(url, rpc, message, {})), undefined)
    }
  })
})

test('who may not come in is told so by the exception for that, and what may pass is none', () => {
  const request = new Metadata()
  request.set('airport-user-agent', 'airport/20250723')
  const kindOf = (code: ErrorCode): unknown => {
    const { metadata } = airportDetails(new SternaError(code, 'A text'), request)
    const [bytes] = metadata?.get('grpc-status-details-bin') ?? []
    return bytes === undefined
      ? undefined
      : (decode(Buffer.from(bytes)) as { exception_type: string }).exception_type
  }
  assert.equal(kindOf('UNAUTHENTICATED'), 'PermissionException')
  assert.equal(kindOf('SCHEMA_MISMATCH'), 'InvalidInputException')
  for (const code of ['COMMIT_CONFLICT', 'SERVER_BUSY', 'BUG'] as const) assert.equal(kindOf(code), undefined)
})
