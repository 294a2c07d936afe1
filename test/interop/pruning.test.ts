/** Reads that leave out parts in which nothing can be that they want. Nothing is in memory, so that all come from parts. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const ENV = { STERNA_COMPACTION_MODE: 'off', STERNA_CACHE_SIZE: '0' }

test('pruning', async (t) => {
  await withServer(
    async ({ url }) => {
      await runChecks(t, 'test/interop/pruning_checks.py', [url])
    },
    { env: ENV },
  )
})

test('filters of values, after a backup and after a repair', async (t) => {
  const folder = await temporaryDirectory()
  const [data, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const checks = (step: string, dataDir: string, also?: (url: string) => Promise<void>): Promise<void> =>
    withServer(
      async ({ url }) => {
        const file = 'test/interop/filters_checks.py'
        await t.test(step, (step_) => runChecks(step_, file, [step, url, join(dataDir, 'catalog.sqlite')]))
        await also?.(url)
      },
      { dataDir, env: ENV },
    )
  try {
    await checks('make', data, async (url) => {
      const taken = await sterna(['backup', backup, '--server', url])
      assert.equal(taken.code, 0, taken.stderr)
    })
    const made = await sterna(['restore', backup, '--data-dir', restored])
    assert.equal(made.code, 0, made.stderr)
    await checks('kept', restored)
    const repaired = await sterna(['repair', '--data-dir', data])
    assert.equal(repaired.code, 0, repaired.stderr)
    await checks('joined', data)
  } finally {
    await rm(folder, { recursive: true })
  }
})
