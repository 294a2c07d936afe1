/** The Arrow Flight SQL JDBC driver from Maven Central, as tools on the JVM use it, and HikariCP over it. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { jarsOf, runTool } from '../support/maven.ts'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const sources = join(projectRoot, 'test/interop/jdbc')
const pom = join(sources, 'pom.xml')

test('Flight SQL through the JDBC driver', async (t) => {
  const libraries = join(await jarsOf(pom, 'jdbc'), '*')
  const classes = await temporaryDirectory()
  try {
    const files = (await readdir(sources)).filter((name) => name.endsWith('.java'))
    await runTool('javac', ['-cp', libraries, '-d', classes, ...files.map((name) => join(sources, name))])
    await withServer(async ({ url }) => {
      await runChecks(t, 'test/interop/jdbc_checks.py', [url, `${classes}:${libraries}`])
    })
  } finally {
    await rm(classes, { recursive: true })
  }
})
