/** Versions of the past, as pyarrow reads them: while history is kept, without it, and after a restart. */
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const CHECKS = 'test/interop/history_checks.py'

test('versions of the past through pyarrow, and again after the server was killed', async (t) => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir, args: ['--history', '7d'] })
    await runChecks(t, CHECKS, ['first', first.url])
    await first.kill()
    await withServer(
      async ({ url }) => {
        await runChecks(t, CHECKS, ['second', url])
      },
      { dataDir, args: ['--history', '7d'] },
    )
    const copy = `${dataDir}.repaired`
    try {
      await cp(dataDir, copy, { recursive: true })
      for (const suffix of ['', '-wal', '-shm'])
        await rm(join(copy, `catalog.sqlite${suffix}`), { force: true })
      assert.equal((await sterna(['repair', '--data-dir', copy])).code, 0)
      await withServer(
        async ({ url }) => {
          await runChecks(t, CHECKS, ['repaired', url])
        },
        { dataDir: copy },
      )
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
    await withServer(
      async ({ url }) => {
        await runChecks(t, CHECKS, ['without', url])
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
