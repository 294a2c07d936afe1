/** The airport protocol: a client that sends what DuckDB's extension sends, against the real server. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('The airport protocol of a DuckDB extension', async (t) => {
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/airport_checks.py', [url])
  })
})
