// Goal: an operator can rely on how the server starts, stops and refuses to start, and the launcher gives the process
// what it needs. Method: real processes, signals, ports and directories; the launcher also in front of a program that
// prints what it was given.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna, sternaPath } from '../support/sterna.ts'

let folder: string

before(async () => {
  folder = await temporaryDirectory()
})

after(() => rm(folder, { recursive: true }))

/** A server of a start that must fail. */
async function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await sterna(
    ['serve', '--data-dir', path.join(folder, 'refused'), ...args],
    { env },
  )
  assert.equal(stdout, '')
  return { code, stderr }
}

test('the one line on standard output tells where the server listens', async () => {
  const child = spawn(sternaPath, ['serve', '--port', '0', '--data-dir', path.join(folder, 'line')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const output = text(child.stdout)
  await once(child.stdout, 'readable')
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.match(await output, /^listening on grpc:\/\/127\.0\.0\.1:\d+\n$/)
})

test('flags go over the environment, and that over the file', async () => {
  const config = path.join(folder, 'sterna.toml')
  await writeFile(config, 'cache_size = "1MB"\nmemory_limit = "1GB"\nlog_level = "debug"\n')
  const args = ['--config', config, '--cache-size', '3MB']
  await withServer(
    async ({ url }) => {
      const { stdout } = await sterna(['stats', '--json', '--server', url])
      const { cache } = JSON.parse(stdout) as { cache: { bytes_max: number } }
      assert.equal(cache.bytes_max, 3_000_000)
    },
    { args, env: { STERNA_CACHE_SIZE: '2MB' } },
  )
})

/** Waits until a process is gone. */
async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('SIGTERM and SIGINT end the server with 0, and it starts again on its data', async () => {
  const dataDir = path.join(folder, 'signals')
  await writeFile(path.join(folder, 'one.csv'), 'a\n1\n')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await startServer({ dataDir })
    const { code } = await sterna([
      'put',
      path.join(folder, 'one.csv'),
      '--mode',
      'append',
      '--server',
      server.url,
    ])
    assert.equal(code, 0)
    process.kill(server.pid, signal)
    await ended(server.pid)
    assert.equal(await server.stop(), 0)
  }
  const server = await startServer({ dataDir })
  const { stdout } = await sterna(['get', 'one', '--format', 'csv', '--server', server.url])
  assert.equal(stdout, 'a\n1\n1\n')
  assert.equal(await server.stop(), 0)
})

/** A query that takes longer than any test. */
const ENDLESS = 'SELECT count(*) FROM range(1000000) a(i), range(1000000) b(j) WHERE a.i > b.j'

test('the threads of a server that compute give way to its event loop', async () => {
  await withServer(async ({ pid, url }) => {
    assert.equal((await sterna(['query', 'SELECT 1', '--server', url])).code, 0)
    const threads = await readdir(`/proc/${pid}/task`)
    const niceness = await Promise.all(
      threads.map(async (id) => {
        const stat = await readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')
        // The 19th field, the 17th after the name in brackets.
        return { id: Number(id), nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]) }
      }),
    )
    const own = niceness.find(({ id }) => id === pid)?.nice ?? NaN
    assert.ok(niceness.filter(({ nice }) => nice === own + 5).length > 16, 'the pool and the engine')
  })
})

test('a stopping server waits for a call as long as it is told to, then ends it and exits with 0', async () => {
  const server = await startServer({ dataDir: path.join(folder, 'drain'), env: { STERNA_DRAIN_MS: '500' } })
  const query = sterna(['query', ENDLESS, '--server', server.url])
  await started(server.url)
  assert.equal(await server.stop(), 0)
  const { code, stderr } = await query
  assert.equal(code, 1)
  assert.match(stderr, /^sterna: .* \[[A-Z_]+\]\n$/)
})

test('a second signal ends the server at once with 1, whatever runs', async () => {
  const server = await startServer({
    dataDir: path.join(folder, 'second'),
    env: { STERNA_DRAIN_MS: '600000' },
  })
  const query = sterna(['query', ENDLESS, '--server', server.url])
  await started(server.url)
  process.kill(server.pid, 'SIGTERM')
  await stopped(server.url)
  assert.equal(await server.stop(), 1)
  assert.equal((await query).code, 1)
})

/** Waits until a query has most likely begun: another one, sent later, has been answered. */
async function started(url: string): Promise<void> {
  for (let count = 0; count < 3; count++) await sterna(['query', 'SELECT 1', '--server', url])
}

/** Waits until the server takes no new calls. */
async function stopped(url: string): Promise<void> {
  while ((await sterna(['stats', '--server', url])).code === 0);
}

test('a second server on the same directory is refused', async () => {
  await withServer(async ({ dataDir }) => {
    const { code, stderr } = await refusal(['--port', '0', '--data-dir', dataDir])
    assert.equal(code, 1)
    assert.match(stderr, /^sterna: [^\n]*in use[^\n]* \[DATA_DIR_LOCKED\]\n$/)
  })
})

