/**
 * Reads during compaction: a small DoGet and a small SQL query while a large dataset is compacted in the background, to the
 * commit of that, in turns with the same calls while it is paused.
 *
 * A full run writes bench/results/compaction.json; `--smoke` is the same in a small size, and writes nothing.
 */
import { runPython } from '../test/support/python.ts'
import { startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'
import type { CompactionResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { rows, rounds, calls } = parameters(isSmoke, {
  rows: { smoke: 20_000, full: 2_000_000 },
  rounds: { smoke: 1, full: 5 },
  calls: { smoke: 5, full: 200 },
})

await inTemporaryFolder(async (folder) => {
  const server = await startServer({
    dataDir: `${folder}/data`,
    args: ['--log-level', 'warn'],
    // The large dataset is due at once, and what is read is in no cache.
    env: { STERNA_COMPACTION_QUIET_MS: '0', STERNA_CACHE_SIZE: '0' },
  })
  try {
    const args = [server.url, ...[rows, rounds, calls].map(String)]
    const { json } = await runPython('bench/compaction.py', args, { timeoutMs: 1_800_000 })
    const figures = json as Omit<CompactionResult, 'machine'>
    if (isSmoke) console.log(`${Object.keys(figures.reads).length} kinds of reads ran beside compaction`)
    else await saveResult('compaction', { ...figures, machine: machine() })
  } finally {
    await server.stop()
  }
})
