/**
 * One account of millions, asked for in a dataset of 10,000 parts that have tens of thousands each: filters in the catalog
 * tell which of them to open. Beside it an hour of one account, for which bounds leave one filter to read; and in each
 * case how late the event loop was, which is how long any other call waited.
 *
 * A full run writes bench/results/point-query.json; `--smoke` is the same in a small size, and writes nothing.
 */
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { startServer } from '../test/support/start-server.ts'
import { multiplyParts } from './lib/many-parts.ts'
import { parameters } from './lib/parameters.ts'
import type { PointQueryResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { parts, calls } = parameters(isSmoke, {
  parts: { smoke: 20, full: 10_000 },
  calls: { smoke: 3, full: 100 },
})

await inTemporaryFolder(async (folder) => {
  const dataDir = join(folder, 'data')
  const bench = async (...args: readonly (string | number)[]): Promise<unknown> => {
    const server = await startServer({
      dataDir,
      args: ['--log-level', 'warn'],
      env: { STERNA_COMPACTION_MODE: 'off', STERNA_CACHE_SIZE: '0' },
    })
    try {
      const all = [server.url, ...args.map(String)]
      return (await runPython('bench/point-query.py', all, { timeoutMs: 600_000 })).json
    } finally {
      await server.stop()
    }
  }
  await bench('put')
  await multiplyParts(dataDir, 'orders', parts)
  const figures = (await bench('ask', parts, calls)) as Omit<PointQueryResult, 'machine'>
  if (isSmoke) console.log(`${Object.keys(figures.ways).length} kinds of point queries ran`)
  else await saveResult('point-query', { ...figures, machine: machine() })
})
