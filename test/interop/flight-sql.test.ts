/** Flight SQL as users have it: the ADBC driver's dbapi, polars and pandas over it, against the real server. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('Flight SQL through the ADBC driver', async (t) => {
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/flight_sql_checks.py', [url])
  })
})
