/** The airport protocol: a client that sends what DuckDB's extension sends, against the real server. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { UserFile } from '../../src/server/auth/user-file.ts'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

test('The airport protocol of a DuckDB extension', async (t) => {
  await withServer(
    async ({ url }) => {
      await runChecks(t, 'test/interop/airport_checks.py', [url])
    },
    { args: ['--history', '1d'] },
  )
})

test('The airport protocol with users', async (t) => {
  const folder = await temporaryDirectory()
  const usersFile = join(folder, 'users')
  try {
    await UserFile.setPassword(usersFile, 'alice', 'secret')
    await withServer(
      async ({ url }) => {
        await runChecks(t, 'test/interop/airport_access_checks.py', [url, 'alice', 'secret'])
      },
      { env: { STERNA_USERS_FILE: usersFile } },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
