/** The Arrow Flight SQL JDBC driver from Maven Central, as tools on the JVM use it, and HikariCP over it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const sources = join(projectRoot, 'test/interop/jdbc')
const pom = join(sources, 'pom.xml')
const copyGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

test('Flight SQL through the JDBC driver', async (t) => {
  const libraries = join(await jars(), '*')
  const classes = await temporaryDirectory()
  try {
    const files = (await readdir(sources)).filter((name) => name.endsWith('.java'))
    await run('javac', ['-cp', libraries, '-d', classes, ...files.map((name) => join(sources, name))])
    await withServer(async ({ url }) => {
      await runChecks(t, 'test/interop/jdbc_checks.py', [url, `${classes}:${libraries}`])
    })
  } finally {
    await rm(classes, { recursive: true })
  }
})

/** The folder of the libraries that the pom names. It outlives a run, and is another one for another pom. */
async function jars(): Promise<string> {
  const stamp = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 16)
  const folder = join(projectRoot, 'node_modules', '.cache', `jdbc-${stamp}`)
  try {
    await access(folder)
  } catch {
    const unfinished = `${folder}.${process.pid}`
    await run('mvn', ['-q', '-B', '-f', pom, copyGoal, `-DoutputDirectory=${unfinished}`])
    await rename(unfinished, folder)
  }
  return folder
}

async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: 600_000 })
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    assert.fail(
      isMissing ? 'This test needs Maven and Java 17 on the PATH' : `${program} failed: ${String(error)}`,
    )
  }
}
