/**
 * The main job: store, load and query a million rows, beside pyarrow and Python DuckDB in the same run.
 *
 * A full run takes a few minutes and writes bench/results/main-job.json; `--smoke` is the same in a small size, writes
 * nothing, and only shows that the bench runs.
 */
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { MainJobResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const { rows, rounds, bulkGigabytes, sqlRows } = parameters(isSmoke, {
  rows: { smoke: 20_000, full: 1_000_000 },
  rounds: { smoke: 1, full: 9 },
  bulkGigabytes: { smoke: 0.05, full: 4 },
  sqlRows: { smoke: 1_000_000, full: 100_000_000 },
})

await inTemporaryFolder(async (folder) => {
  const { servers, stop } = await startServers(folder, { data: [] })
  try {
    const { url, pid, data_dir } = servers.data
    const args = [url, pid, data_dir, rows, rounds, bulkGigabytes, sqlRows].map(String)
    const { json } = await runPython('bench/main_job.py', args, { timeoutMs: 1_800_000 })
    const measured = json as Omit<MainJobResult, 'machine' | 'rows' | 'rounds'>
    if (isSmoke) console.log(`${measured.timings.length} comparisons ran`)
    else await saveResult('main-job', { ...measured, rows, rounds, machine: machine() })
  } finally {
    await stop()
  }
})
