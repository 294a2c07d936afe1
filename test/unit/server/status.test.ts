/** The one conversion at the edge: what a client sees of anything thrown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GRPC_STATUS, WireError } from '../../../flight/status.ts'
import { ERRORS, type ErrorCode, SternaError } from '../../../src/errors.ts'
import { LIMITS } from '../../../src/limits.ts'
import { statusOf } from '../../../src/server/status.ts'
import { openLog } from '../../../src/telemetry/log.ts'

function logged(): { lines: () => Record<string, unknown>[]; log: ReturnType<typeof openLog> } {
  let text = ''
  const log = openLog('info', { write: (line: string) => (text += line) })
  const lines = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { lines, log }
}

test('every code becomes its gRPC status, and its text ends in the code', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const status = statusOf(new SternaError(code, 'Something'), 'DoGet', logged().log)
    assert.equal(status.code, ERRORS[code].grpc)
    assert.ok(status.details.endsWith(`[${code}]`), status.details)
  }
})

test('an error of the wire keeps its code and text', () => {
  const status = statusOf(new WireError('IPC_MALFORMED', 'Buffer 3 lies'), 'DoPut', logged().log)
  assert.deepEqual(status, { code: GRPC_STATUS.INVALID_ARGUMENT, details: 'Buffer 3 lies [IPC_MALFORMED]' })
})

test('an unknown error shows a reference only; its cause is in the log under that reference', () => {
  const { lines, log } = logged()
  const { code, details } = statusOf(new TypeError('secret path'), 'DoGet', log)
  assert.equal(code, GRPC_STATUS.INTERNAL)
  assert.doesNotMatch(details, /secret/)
  const reference = /reference (\w+) \[BUG\]$/.exec(details)?.[1]
  assert.equal(lines()[0]?.['reference'], reference)
  assert.match(JSON.stringify(lines()[0]), /secret path/)
})

test('a cancelled call is no line in the log', () => {
  const { lines, log } = logged()
  statusOf(new SternaError('CANCELLED', 'The client cancelled the call'), 'DoGet', log)
  assert.deepEqual(lines(), [])
})

test('a full disk is a state to retry, whoever met it', () => {
  const error = Object.assign(new Error('write failed'), { code: 'ENOSPC' })
  assert.equal(statusOf(error, 'DoPut', logged().log).code, GRPC_STATUS.UNAVAILABLE)
})

test('a text that HTTP/2 would not carry is shortened and made well-formed, with its code kept', () => {
  const long = `${'x'.repeat(LIMITS.errorMessageCharsMax - 1)}\u{1F600}`
  const { details } = statusOf(new SternaError('SQL_INVALID', long), 'DoGet', logged().log)
  assert.doesNotThrow(() => encodeURI(details))
  assert.ok(details.endsWith('[SQL_INVALID]') && details.length < LIMITS.errorMessageCharsMax + 20)
})

test('what the system has against the data directory is told without its path', () => {
  for (const code of ['EXDEV', 'EPERM', 'ENOENT', 'ENOTDIR', 'EFBIG', 'EIO', 'EROFS', 'EACCES', 'EMFILE']) {
    const error = Object.assign(new Error(`${code}: rename '/srv/secret'`), { code })
    const status = statusOf(error, 'DoPut', logged().log)
    assert.equal(status.code, GRPC_STATUS.UNAVAILABLE)
    assert.match(status.details, /^The data directory cannot be used: [a-z -]+ \(E[A-Z]+\) \[DISK_FAILED\]$/)
    assert.ok(status.details.includes(code))
  }
})
