/**
 * Arrow's integration client of arrow-go, with JSON files made from the tables of the type checks. It waits for a
 * PutResult after each batch and stops at whatever it does not expect; what it put is compared through pyarrow. Its other
 * scenarios want answers made for them: each comes as far as a server of data can.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { INTEGRATION_SCENARIOS } from '../support/integration-scenarios.ts'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const client = 'arrow-flight-integration-client'
const source = `github.com/apache/arrow-go/v18/arrow/internal/flight_integration/cmd/${client}@v18.8.0`
/** Outlives a run: building it takes a minute. Of one version only, since its name says it. */
const folder = join(projectRoot, 'node_modules', '.cache', 'arrow-go-18.8.0')

test('arrow-go puts and gets through its integration client', async (t) => {
  const program = await goClient()
  const files = await temporaryDirectory()
  try {
    await withServer(async ({ port }) => {
      await runChecks(t, 'test/interop/go_integration.py', [program, `127.0.0.1:${port}`, files])
    })
  } finally {
    await rm(files, { recursive: true, force: true })
  }
})

test('each scenario of the integration client of arrow-go comes as far as docs/clients.md says', async (t) => {
  const program = await goClient()
  const folder = await temporaryDirectory()
  const usersFile = join(folder, 'users')
  const scenarios = INTEGRATION_SCENARIOS.filter(({ name }) => name !== '')
  try {
    await addUser('arrow', 'flight', usersFile)
    const complaints = await withServer(({ port: open }) =>
      withServer(
        ({ port: locked }) =>
          Promise.all(
            scenarios.map(({ name }) => complaint(program, name, name.startsWith('auth:') ? locked : open)),
          ),
        { env: { STERNA_USERS_FILE: usersFile } },
      ),
    )
    for (const [index, { name, says }] of scenarios.entries()) {
      await t.test(name, () => {
        assert.ok(says)
        assert.match(complaints[index] ?? '', says)
      })
    }
    assert.match(await complaint(program, 'no_such_scenario', 1), /scenario not found/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** What the client says of a scenario; empty where it passes. It tries three times, with seconds between. */
async function complaint(program: string, scenario: string, port: number): Promise<string> {
  const args = ['-host', '127.0.0.1', '-port', String(port), '-scenario', scenario]
  try {
    await promisify(execFile)(program, args, { timeout: 60_000 })
    return ''
  } catch (error) {
    return (error as { stderr: string }).stderr
  }
}

async function addUser(name: string, password: string, usersFile: string): Promise<void> {
  const args = ['user', 'add', name, '--users-file', usersFile]
  const added = promisify(execFile)(join(projectRoot, 'bin', 'sterna'), args)
  added.child.stdin?.end(`${password}\n`)
  await added
}

async function goClient(): Promise<string> {
  const program = join(folder, client)
  try {
    await access(program)
    return program
  } catch {
    // Built below.
  }
  try {
    await promisify(execFile)('go', ['install', source], {
      env: { ...process.env, GOBIN: folder },
      timeout: 600_000,
    })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    assert.fail(
      isMissing ? 'This test needs Go 1.25 or newer on the PATH' : `go install failed: ${String(error)}`,
    )
  }
  return program
}
