/** The benches run: each in its small size, against real servers. Their times are nobody's business here. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

test('every bench runs in its small size', async () => {
  const benches = new URL('../../bench/all.js', import.meta.url)
  const { stdout } = await run(process.execPath, [benches.pathname, '--smoke'], { timeout: 600_000 })
  assert.match(stdout, /^14 comparisons ran$/m)
  assert.match(stdout, /^3 kinds of writers ran$/m)
  assert.match(stdout, /^4 rates of acknowledgements ran$/m)
  assert.match(stdout, /^110 cells ran$/m)
  assert.match(stdout, /^12 targets ran$/m)
  assert.match(stdout, /^4 situations ran$/m)
  assert.match(stdout, /^3 ways to an hour ran$/m)
  assert.match(stdout, /^2 kinds of reads ran beside compaction$/m)
  assert.match(stdout, /^3 kinds of point queries ran$/m)
  assert.match(stdout, /^4 steps to large parts ran$/m)
  assert.match(stdout, /^3 ways to bars ran$/m)
  assert.match(stdout, /^3 kinds of starts ran$/m)
})
