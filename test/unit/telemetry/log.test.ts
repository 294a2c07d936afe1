// Goal: log lines are JSON that names their subsystem and holds no secret; standard output stays free for data.
// Method: a log into memory, and one of a real process on its standard error.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { logFor, openLog } from '../../../src/telemetry/log.ts'

function memory() {
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
  return { lines, stream }
}

test('a line names level, time, subsystem, facts and event', () => {
  const { lines, stream } = memory()
  logFor(openLog('info', stream), 'store').info({ rows: 3 }, 'put.committed')
  const [line] = lines
  assert.deepEqual(
    { ...line, time: null, pid: null },
    {
      level: 'info',
      time: null,
      pid: null,
      subsystem: 'store',
      rows: 3,
      msg: 'put.committed',
    },
  )
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('lines below the level are left out', () => {
  const { lines, stream } = memory()
  const log = logFor(openLog('warn', stream), 'server')
  log.info('call.failed')
  log.warn('call.slow')
  assert.deepEqual(
    lines.map((line) => line['msg']),
    ['call.slow'],
  )
})

test('secrets are replaced, and causes of errors are kept', () => {
  const { lines, stream } = memory()
  openLog('info', stream).error(
    {
      authorization: 'Bearer abc',
      headers: { authorization: 'Basic abc', cookie: 'abc' },
      err: new Error('outer', { cause: new Error('inner') }),
    },
    'call.bug',
  )
  const text = JSON.stringify(lines)
  assert.ok(!text.includes('abc'), text)
  assert.match(text, /\[redacted\]/)
  assert.match(text, /outer[^"]*inner/)
})

test('a process logs to standard error, up to its last line', () => {
  // Beside this file, whether it runs as TypeScript or from `dist`.
  const module = new URL(`../../../src/telemetry/log${path.extname(import.meta.url)}`, import.meta.url)
  const program = `
    import { openLog } from '${module.href}'
    const log = openLog('info')
    for (let index = 0; index < 1000; index++) log.info({ index }, 'test.line')
    process.exit(3)`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  )
  assert.equal(status, 3, stderr)
  assert.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  assert.equal(lines.length, 1000)
  assert.equal((JSON.parse(lines.at(-1) ?? '') as { index: number }).index, 999)
})
