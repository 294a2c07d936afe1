/** Results in several endpoints, which pyarrow and the ADBC driver read in parallel, from the real server. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('large results in several endpoints', async (t) => {
  await withServer(async ({ url }) => {
    await runChecks(t, 'test/interop/endpoints_checks.py', [url])
  })
})
