// Goal: docs/errors.md and src/errors.ts say the same, in both directions.
// Method: read the table of the document and compare it with the table of the code.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/status.ts'
import { ERRORS } from '../../src/errors.ts'
import { projectRoot } from '../support/project-root.ts'

interface Row {
  readonly grpc: string
  readonly pyarrow: string
  readonly retry: boolean
}

const statusNames = new Map<number, string>(Object.entries(GRPC_STATUS).map(([name, code]) => [code, name]))

/** What pyarrow raises for each status that the server ends calls with. */
const pyarrowErrors: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'ArrowInvalid',
  NOT_FOUND: 'ArrowKeyError',
  ALREADY_EXISTS: 'ArrowException',
  PERMISSION_DENIED: 'FlightUnauthorizedError',
  UNAUTHENTICATED: 'FlightUnauthenticatedError',
  RESOURCE_EXHAUSTED: 'ArrowInvalid',
  FAILED_PRECONDITION: 'ArrowInvalid',
  UNAVAILABLE: 'FlightUnavailableError',
  DEADLINE_EXCEEDED: 'FlightTimedOutError',
  CANCELLED: 'FlightCancelledError',
  UNIMPLEMENTED: 'ArrowNotImplementedError',
  INTERNAL: 'FlightInternalError',
  ABORTED: 'FlightInternalError',
  DATA_LOSS: 'FlightInternalError',
}

function readDocument(): Map<string, Row> {
  const rows = new Map<string, Row>()
  for (const line of readFileSync(path.join(projectRoot, 'docs/errors.md'), 'utf8').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''))
    const [, code = '', grpc = '', pyarrow = '', retry = '', meaning = '', advice = ''] = cells
    if (!/^[A-Z][A-Z_]+$/.test(code)) continue
    assert.ok(!rows.has(code), `${code} stands twice`)
    assert.ok(meaning !== '' && advice !== '', `${code} has no meaning or no advice`)
    rows.set(code, { grpc, pyarrow, retry: retry === 'yes' })
  }
  return rows
}

test('every error code is documented, with its status, exception and retry', () => {
  const expected = Object.entries(ERRORS).map(([code, { grpc, retry }]): [string, Row] => {
    const name = statusNames.get(grpc) ?? ''
    return [code, { grpc: name, pyarrow: pyarrowErrors[name] ?? '', retry }]
  })
  const documented = readDocument()
  for (const [code, row] of expected) assert.deepEqual(documented.get(code), row, code)
})

test('every documented error code exists', () => {
  for (const code of readDocument().keys()) assert.ok(code in ERRORS, code)
})
