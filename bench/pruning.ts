/**
 * One hour of one contract out of a year of 100 contracts: by SQL and by a range ticket, beside DuckDB in the process of
 * the client over the same files.
 *
 * A full run writes bench/results/pruning.json; `STERNA_BENCH_ROWS` says how many rows it has where 100 million are too
 * many. `--smoke` is the same in a small size, and writes nothing.
 */
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { PruningResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const { rows, days, calls } = parameters(isSmoke, {
  rows: { smoke: 20_000, full: Number(process.env['STERNA_BENCH_ROWS'] ?? 100_000_000) },
  days: { smoke: 5, full: 365 },
  calls: { smoke: 5, full: 200 },
})

await inTemporaryFolder(async (folder) => {
  const { servers, stop } = await startServers(folder, { data: [] })
  try {
    const args = [servers.data.url, servers.data.data_dir, ...[rows, days, calls].map(String)]
    const { json } = await runPython('bench/pruning.py', args, { timeoutMs: 1_800_000 })
    const figures = json as Omit<PruningResult, 'machine'>
    if (isSmoke) console.log(`${Object.keys(figures.ways).length} ways to an hour ran`)
    else await saveResult('pruning', { ...figures, machine: machine() })
  } finally {
    await stop()
  }
})
