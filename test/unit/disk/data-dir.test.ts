// Goal: a data directory is laid out and locked when it is opened, and its parts are found.
// Method: real folders; what stands in them before and after.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { DataDir } from '../../../src/store/disk/data-dir.ts'
import { NodeDisk } from '../../../src/store/disk/node-disk.ts'

const disk = new NodeDisk()

test('opening makes the folders and takes the lock, closing gives it up', async (t) => {
  const root = join(await folder(t), 'new', 'data')
  const dataDir = await DataDir.open(root, disk)
  assert.deepEqual((await readdir(root)).sort(), ['LOCK', 'cold', 'log', 'tmp'])
  assert.equal(dataDir.catalogPath, join(root, 'catalog.sqlite'))
  await assert.rejects(DataDir.open(root, disk), { code: 'DATA_DIR_LOCKED' })
  await dataDir.close()
  await (await DataDir.open(root, disk)).close()
})

test('opening empties tmp/ and nothing else', async (t) => {
  const root = await folder(t)
  for (const name of ['cold', 'log/key', 'tmp/half']) await mkdir(join(root, name), { recursive: true })
  for (const name of ['cold/a.parquet', 'log/key/1.log', 'tmp/half/b.parquet', 'tmp/c']) {
    await writeFile(join(root, name), '')
  }
  const dataDir = await DataDir.open(root, disk)
  assert.deepEqual(await readdir(dataDir.tmpPath), [])
  assert.deepEqual(await readdir(dataDir.coldPath), ['a.parquet'])
  assert.deepEqual(await readdir(join(dataDir.logPath, 'key')), ['1.log'])
  await dataDir.close()
})

test('a folder that is no lake keeps what is in its tmp/', async (t) => {
  const root = await folder(t)
  await mkdir(join(root, 'tmp'))
  await writeFile(join(root, 'tmp', 'notes.txt'), '')
  await assert.rejects(DataDir.open(root, disk), {
    code: 'CONFIG_INVALID',
    message: /name another directory/,
  })
  assert.deepEqual(await readdir(join(root, 'tmp')), ['notes.txt'])
  await rm(join(root, 'tmp', 'notes.txt'))
  await (await DataDir.open(root, disk)).close()
})

test('a start that is refused leaves tmp/ to the server that runs', async (t) => {
  const root = await folder(t)
  const dataDir = await DataDir.open(root, disk)
  await writeFile(join(dataDir.tmpPath, 'part'), '')
  await assert.rejects(DataDir.open(root, disk), { code: 'DATA_DIR_LOCKED' })
  assert.deepEqual(await readdir(dataDir.tmpPath), ['part'])
  await dataDir.close()
})

test('parts of schema main stand in cold/, others in the folder of their schema', async (t) => {
  const dataDir = await DataDir.open(await folder(t), disk)
  t.after(() => dataDir.close())
  const pathOf = (schema: string, number: number): string =>
    dataDir.partPath({ schema, key: 'BTC/USD' }, number).slice(dataDir.coldPath.length + 1)
  assert.equal(pathOf('main', 0), 'BTC%2FUSD.parquet')
  assert.equal(pathOf('main', 3), 'BTC%2FUSD.3.parquet')
  assert.equal(pathOf('fx', 0), join('fx', 'BTC%2FUSD.parquet'))
  assert.equal(pathOf('../x.parquet', 0), join('%2E.%2Fx%2Eparquet', 'BTC%2FUSD.parquet'))
})

test('files that are named as parts are found, in the folders where parts lie', async (t) => {
  const dataDir = await DataDir.open(await folder(t), disk)
  t.after(() => dataDir.close())
  await mkdir(join(dataDir.coldPath, 'fx', 'deep'), { recursive: true })
  const parts = ['a.1.parquet', 'a.parquet', 'fx/a.2.parquet', 'fx/a.parquet']
  for (const name of [...parts, 'notes.txt', 'a.01.parquet', 'fx/deep/x.parquet']) {
    await writeFile(join(dataDir.coldPath, name), '')
  }
  const found = await dataDir.partPaths()
  assert.deepEqual(found.map((path) => path.slice(dataDir.coldPath.length + 1)).sort(), parts)
})

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sterna-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}
