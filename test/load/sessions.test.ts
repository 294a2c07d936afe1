/** 100 Flight SQL sessions at once through the ADBC driver: half close, half vanish, and the server holds nothing. */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

test('sessions of clients that close or vanish', async (t) => {
  await withServer(({ url, pid }) => runChecks(t, 'test/load/sessions_clients.py', [url, String(pid)]))
})
