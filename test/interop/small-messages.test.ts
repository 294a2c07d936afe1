/**
 * Clients that refuse large messages, as Go and Rust do above 4 MiB and ADBC above 16, read whatever was put in batches
 * of a million rows. The clients are arrow-go's, on grpc-go with its own defaults, and the ADBC driver; pyarrow compares
 * what they read.
 */
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

test('clients with a limit of 4 and of 16 MiB a message read everything', async (t) => {
  const folder = await temporaryDirectory()
  try {
    const reader = join(folder, 'go-reader')
    const cwd = join(projectRoot, 'test/interop/go-reader')
    await promisify(execFile)('go', ['build', '-o', reader, '.'], { cwd, timeout: 600_000 })
    await withServer(async ({ url }) => {
      await runChecks(t, 'test/interop/small_messages.py', [url, reader, folder])
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
