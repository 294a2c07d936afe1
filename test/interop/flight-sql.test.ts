/** Flight SQL as users of Python have it, against the real server: the ADBC driver, what stands on it, and others. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('Flight SQL through the ADBC driver', async (t) => {
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/flight_sql_checks.py', [url])
  })
})

test('Flight SQL through flightsql-dbapi, SQLAlchemy and DuckDB', async (t) => {
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/flight_sql_tools.py', [url])
  })
})
