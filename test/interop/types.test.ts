/**
 * Every Arrow type in every shape through pyarrow and polars against the real server: from the cache, from Parquet, by
 * SQL and in ranges, and once more from a server that has just started, and from one whose catalog was made again from
 * the parts. Also holds docs/types.md to what was found.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { sterna } from '../support/sterna.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const program = 'test/interop/types_checks.py'

test('every Arrow type comes back equal, also after a restart', async (t) => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir })
    try {
      await runChecks(t, program, ['put', first.url, dataDir])
    } finally {
      await first.stop()
    }
    const restarted = async (): Promise<void> => {
      const next = await startServer({ dataDir })
      try {
        await runChecks(t, program, ['restarted', next.url])
      } finally {
        await next.stop()
      }
    }
    await restarted()
    const repaired = await sterna(['repair', '--data-dir', dataDir])
    assert.equal(repaired.code, 0, repaired.stderr)
    await restarted()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
