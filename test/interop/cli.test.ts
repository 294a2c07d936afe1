// Goal: files of every format go in and out through the command line without losing a value, and every command does
// what it says. Method: real processes and a real server; pyarrow makes the files and compares the copies.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { runPython } from '../support/python.ts'
import { RawClient } from '../support/raw-client.ts'
import { runAction } from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'
import { sterna as run, sternaPath } from '../support/sterna.ts'

let server: RunningServer
let folder: string

before(async () => {
  folder = await temporaryDirectory()
  // Rollups are refreshed where a command asks for it.
  server = await startServer({ env: { STERNA_ROLLUP_REFRESH_MS: '86400000' } })
  await runPython('test/interop/cli_files.py', ['write', folder])
})

after(async () => {
  assert.equal(await server.stop(), 0)
  await rm(server.dataDir, { recursive: true })
  await rm(folder, { recursive: true })
})

/** Runs a command in the folder of the files, against the server. */
function sterna(...args: string[]) {
  return run(args, { cwd: folder, env: { STERNA_SERVER: server.url } })
}

/** What a command prints, once it has succeeded. */
async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sterna(...args)
  assert.equal(code, 0, stderr)
  return stdout
}

async function failure(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sterna(...args)
  assert.equal(stdout, '')
  assert.equal(code, 1, stderr)
  return stderr
}

test('files of every format are stored and come back in every format', async () => {
  const files = (await readdir(folder)).filter((name) => /^(market|exact)-/.test(name)).sort()
  assert.equal(
    await output('put', ...files),
    files
      .map((file) => `${path.parse(file).name}: ${file.startsWith('exact') ? '1,000' : '20,000'} rows\n`)
      .join(''),
  )
  for (const file of files) {
    const key = path.parse(file).name
    const endings = key.startsWith('exact')
      ? ['arrow', 'arrows', 'parquet']
      : ['arrow', 'arrows', 'parquet', 'csv', 'jsonl']
    for (const ending of endings) {
      const { stderr } = await sterna('get', key, '--output', `${key}-${ending}-copy.${ending}`)
      assert.match(stderr, /^\S+: (1,000|20,000) rows\n$/)
    }
  }
  const { json } = await runPython('test/interop/cli_files.py', ['check', folder])
  const differences = Object.entries(json as Record<string, string | null>)
  assert.equal(differences.length, 3 * 3 + 4 * 5)
  assert.deepEqual(
    differences.filter(([, difference]) => difference !== null),
    [],
  )
})

test('a stream whose dictionaries change is stored and shown', async () => {
  assert.equal(await output('put', 'changing.arrows'), 'changing: 5 rows\n')
  const lines = (await output('get', 'changing')).split('\n')
  assert.deepEqual(lines.slice(3, 8), ['BTC', 'ETH', 'EUR', 'USD', 'GBP'])
})

test('a table shows the first and the last rows, types and counts', async () => {
  await writeFile(
    path.join(folder, 'ticks.csv'),
    `ts,symbol,price,size\n${Array.from({ length: 500 }, (_, row) => `2026-02-03 14:30:00.${String(row).padStart(3, '0')},BTC,${row / 4},${row === 499 ? '' : row}\n`).join('')}`,
  )
  await output('put', 'ticks.csv')
  assert.deepEqual((await output('get', 'ticks', '--rows', '4')).split('\n'), [
    'ts                          symbol    price   size',
    'timestamp[us]               utf8    float64  int64',
    '──────────────────────────  ──────  ───────  ─────',
    '2026-02-03T14:30:00         BTC           0      0',
    '2026-02-03T14:30:00.001000  BTC        0.25      1',
    '…                           …             …      …',
    '2026-02-03T14:30:00.498000  BTC       124.5    498',
    '2026-02-03T14:30:00.499000  BTC      124.75   null',
    '500 rows (4 shown), 4 columns',
    '',
  ])
})

test('a part of a dataset is read by columns, condition and limit', async () => {
  await output('put', 'market-csv.csv', '--key', 'part')
  const text = await output(
    'get',
    'part',
    '--columns',
    'size,price',
    '--where',
    'size >= 19998',
    '--format',
    'csv',
  )
  assert.equal(text, 'size,price\n19998,\n19999,2499.875\n')
  assert.equal(
    await output('get', 'part', '--columns', 'size', '--limit', '2', '--format', 'jsonl'),
    '{"size":0}\n{"size":1}\n',
  )
})

