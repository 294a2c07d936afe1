/**
 * Goal: a rollup always is what its query gives over all acknowledged rows, by SQL and by DoGet.
 * Method: pyarrow and ADBC append (late rows and rows without a time, too), replace, flush and compact at random, while
 * the server refreshes in the background; after each step all rollups are compared with their queries, which the server
 * runs over its rows and DuckDB over those of a model. Between the runs the server is killed or stopped.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runPython } from '../support/python.ts'
import { randomFrom, testRounds, testSeed } from '../support/random.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const STEPS = 'test/property/rollup_steps.py'

/** Steps between two ends of the server, each with its comparisons. */
const RUNS = [8, 8, 6]

/** Short, so that refreshes fall between any two steps. */
const ENV = { STERNA_ROLLUP_REFRESH_MS: '30', STERNA_APPEND_FLUSH_MS: '400' }

test(`rollups are what their queries give, whatever happens to their source (seed ${testSeed})`, async () => {
  for (let round = 0; round < testRounds; round += 1) {
    const random = randomFrom(testSeed + round)
    const folder = await temporaryDirectory()
    try {
      for (const [run, steps] of RUNS.entries()) {
        const server = await startServer({ dataDir: join(folder, 'lake'), env: ENV })
        const args = [
          server.url,
          join(folder, 'model.parquet'),
          String(testSeed + 1000 * round + run),
          String(steps),
        ]
        try {
          const { json } = await runPython(STEPS, args, { timeoutMs: 300_000 })
          assert.ok(Number(json) > 0)
          assert.doesNotMatch(server.log(), /"code":"BUG"/)
        } finally {
          await (random() < 0.5 ? server.kill() : server.stop())
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
})
