/**
 * What was acknowledged is there after a restart, however the server ended; what was not is gone, files and all.
 * Real processes, real signals.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'
import { python, runPython } from '../support/python.ts'
import { type RunningServer, startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const CLIENT = 'test/fault/restart_client.py'
const folders: string[] = []

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function newFolder(): Promise<string> {
  const folder = await temporaryDirectory()
  folders.push(folder)
  return folder
}

async function client(command: string, server: RunningServer): Promise<unknown> {
  return (await runPython(CLIENT, [command, server.url])).json
}

/** A client that has sent half of a dataset and waits. */
async function halfPut(server: RunningServer): Promise<ChildProcess> {
  const child = spawn(await python(), [join(projectRoot, CLIENT), 'half', server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(text.toString().trim(), 'half')
  return child
}

async function partsOf(dataDir: string): Promise<string[]> {
  return (await readdir(join(dataDir, 'cold'))).sort()
}

test('a server that is killed has everything it acknowledged at its next start', async () => {
  const dataDir = await newFolder()
  const first = await startServer({ dataDir })
  assert.equal(await client('put', first), 'stored')
  const half = await halfPut(first)
  await first.kill()
  half.kill('SIGKILL')
  await withServer(
    async (second) => {
      assert.equal(await client('verify', second), 'verified')
      assert.deepEqual(await partsOf(dataDir), ['replaced.1.parquet', 'stored.parquet'])
      assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
    },
    { dataDir },
  )
})

test('a client that is killed in the middle of a put leaves nothing', async () => {
  await withServer(async (server) => {
    assert.equal(await client('put', server), 'stored')
    const half = await halfPut(server)
    half.kill('SIGKILL')
    await once(half, 'exit')
    assert.equal(await client('verify', server), 'verified')
    assert.deepEqual(await partsOf(server.dataDir), ['replaced.1.parquet', 'stored.parquet'])
  })
})

test('SIGTERM ends a server with exit code 0, and its data is there again', async () => {
  const dataDir = await newFolder()
  const first = await startServer({ dataDir })
  assert.equal(await client('put', first), 'stored')
  assert.equal(await first.stop(), 0)
  await withServer(async (second) => assert.equal(await client('verify', second), 'verified'), { dataDir })
})

test('a second server on one data directory refuses to start and says why', async () => {
  await withServer(async ({ dataDir, pid }) => {
    await assert.rejects(startServer({ dataDir }), (error: Error) => {
      assert.match(error.message, /DATA_DIR_LOCKED/)
      assert.ok(error.message.includes(String(pid)), error.message)
      return true
    })
  })
})

test('parts that no catalog names go at the next start, and other files stay', async () => {
  const dataDir = await newFolder()
  const first = await startServer({ dataDir })
  assert.equal(await client('put', first), 'stored')
  await first.kill()
  await copyFile(join(dataDir, 'cold', 'stored.parquet'), join(dataDir, 'cold', 'orphan.3.parquet'))
  await writeFile(join(dataDir, 'cold', 'notes.txt'), 'of the operator')
  await withServer(
    async (second) => {
      assert.equal(await client('verify', second), 'verified')
      assert.deepEqual(await partsOf(dataDir), ['notes.txt', 'replaced.1.parquet', 'stored.parquet'])
    },
    { dataDir },
  )
})

test('repair makes a lost catalog again from the parts', async () => {
  const dataDir = await newFolder()
  const first = await startServer({ dataDir })
  assert.equal(await client('put', first), 'stored')
  await first.stop()
  for (const name of await readdir(dataDir)) {
    if (name.startsWith('catalog.sqlite')) await rm(join(dataDir, name))
  }
  await assert.rejects(startServer({ dataDir }), /sterna repair/)
  await writeFile(join(dataDir, 'cold', 'broken.parquet'), 'no Parquet at all')
  const repair = spawn(join(projectRoot, 'bin', 'sterna'), ['repair', '--data-dir', dataDir], {
    stdio: 'inherit',
  })
  assert.deepEqual(await once(repair, 'exit'), [0, null])
  assert.deepEqual(await readdir(join(dataDir, 'quarantine')), ['broken.parquet'])
  const kept = await readFile(join(dataDir, 'quarantine', 'broken.parquet'), 'utf8')
  assert.equal(kept, 'no Parquet at all')
  await withServer(async (second) => assert.equal(await client('verify', second), 'verified'), { dataDir })
})

test('a server that is told to stop in the middle of a long query ends with exit code 0', async () => {
  const dataDir = await newFolder()
  const server = await startServer({ dataDir, env: { STERNA_DRAIN_MS: '100' } })
  const query = spawn(await python(), [join(projectRoot, CLIENT), 'long-query', server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(query.stdout, 'data')
  const ended = once(query, 'exit')
  assert.equal(await server.stop(), 0)
  assert.deepEqual(await ended, [0, null])
})
