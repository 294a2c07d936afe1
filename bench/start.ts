/**
 * How soon a server that was killed accepts calls again: with a gigabyte in its logs, all of which it reads and checks,
 * beside one that has nothing to read, and beside reading those files alone.
 *
 * A full run takes two minutes and writes bench/results/start.json; `--smoke` is the same in a small size, and writes
 * nothing.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { RawClient } from '../test/support/raw-client.ts'
import { runAction } from '../test/support/raw-flight.ts'
import { type RunningServer, startServer } from '../test/support/start-server.ts'
import { parameters } from './lib/parameters.ts'
import type { StartResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { rounds, keys, rows } = parameters(isSmoke, {
  rounds: { smoke: 1, full: 7 },
  keys: { smoke: 2, full: 10 },
  rows: { smoke: 20_000, full: 2_800_000 },
})

/** Nothing of the logs becomes a part: each stays below this size. */
const env = { STERNA_APPEND_FLUSH_SIZE: '128MiB', STERNA_APPEND_FLUSH_MS: '3600000' }

function start(dataDir: string): Promise<RunningServer> {
  return startServer({ dataDir, env, args: ['--log-level', 'warn'] })
}

async function startAndKill(dataDir: string, logRows: number): Promise<void> {
  const server = await start(dataDir)
  const client = new RawClient(server.url)
  const { tiers } = (await runAction(client, 'stats')) as { tiers: { log: { rows: number } } }
  if (tiers.log.rows !== logRows) throw new Error(`${tiers.log.rows} rows instead of ${logRows}`)
  client.close()
  await server.kill()
}

/** @returns bytes in all */
async function readAll(folder: string): Promise<number> {
  let bytes = 0
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await readFile(join(file.parentPath, file.name))).byteLength
  }
  return bytes
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

await inTemporaryFolder(async (folder) => {
  const [full, empty] = [join(folder, 'full'), join(folder, 'empty')]
  const server = await start(full)
  await runPython('bench/start.py', [server.url, keys, rows].map(String), { timeoutMs: 600_000 })
  await server.kill()
  let bytes = 0
  const ways = {
    'a full log': () => startAndKill(full, keys * rows),
    'nothing to read': () => startAndKill(empty, 0),
    'reading the files': async () => {
      bytes = await readAll(join(full, 'log'))
    },
  }
  const times = new Map<string, number[]>()
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const began = performance.now()
      await way()
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - began])
    }
  }
  const ms = Object.fromEntries([...times].map(([name, values]) => [name, Math.round(median(values))]))
  const result: StartResult = { ms, rows: keys * rows, bytes, rounds, machine: machine() }
  if (isSmoke) console.log(`${times.size} kinds of starts ran`)
  else await saveResult('start', result)
})
