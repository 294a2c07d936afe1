/**
 * Durable appends: one writer with large batches beside a plain loop of writes and syncs of the same bytes, eight
 * writers beside one sync, and batches of one row.
 *
 * `npm run bench:append` writes bench/results/append.json; with `-- --smoke` it is the same in a small size, writes
 * nothing, and only shows that the bench runs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../test/support/project-root.ts'
import { runPython } from '../test/support/python.ts'
import { startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'

const isSmoke = process.argv.includes('--smoke')
const { rounds, batches, smallBatches, rows } = parameters(isSmoke, {
  rounds: { smoke: 1, full: 7 },
  batches: { smoke: 5, full: 100 },
  smallBatches: { smoke: 5, full: 100 },
  rows: { smoke: 200, full: 20_000 },
})

const folder = await mkdtemp(join(tmpdir(), 'sterna-bench-'))
const server = await startServer({ dataDir: join(folder, 'data'), args: ['--log-level', 'warn'] })
try {
  const args = [server.url, folder, rounds, batches, smallBatches, rows].map(String)
  const { json } = await runPython('bench/append.py', args, { timeoutMs: 1_800_000 })
  const result = {
    ...(json as object),
    rounds,
    machine: { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version },
  }
  if (isSmoke) {
    console.log('3 comparisons ran')
  } else {
    await writeFile(join(projectRoot, 'bench/results/append.json'), `${JSON.stringify(result, null, 2)}\n`)
    console.log(JSON.stringify(result, null, 2))
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
