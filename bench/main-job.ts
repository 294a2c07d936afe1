/**
 * The main job: store, load and query a million rows, beside pyarrow and Python DuckDB in the same run.
 *
 * `npm run bench` takes a few minutes and writes bench/results/main-job.json; `npm run bench -- --smoke` is the same
 * in a small size, writes nothing, and only shows that the bench runs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { projectRoot } from '../test/support/project-root.ts'
import { startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'
import { updateReadme } from './lib/readme-table.ts'
import type { MainJobResult } from './lib/results.ts'

const isSmoke = process.argv.includes('--smoke')
const { rows, rounds, bulkGigabytes, sqlRows } = parameters(isSmoke, {
  rows: { smoke: 20_000, full: 1_000_000 },
  rounds: { smoke: 1, full: 9 },
  bulkGigabytes: { smoke: 0.05, full: 4 },
  sqlRows: { smoke: 1_000_000, full: 100_000_000 },
})

const folder = await mkdtemp(join(tmpdir(), 'sterna-bench-'))
const server = await startServer({ dataDir: join(folder, 'data'), args: ['--log-level', 'warn'] })
try {
  const { json } = await runPython(
    'bench/main_job.py',
    [server.url, server.pid, server.dataDir, rows, rounds, bulkGigabytes, sqlRows].map(String),
    { timeoutMs: 1_800_000 },
  )
  const result: MainJobResult = {
    ...(json as Omit<MainJobResult, 'machine' | 'rows' | 'rounds'>),
    rows,
    rounds,
    machine: { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version },
  }
  if (isSmoke) {
    console.log(`${result.timings.length} comparisons ran`)
  } else {
    await writeFile(join(projectRoot, 'bench/results/main-job.json'), `${JSON.stringify(result, null, 2)}\n`)
    await updateReadme(join(projectRoot, 'README.md'), result)
    console.log(JSON.stringify(result, null, 2))
  }
} finally {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}