test('SQL is answered as a table or as a file on standard output', async () => {
  await output('put', 'market-csv.csv', '--key', 'sql')
  const sql =
    'SELECT symbol, count(*) AS n FROM sql WHERE symbol IS NOT NULL GROUP BY symbol ORDER BY symbol LIMIT 2'
  assert.deepEqual((await output('query', sql)).split('\n').slice(3), [
    'S0       3555',
    'S1       3556',
    '2 rows, 2 columns',
    '',
  ])
  assert.equal(await output('query', sql, '--output', '-', '--format', 'csv'), 'symbol,n\nS0,3555\nS1,3556\n')
})

test('a plan is printed as DuckDB draws it', async () => {
  await output('put', 'market-csv.csv', '--key', 'plan')
  const lines = (await output('query', 'EXPLAIN ANALYZE SELECT sum(size) FROM plan')).trimEnd().split('\n')
  assert.ok(lines.length > 20, lines.join('\n'))
  assert.match(lines[0] ?? '', /^┌─+┐$/)
  assert.match(lines.at(-1) ?? '', /^└─+┘$/)
})

test('a plan tells how many parts it opens, and what is read of rollups', async () => {
  await writeFile(path.join(folder, 'days.csv'), 'ts,n\n2026-02-03 00:00:00,1\n2026-02-04 00:00:00,2\n')
  await output('put', 'days.csv')
  await output('configure', 'days', 'partition_by.column=ts', 'partition_by.every=day')
  await output('compact', 'days')
  // Of what is in memory no part is opened.
  const client = new RawClient(server.url)
  await runAction(client, 'evict', 'days')
  client.close()
  const early = "SELECT n FROM days WHERE ts < '2026-02-03 12:00:00'"
  assert.match(await output('explain', early), /\nparts: 1 of 2\n$/)
  assert.match(await output('explain', '--analyze', early), /Total Time/)
  await output('rollup', 'daily', "SELECT time_bucket('1d', ts) AS ts, sum(n) AS n FROM days GROUP BY ALL")
  assert.match(await output('describe', 'daily'), /^rollup of +days$/m)
  assert.match(await output('describe', 'daily'), /^rollup watermark +none: all is computed$/m)
  assert.match(await output('explain', 'FROM daily'), /^rollup daily: computed, parts of days: 2 of 2$/m)
  await output('flush', 'daily')
  assert.match(
    await output('explain', 'FROM daily'),
    /^rollup daily: computed from 2026-02-0.T.*, parts of days: /m,
  )
  assert.match(await failure('explain', 'SELECT nope FROM days'), /"nope".*\[SQL_INVALID\]\n$/s)
  assert.equal(await output('retention', '--dry-run', '--age', '1d', 'no_*'), 'no key matches "no_*"\n')
  assert.equal(await output('retention', 'no_*'), 'no dataset of "no_*" has limits\n')
  await output('drop', 'daily')
})

test('a dataset is replaced, added to, or left alone, as the mode says', async () => {
  await writeFile(path.join(folder, 'mode.csv'), 'a\n1\n')
  const count = async (): Promise<string> =>
    output('query', 'SELECT count(*) AS n FROM mode', '--format', 'csv')
  await output('put', 'mode.csv', '--mode', 'create')
  await output('put', 'mode.csv', '--mode', 'append')
  assert.equal(await count(), 'n\n2\n')
  await output('put', 'mode.csv')
  assert.equal(await count(), 'n\n1\n')
  assert.equal(
    await failure('put', 'mode.csv', '--mode', 'create'),
    'sterna: The dataset "mode" exists already [DATASET_EXISTS]\n',
  )
})

test('datasets are listed, described, compacted and dropped', async () => {
  await output('put', 'market-csv.csv', '--key', 'life', '--schema', 'lab')
  assert.match(
    await output('ls', 'life*'),
    /^key +rows +parts .*\n─.*\nlab\.life +20,000 +1 .*\n1 dataset, 20,000 rows, .*\n$/,
  )
  const [listed] = JSON.parse(await output('ls', 'life', '--json')) as [
    { key: string; schema: string; rows: number },
  ]
  assert.deepEqual(
    { key: listed.key, schema: listed.schema, rows: listed.rows },
    { key: 'life', schema: 'lab', rows: 20_000 },
  )
  const sheet = await output('describe', 'life', '--schema', 'lab')
  assert.match(sheet, /^rows +20,000$/m)
  assert.match(sheet, /^price +float64 +yes$/m)
  const described = JSON.parse(await output('describe', 'life', '--schema', 'lab', '--json')) as {
    columns: unknown[]
  }
  assert.equal(described.columns.length, 5)
  assert.match(
    await output('compact', 'life', '--schema', 'lab', '--level', '9'),
    /^life: 1 part of .* became 1 part of .*\n$/,
  )
  assert.equal(await output('drop', 'life', '--schema', 'lab'), 'life: dropped\n')
  assert.equal(await output('ls', 'life'), '0 datasets, 0 rows, 0 B\n')
  assert.match(await failure('get', 'life', '--schema', 'lab'), /^sterna: .*life.* \[DATASET_NOT_FOUND\]\n$/)
})

