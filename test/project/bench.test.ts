/** The benches run: each in its small size, against a real server. Their times are nobody's business here. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

test('the bench of the main job runs in its small size', async () => {
  const bench = new URL('../../bench/main-job.js', import.meta.url)
  const { stdout } = await run(process.execPath, [bench.pathname, '--smoke'], { timeout: 240_000 })
  assert.match(stdout, /^14 comparisons ran$/m)
})
