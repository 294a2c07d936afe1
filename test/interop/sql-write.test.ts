/** SQL that writes, as users send it: the ADBC driver's dbapi and pyarrow, against the real server. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('SQL that writes, through the ADBC driver', async (t) => {
  await withServer(async ({ url, dataDir }) => {
    await runChecks(t, 'test/interop/sql_write_checks.py', [url, dataDir])
  })
})
