// Goal: every failure is one line with its code. Method: errors of each kind, and their lines.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommandError, failureLine, fileError } from '../../../src/cli/failure.ts'
import { FlightError } from '../../../src/client/flight-error.ts'
import { SternaError } from '../../../src/errors.ts'

test('errors of the server, of the connection and of this side look the same', () => {
  assert.equal(
    failureLine(new FlightError('DATASET_NOT_FOUND', 5, 'There is no dataset "x"')),
    'sterna: There is no dataset "x" [DATASET_NOT_FOUND]',
  )
  assert.equal(
    failureLine(new SternaError('CONFIG_INVALID', 'Invalid port')),
    'sterna: Invalid port [CONFIG_INVALID]',
  )
  assert.equal(failureLine(new CommandError('USAGE', 'No file')), 'sterna: No file [USAGE]')
})

test('a message of several lines becomes one', () => {
  assert.equal(
    failureLine(new CommandError('USAGE', 'one\n  two\r\n\nthree ')),
    'sterna: one two three [USAGE]',
  )
})

test('what nobody expected names its cause', () => {
  assert.equal(
    failureLine(new TypeError('x is not a function')),
    'sterna: Internal error: x is not a function [BUG]',
  )
  assert.equal(failureLine('thrown text'), 'sterna: Internal error [BUG]')
})

test('what the system says of a file becomes a sentence', () => {
  const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' })
  assert.equal(
    fileError('FILE_UNREADABLE', 'a.csv', error).message,
    'a.csv cannot be read: there is no such file or directory',
  )
  const rare = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  assert.equal(
    fileError('FILE_UNWRITABLE', 'a.csv', rare).message,
    'a.csv cannot be written: EMFILE: too many open files',
  )
})
