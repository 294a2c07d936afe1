/**
 * What clients hold by handles ends with the server, however it ends: after a restart each is NOT_FOUND, with what to
 * do, and tickets that hold all they need are read. Real processes; the ADBC driver and pyarrow.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { runPython } from '../support/python.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const CLIENT = 'test/fault/handles_client.py'

for (const end of ['stop', 'kill'] as const) {
  test(`handles after a restart of a server that was ended by ${end}`, async (t) => {
    const dataDir = await temporaryDirectory()
    try {
      const first = await startServer({ dataDir })
      const { json } = await runPython(CLIENT, ['take', first.url])
      await first[end]()
      await withServer(
        async (second) => {
          await runChecks(t, CLIENT, ['use', second.url, JSON.stringify(json)])
          assert.doesNotMatch(second.log(), /"level":"(error|fatal)"|Error:/)
        },
        { dataDir },
      )
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}
