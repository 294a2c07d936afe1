// Goal: every example in examples/ runs as its first lines say, and shows what it promises.
// Method: run each against one server, as its own process, and look for its results in what it prints.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { runPython } from '../support/python.ts'
import { type RunningServer, startServer } from '../support/start-server.ts'

const execute = promisify(execFile)
const env = {
  PYTHONPATH: path.join(projectRoot, 'python/src'),
  STERNA_BIN: path.join(projectRoot, 'bin/sterna'),
}

let server: RunningServer
before(async () => {
  server = await startServer()
})
after(async () => {
  await server.stop()
  await rm(server.dataDir, { recursive: true })
})

/** What each example prints when it works; a new example needs an entry here. */
const expectations: Readonly<Record<string, readonly RegExp[]>> = {
  '01_put_get_query.py': [/loaded 45031 rows, the same as stored: True/, /\d+ bars of 5 minutes/],
  '02_polars.py': [/spread/, /2020-01-01 17:00:00/],
  '03-node-client.ts': [/BTC_PERP_202201: 45031 rows/, /close/],
  '04_duckdb_stream.py': [/vwap/, /True/, /False/],
  '05_storage_client.py': [
    /stored GBPUSD_20120201: \d+ rows/,
    /as expected: .*\[DATASET_NOT_FOUND\]/,
    /total_keys/,
  ],
}

async function run(example: string, args: readonly string[]): Promise<string> {
  const file = path.join('examples', example)
  if (example.endsWith('.py')) return (await runPython(file, args, { env })).stdout
  const built = path.join('dist', file.replace(/\.ts$/, '.js'))
  return (await execute(process.execPath, [built, ...args], { cwd: projectRoot })).stdout
}

test('every example has an expectation', () => {
  const examples = readdirSync(path.join(projectRoot, 'examples')).filter((name) => /\.(py|ts)$/.test(name))
  assert.deepEqual(examples.sort(), Object.keys(expectations))
})

for (const [example, patterns] of Object.entries(expectations)) {
  test(`${example} runs against a server`, async () => {
    const output = await run(example, [server.url])
    for (const pattern of patterns) assert.match(output, pattern)
  })
}

test('05_storage_client.py runs with a server of its own', async () => {
  assert.match(await run('05_storage_client.py', []), /'total_keys': 5/)
})
