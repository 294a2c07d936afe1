/**
 * Goal: what is answered from frames in memory is what DuckDB gives over all rows, in type, value and order.
 * Method: ADBC asks random statements with conditions on whole numbers and times, with literals and parameters, over
 * datasets with sorted and unsorted columns, nulls, and rows in the log; each also in a form that no condition is read
 * out of.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runPython } from '../support/python.ts'
import { withServer } from '../support/start-server.ts'

const STATEMENTS = 100

const seed = Number(process.env['STERNA_TEST_SEED'] ?? Date.now() % 1_000_000)
const rounds = Number(process.env['STERNA_TEST_ROUNDS'] ?? 1)

test(`rows in memory are those that DuckDB finds (seed ${seed})`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    await withServer(async (server) => {
      const args = [server.url, String(seed + round), String(STATEMENTS)]
      const { json } = await runPython('test/property/rows_in_memory.py', args, { timeoutMs: 300_000 })
      const { answered, with_rows: withRows } = json as { answered: number; with_rows: number }
      assert.ok(answered > STATEMENTS / 2, `${answered} statements were answered`)
      assert.ok(withRows > STATEMENTS / 10, `${withRows} statements gave rows`)
      assert.doesNotMatch(server.log(), /"code":"BUG"/)
    })
  }
})
