/**
 * A rollup of ticks, of which the last buckets are computed as it is read, beside running its query over all rows.
 *
 * A full run writes bench/results/rollup.json; `--smoke` is the same in a small size, and writes nothing.
 */
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { RollupResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const { rows, rounds } = parameters(isSmoke, {
  rows: { smoke: 200_000, full: 10_000_000 },
  rounds: { smoke: 1, full: 9 },
})

await inTemporaryFolder(async (folder) => {
  const { servers, stop } = await startServers(folder, { data: [] })
  try {
    const args = [servers.data.url, ...[rows, rounds].map(String)]
    const { json } = await runPython('bench/rollup.py', args, { timeoutMs: 600_000 })
    const figures = json as Omit<RollupResult, 'machine'>
    if (isSmoke) console.log(`${Object.keys(figures.ways).length} ways to bars ran`)
    else await saveResult('rollup', { ...figures, machine: machine() })
  } finally {
    await stop()
  }
})
