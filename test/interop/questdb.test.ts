// Goal: what QuestDB exports becomes datasets with the very values that it has, or is refused by name. Method: a real
// QuestDB from Maven Central, asked over HTTP; the command line on the files that it writes; its own answers beside
// what pyarrow reads from the server.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { jarsOf } from '../support/maven.ts'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const pom = join(projectRoot, 'test/interop/questdb/pom.xml')

test('exports of QuestDB', async (t) => {
  const jars = await jarsOf(pom, 'questdb')
  const folder = await temporaryDirectory()
  try {
    const program = join(projectRoot, 'bin', 'sterna')
    await withServer(
      ({ url }) => runChecks(t, 'test/interop/questdb_checks.py', [url, program, jars, folder]),
      { args: ['--adopt-from', folder] },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
