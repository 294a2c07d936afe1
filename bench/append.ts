/**
 * Durable appends: one writer with large batches beside a plain loop of writes and syncs of the same bytes, eight
 * writers beside one sync, and batches of one row.
 *
 * A full run takes two minutes and writes bench/results/append.json; `--smoke` is the same in a small size, and writes
 * nothing.
 */
import { runPython } from '../test/support/python.ts'
import { startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'
import type { AppendResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { rounds, batches, smallBatches, rows } = parameters(isSmoke, {
  rounds: { smoke: 1, full: 7 },
  batches: { smoke: 5, full: 100 },
  smallBatches: { smoke: 5, full: 100 },
  rows: { smoke: 200, full: 20_000 },
})

await inTemporaryFolder(async (folder) => {
  const server = await startServer({ dataDir: `${folder}/data`, args: ['--log-level', 'warn'] })
  try {
    const args = [server.url, folder, rounds, batches, smallBatches, rows].map(String)
    const { json } = await runPython('bench/append.py', args, { timeoutMs: 1_800_000 })
    const figures = json as Omit<AppendResult, 'rounds' | 'machine'>
    if (isSmoke) console.log(`${Object.keys(figures).length} kinds of writers ran`)
    else await saveResult('append', { ...figures, rounds, machine: machine() })
  } finally {
    await server.stop()
  }
})
