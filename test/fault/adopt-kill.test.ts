/**
 * Goal: an adoption that is cut off has happened, or has not; the files are as they were, and the lake keeps no name for
 * them that its catalog does not have. Method: the real server ends itself by SIGKILL at each failpoint that an adoption
 * of two files comes by, and is started again.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { readNumbers } from '../support/append-load.ts'
import { crashAt } from '../support/failpoint-env.ts'
import { namedParts } from '../support/named-parts.ts'
import { writeNumberFiles } from '../support/number-files.ts'
import { RawClient } from '../support/raw-client.ts'
import { actionMessage, partsOf, runAction } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

const CRASHES: readonly (readonly [Failpoint, passes: number])[] = [
  ['part.named', 1],
  ['part.named', 2],
  ['part.written', 1],
  ['part.named', 3],
  ['part.folder_synced', 1],
  ['commit.begun', 1],
  ['commit.written', 1],
  ['commit.done', 1],
]

test('an adoption that is killed has happened or has not, and the files are as they were', async (t) => {
  const root = await temporaryDirectory()
  const folder = join(root, 'in')
  await mkdir(folder)
  try {
    const files = await writeNumberFiles(folder)
    const before = await Promise.all(files.map((file) => readFile(file)))
    const body = JSON.stringify({ key: 'n', files })
    for (const [name, passes] of CRASHES) {
      await t.test(`at ${name}, pass ${passes}`, async () => {
        const dataDir = join(root, `${name}-${passes}`)
        const args = ['--adopt-from', folder]
        const doomed = await startServer({ dataDir, args, env: crashAt(name, passes) })
        const cut = new RawClient(doomed.url)
        await cut.exchange('DoAction', [actionMessage('adopt', body)])
        cut.close()
        assert.equal(await doomed.ended, 'SIGKILL')
        const server = await startServer({ dataDir, args })
        const client = new RawClient(server.url)
        const numbers = await readNumbers(client, 'n')
        const isThere = name === 'commit.done' || numbers.length > 0
        assert.deepEqual(numbers, isThere ? Array.from({ length: 10 }, (_, number) => number) : [])
        const { problems } = (await runAction(client, 'check')) as { problems: readonly unknown[] }
        assert.deepEqual(problems, [])
        if (!isThere) await runAction(client, 'adopt', body)
        assert.equal((await readNumbers(client, 'n')).length, 10)
        client.close()
        await server.stop()
        assert.deepEqual(await partsOf(dataDir), namedParts(dataDir))
        assert.deepEqual(await Promise.all(files.map((file) => readFile(file))), before)
      })
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('copies of files on another file system are set aside, of an adoption that is killed', async () => {
  const root = await temporaryDirectory()
  const folder = await mkdtemp('/dev/shm/sterna-adopt-')
  try {
    assert.notEqual((await stat(folder)).dev, (await stat(root)).dev)
    const files = await writeNumberFiles(folder)
    const before = await Promise.all(files.map((file) => readFile(file)))
    const dataDir = join(root, 'lake')
    const args = ['--adopt-from', folder]
    const doomed = await startServer({ dataDir, args, env: crashAt('part.named', 2) })
    const cut = new RawClient(doomed.url)
    await cut.exchange('DoAction', [actionMessage('adopt', JSON.stringify({ key: 'n', files }))])
    cut.close()
    assert.equal(await doomed.ended, 'SIGKILL')
    assert.deepEqual(await partsOf(dataDir), ['n.1.parquet', 'n.parquet'])
    const server = await startServer({ dataDir, args })
    await server.stop()
    assert.deepEqual(await partsOf(dataDir), [])
    const kept = ['n.parquet', 'n.1.parquet'].map((name) => readFile(join(dataDir, 'quarantine', name)))
    assert.deepEqual(await Promise.all(kept), before)
    assert.deepEqual(await Promise.all(files.map((file) => readFile(file))), before)
  } finally {
    for (const path of [root, folder]) await rm(path, { recursive: true, force: true })
  }
})
