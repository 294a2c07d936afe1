/** Reads that leave out parts in which nothing can be that they want. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('pruning', async (t) => {
  await withServer(
    async ({ url }) => {
      await runChecks(t, 'test/interop/pruning_checks.py', [url])
    },
    { env: { STERNA_COMPACTION_MODE: 'off' } },
  )
})
