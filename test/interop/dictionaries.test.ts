/**
 * Dictionaries that say a value twice or have nulls, through pyarrow against the real server: from the cache, from
 * Parquet, joined with others, and once more from a server that has just started, and from one whose catalog was made
 * again from the parts.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { sterna } from '../support/sterna.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const program = 'test/interop/dictionaries_checks.py'

test('every row keeps its index in a dictionary with equal values and nulls, also after a restart', async (t) => {
  const dataDir = await temporaryDirectory()
  const runAs = async (mode: 'put' | 'restarted'): Promise<void> => {
    const server = await startServer({ dataDir })
    try {
      await runChecks(t, program, [mode, server.url])
    } finally {
      await server.stop()
    }
  }
  try {
    await runAs('put')
    await runAs('restarted')
    const repaired = await sterna(['repair', '--data-dir', dataDir])
    assert.equal(repaired.code, 0, repaired.stderr)
    await runAs('restarted')
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
