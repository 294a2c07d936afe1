/**
 * Writers and readers for as long as one wants, beside compaction and retention: 10 seconds in a run of all tests, ten
 * minutes by `npm run test:soak`, which also looks at memory and open files.
 */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

const seconds = process.env['STERNA_SOAK_SECONDS'] ?? '10'

/** Many small parts, soon: compaction and retention then have work all the time. */
const ENV = {
  STERNA_APPEND_FLUSH_ROWS: '10000',
  STERNA_APPEND_FLUSH_SIZE: '64KiB',
  STERNA_APPEND_FLUSH_MS: '500',
}

test(`writers and readers for ${seconds} s`, async (t) => {
  const timeoutMs = Number(seconds) * 1000 + 120_000
  await withServer(
    ({ url, pid }) => runChecks(t, 'test/load/soak_clients.py', [url, String(pid), seconds], timeoutMs),
    { env: ENV },
  )
})
