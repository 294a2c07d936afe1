/**
 * Flight SQL from Go: the validation suite of arrow-adbc over its Flight SQL driver, with a quirks file for Sterna, and
 * arrow-go's client for what no driver asks, such as PollFlightInfo.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const cwd = join(projectRoot, 'test/interop/go-sql')
const run = promisify(execFile)

test('Flight SQL from Go', async (t) => {
  const folder = await temporaryDirectory()
  try {
    const program = join(folder, 'go-sql')
    await run('go', ['test', '-c', '-o', program, '.'], { cwd, timeout: 600_000 })
    const output = await withServer(async ({ port }) => {
      const env = { ...process.env, STERNA_ADDRESS: `127.0.0.1:${port}` }
      const options = { cwd, env, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 }
      return run(program, ['-test.v'], options).then(
        ({ stdout }) => stdout,
        // A test that failed: its text says which.
        (error: unknown) => (error as { stdout: string }).stdout,
      )
    })
    const results = [...output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)]
    assert.ok(results.length > 40, output)
    for (const [, result, name] of results) {
      await t.test(name, () => {
        assert.equal(result, 'PASS', output)
      })
    }
    assert.match(output, /^PASS$/m)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
