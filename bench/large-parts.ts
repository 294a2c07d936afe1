/**
 * Parts of hundreds of megabytes, made of many small ones in the background at zstd 19, sorted: how long it takes, what
 * the server's memory and `tmp/` grow to, what readers meet meanwhile; and that a pause and a kill in the middle of it
 * leave all rows, and nothing else.
 *
 * A full run takes a quarter of an hour and 4 GB of disk, and writes bench/results/large-parts.json; `STERNA_BENCH_ROWS`
 * says how many rows it has where 40 million are too many. `--smoke` is the same in a small size, and writes nothing.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { type RunningServer, startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { rows, seconds } = parameters(isSmoke, {
  rows: { smoke: 40_000, full: Number(process.env['STERNA_BENCH_ROWS'] ?? 40_000_000) },
  // Of a job, until it is stopped and until it is killed.
  seconds: { smoke: 0, full: 15 },
})

/** Memory that the figures are to be compared with. */
const CACHE_MIB = 128
const DUCKDB_MIB = 2048

await inTemporaryFolder(async (folder) => {
  const dataDir = join(folder, 'data')
  const start = (): Promise<RunningServer> =>
    startServer({
      dataDir,
      args: ['--log-level', 'warn'],
      env: {
        STERNA_CACHE_SIZE: `${CACHE_MIB}MiB`,
        STERNA_MEMORY_LIMIT: `${DUCKDB_MIB}MiB`,
        // Many small parts, all of them due when nothing is paused.
        STERNA_APPEND_FLUSH_SIZE: '32MiB',
        STERNA_COMPACTION_QUIET_MS: '0',
        STERNA_COMPACTION_CPU_PERCENT: '100',
      },
    })
  const step = async (server: RunningServer, name: string, ...args: readonly number[]): Promise<unknown> => {
    const all = [server.url, dataDir, server.pid, join(folder, 'expected.json'), name, ...args].map(String)
    const { json } = await runPython('bench/large-parts.py', all, { timeoutMs: 3_600_000 })
    if (!isSmoke) console.log(name, JSON.stringify(json))
    return json
  }
  const figures: Record<string, unknown> = {}
  let server = await start()
  try {
    figures['fill'] = await step(server, 'fill', rows)
    figures['stopped'] = await step(server, 'stop', seconds)
    await step(server, 'begin', seconds)
    await server.kill()
    const left = await bytesIn(join(dataDir, 'tmp'))
    const began = performance.now()
    server = await start()
    const start_ms = Math.round(performance.now() - began)
    figures['killed'] = { left_bytes: left, start_ms, left_after: await bytesIn(join(dataDir, 'tmp')) }
    figures['compaction'] = await step(server, 'finish')
  } finally {
    await server.stop()
  }
  const result = {
    ...figures,
    rows,
    memory: { cache_mib: CACHE_MIB, duckdb_mib: DUCKDB_MIB },
    machine: machine(),
  }
  if (isSmoke) console.log(`${Object.keys(figures).length} steps to large parts ran`)
  else await saveResult('large-parts', result)
})

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size
  }
  return bytes
}