test('a port that is taken is refused', async () => {
  await withServer(async ({ port }) => {
    const { code, stderr } = await refusal(['--port', String(port)])
    assert.equal(code, 1)
    assert.equal(stderr, `sterna: Port ${port} of 127.0.0.1 is in use by another process [START_FAILED]\n`)
  })
})

test('an address that is not of this machine is refused', async () => {
  const env = { STERNA_ALLOW_ANONYMOUS: 'true' }
  const { code, stderr } = await refusal(['--port', '0', '--host', '192.0.2.1'], env)
  assert.equal(code, 1)
  assert.equal(stderr, 'sterna: 192.0.2.1 is no address of this machine [START_FAILED]\n')
})

test('a data directory that is a file is refused', async () => {
  const file = path.join(folder, 'file')
  await writeFile(file, '')
  const { code, stderr } = await refusal(['--port', '0', '--data-dir', file])
  assert.equal(code, 1)
  assert.match(stderr, /^sterna: [^\n]*file[^\n]* \[[A-Z_]+\]\n$/)
})

test('a wrong setting is refused with its source, a wrong flag as a mistake in the command line', async () => {
  assert.deepEqual(await refusal([], { STERNA_THREADS: 'many' }), {
    code: 1,
    stderr:
      'sterna: Invalid STERNA_THREADS in the environment: expected a whole number from 1 to 1024 [CONFIG_INVALID]\n',
  })
  const config = path.join(folder, 'typo.toml')
  await writeFile(config, 'cache_sise = 1\n')
  assert.deepEqual(await refusal(['--config', config]), {
    code: 1,
    stderr: `sterna: Unrecognized key "cache_sise" in ${config} [CONFIG_INVALID]\n`,
  })
  assert.equal((await refusal(['--log-level', 'loud'])).code, 2)
  assert.equal((await refusal(['--verbose'])).code, 2)
})

test('repair makes a new catalog of the files, and needs the server to be gone', async () => {
  const dataDir = path.join(folder, 'repair')
  await writeFile(path.join(folder, 'kept.csv'), 'a\n1\n2\n')
  const server = await startServer({ dataDir })
  await sterna(['put', path.join(folder, 'kept.csv'), '--server', server.url])
  const nowhere = path.join(folder, 'repiar')
  const missed = await sterna(['repair', '--data-dir', nowhere])
  assert.match(missed.stderr, /There is no data directory to be repaired .*repiar\) \[CONFIG_INVALID\]/)
  await assert.rejects(stat(nowhere), { code: 'ENOENT' })
  const early = await sterna(['repair', '--data-dir', dataDir])
  assert.equal(early.code, 1)
  assert.match(early.stderr, /\[DATA_DIR_LOCKED\]\n$/)
  await server.stop()
  await rm(path.join(dataDir, 'catalog.sqlite'))
  const { code, stdout, stderr } = await sterna(['repair', '--data-dir', dataDir])
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '1 dataset of 1 part recovered, 0 quarantined\n')
  const again = await startServer({ dataDir })
  assert.equal((await sterna(['get', 'kept', '--format', 'csv', '--server', again.url])).stdout, 'a\n1\n2\n')
  await again.stop()
})

test('the launcher works through a link, keeps the process, the arguments and what the environment says', async () => {
  const root = path.join(folder, 'installed')
  await mkdir(path.join(root, 'bin'), { recursive: true })
  await mkdir(path.join(root, 'dist/bin'), { recursive: true })
  await mkdir(path.join(root, 'node_modules/.bin'), { recursive: true })
  await copyFile(sternaPath, path.join(root, 'bin/sterna'))
  await writeFile(path.join(root, 'package.json'), '{ "type": "module" }')
  await writeFile(
    path.join(root, 'dist/bin/main.js'),
    'const { pid, argv, execArgv, env } = process; console.log(JSON.stringify({ pid, args: argv.slice(2), execArgv, env }))',
  )
  const link = path.join(root, 'node_modules/.bin/sterna')
  await symlink('../../bin/sterna', link)
  const child = spawn(link, ['query', 'SELECT "a b" = \'$HOME\''], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '7' },
  })
  const { pid, args, execArgv, env } = JSON.parse(await text(child.stdout)) as {
    pid: number
    args: string[]
    execArgv: string[]
    env: Record<string, string>
  }
  assert.equal(pid, child.pid)
  assert.deepEqual(args, ['query', 'SELECT "a b" = \'$HOME\''])
  assert.deepEqual(execArgv, [
    '--disable-warning=DEP0123',
    '--single-threaded-gc',
    '--heap-growing-percent=300',
  ])
  const given = Object.entries(env).filter(([name]) => /^(UV|MALLOC|GRPC)_/.test(name))
  assert.deepEqual(Object.fromEntries(given), {
    UV_THREADPOOL_SIZE: '7',
    MALLOC_MMAP_THRESHOLD_: '1073741824',
    MALLOC_TRIM_THRESHOLD_: '1073741824',
    MALLOC_TOP_PAD_: '16777216',
    GRPC_VERBOSITY: 'NONE',
  })
})
