/** The Arrow Flight SQL JDBC driver from Maven Central, as tools on the JVM use it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

const version = '18.3.0'
const artifact = `org.apache.arrow:flight-sql-jdbc-driver:${version}`
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'
/** Outlives a run: it is fetched once. */
const folder = join(projectRoot, 'node_modules', '.cache', `flight-sql-jdbc-${version}`)

test('Flight SQL through the JDBC driver', async (t) => {
  const driver = await jdbcDriver()
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/jdbc_checks.py', [url, driver])
  })
})

async function jdbcDriver(): Promise<string> {
  const driver = join(folder, `flight-sql-jdbc-driver-${version}.jar`)
  try {
    await access(driver)
    return driver
  } catch {
    // Fetched below.
  }
  const args = ['-q', '-B', copyGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]
  try {
    await promisify(execFile)('mvn', args, { timeout: 600_000 })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    assert.fail(isMissing ? 'This test needs Maven and Java 17 on the PATH' : `mvn failed: ${String(error)}`)
  }
  return driver
}
