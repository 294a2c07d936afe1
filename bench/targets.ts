/**
 * The headline figures of the data plane, each beside the peer that sets its mark: cache, puts, small batches, ten
 * million rows from Parquet and by SQL, `select 1`, and the memory of a long SQL result.
 *
 * A full run takes four minutes and writes bench/results/targets.json; `--smoke` is the same in a small size with the
 * peers that are there anyway, and writes nothing.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { TargetsResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const sizes = parameters(isSmoke, {
  rows: { smoke: 20_000, full: 1_000_000 },
  large_rows: { smoke: 20_000, full: 10_000_000 },
  result_rows: { smoke: 100_000, full: 100_000_000 },
  clients: { smoke: 2, full: 8 },
  rounds: { smoke: 1, full: 5 },
})

await inTemporaryFolder(async (folder) => {
  // Nothing fits the cache, and a put of ten million rows becomes one file, which the peers read as well.
  const config = join(folder, 'cold.toml')
  await writeFile(config, 'cache_size = "1KB"\npart_size = "2GB"\n')
  const { servers, stop } = await startServers(folder, {
    hot: [],
    cold: ['--config', config],
    fresh: [],
  })
  try {
    const options = { ...servers, ...sizes, folder, extra_peers: !isSmoke }
    const { json } = await runPython('bench/targets.py', [JSON.stringify(options)], { timeoutMs: 1_800_000 })
    const measured = json as Pick<TargetsResult, 'comparisons' | 'long_result'>
    if (isSmoke) console.log(`${measured.comparisons.length} targets ran`)
    else await saveResult('targets', { ...measured, rounds: sizes.rounds, machine: machine() })
  } finally {
    await stop()
  }
})
