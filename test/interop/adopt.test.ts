// Goal: files of other programs become datasets with the very same rows. Method: the command line on folders that pyarrow
// has written, against a real server; pyarrow reads what came of them.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

test('files that are adopted', async (t) => {
  const folder = await temporaryDirectory()
  try {
    const program = join(projectRoot, 'bin', 'sterna')
    await withServer(({ url }) => runChecks(t, 'test/interop/adopt_checks.py', [url, folder, program]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