test('stats are told to people and to machines', async () => {
  const figures = JSON.parse(await output('stats', '--json')) as { total_keys: number }
  assert.match(await output('stats'), new RegExp(`^total keys +${figures.total_keys}$`, 'm'))
})

test('on a terminal there is a bar while the work goes on, and a table that fits', async () => {
  const shown = async (columns: number, ...args: string[]): Promise<string> => {
    const command = [String(columns), sternaPath, ...args, '--server', server.url]
    const { json } = await runPython('test/interop/cli_terminal.py', command)
    const result = json as { code: number; shown: string }
    assert.equal(result.code, 0, result.shown)
    return result.shown
  }
  const put = await shown(100, 'put', path.join(folder, 'market-csv.csv'), '--key', 'terminal')
  assert.match(put, /market-csv\.csv [█░]+ +(\d+%|…) \| [\d,]+ rows/)
  assert.match(put, /terminal: 20,000 rows\r\n$/)
  assert.match(await shown(100, 'get', 'terminal', '--rows', '2'), /terminal [█░]+ +(\d+%|…) \| /)
  const narrow = await shown(40, 'query', 'SELECT * FROM terminal', '--rows', '2')
  assert.match(narrow, /query … [\d,]+ rows/)
  const table = narrow.slice(narrow.lastIndexOf('\u001b')).split('\r\n').slice(1)
  assert.ok(
    table.every((line) => line.length <= 40),
    narrow,
  )
  assert.match(narrow, /20,000 rows \(2 shown\), 5 columns/)
})

test('a file with zstd buffers is stored, and shown like any other', async () => {
  assert.equal(await output('put', 'zstd.feather'), 'zstd: 1,000 rows\n')
  assert.match(await output('get', 'zstd', '--rows', '2'), /1,000 rows \(2 shown\)/)
})

test('a failure is one line with a code', async () => {
  assert.match(await failure('query', 'SELEKT 1'), /^sterna: .*\[SQL_INVALID\]\n$/)
  assert.match(
    await failure('put', 'nothing.csv'),
    /^sterna: nothing\.csv cannot be read: .* \[FILE_UNREADABLE\]\n$/,
  )
  assert.match(
    await failure('ls', '--server', 'grpc://127.0.0.1:1'),
    /^sterna: No server answers at grpc:\/\/127\.0\.0\.1:1: .* \[UNAVAILABLE\]\n$/,
  )
})

test('a mistake in the command line exits with 2', async () => {
  for (const args of [
    [],
    ['frobnicate'],
    ['put'],
    ['put', 'a.unknown'],
    ['put', 'a.csv', 'b.csv', '--key', 'c'],
    ['put', 'a.csv', '--mode', 'merge'],
    ['compact', 'a', '--level', '23'],
    ['get', 'a', '--rows', 'many'],
    ['ls', '--server', 'somewhere'],
    ['ls', '--colour'],
  ]) {
    const { code, stderr } = await sterna(...args)
    assert.equal(code, 2, args.join(' '))
    if (args.length > 0) assert.match(stderr, /^sterna: [^\n]+ \[USAGE\]\n$/, args.join(' '))
  }
})

test('help and version are no failures', async () => {
  assert.match(await output('--help'), /Commands:/)
  assert.match(await output('help', 'put'), /Usage: sterna put/)
  assert.match(await output('get', '--help'), /--output <file>/)
  assert.match(await output('--version'), /^\d+\.\d+\.\d+\n$/)
  assert.match(await output('version'), /^sterna +\d+\.\d+\.\d+\nduckdb +\S+\nnode +\S+\n$/)
})

test('a reader that has seen enough is no failure', async () => {
  const child = spawn(sternaPath, ['get', 'market-csv', '--format', 'csv', '--server', server.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  })
  child.stdout.once('data', () => child.stdout.destroy())
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.equal(stderr, '')
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('.sterna')),
    [],
  )
})

test('a command that is ended in the middle leaves no file', async () => {
  await output('put', 'market-csv.csv', '--key', 'cut')
  // Some hundred million rows: nobody waits for their end.
  const child = spawn(
    sternaPath,
    ['query', 'SELECT a.size FROM cut a, cut b', '--output', 'cut.csv', '--server', server.url],
    { cwd: folder, stdio: 'ignore' },
  )
  const unfinished = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => /^(cut\.csv|\.sterna)/.test(name))
  while ((await unfinished()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT'])
  assert.deepEqual(await unfinished(), [])
})
