/** Runs the checks of a Python program, each as a test of its own. The program uses test/support/checks.py. */
import assert from 'node:assert/strict'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { projectRoot } from './project-root.ts'
import { runPython } from './python.ts'

interface CheckResult {
  readonly name: string
  readonly error: string | null
}

/**
 * @param file - Python program, from the project root
 * @param args - what it takes, usually the server's URL
 * @param timeoutMs - after which it is ended
 */
export async function runChecks(
  t: TestContext,
  file: string,
  args: readonly string[],
  timeoutMs = 300_000,
): Promise<void> {
  const env = { PYTHONPATH: path.join(projectRoot, 'python/src') }
  const { json } = await runPython(file, args, { env, timeoutMs })
  const results = (json ?? []) as readonly CheckResult[]
  assert.ok(results.length > 0, `${file} ran no check`)
  for (const { name, error } of results) {
    await t.test(name, () => {
      assert.equal(error, null, error ?? undefined)
    })
  }
}
