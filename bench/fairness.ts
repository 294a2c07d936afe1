/**
 * Fairness: the latency of small calls and the delay of the event loop while large calls run.
 *
 * A full run takes a minute and writes bench/results/fairness.json; `--smoke` is the same in a small size, and writes
 * nothing.
 */
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { FairnessResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const { rows, gigabytes, calls } = parameters(isSmoke, {
  rows: { smoke: 10_000, full: 1_000_000 },
  gigabytes: { smoke: 0.01, full: 100 },
  calls: { smoke: 20, full: 1_000 },
})

await inTemporaryFolder(async (folder) => {
  const { servers, stop } = await startServers(folder, { data: [] })
  try {
    const args = [servers.data.url, ...[rows, gigabytes, calls].map(String)]
    const { json } = await runPython('bench/fairness.py', args, { timeoutMs: 600_000 })
    const situations = json as FairnessResult['situations']
    if (isSmoke) console.log(`${situations.length} situations ran`)
    else await saveResult('fairness', { situations, calls, machine: machine() })
  } finally {
    await stop()
  }
})
