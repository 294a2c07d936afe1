/**
 * Goal: a start removes from `cold/` what a crash has left of the lake's own, and no byte that may be another's: files
 * of other programs, and what cannot be read, go to `quarantine/`. Method: the real server, killed and started again
 * over a folder in which such files were put meanwhile.
 */
import assert from 'node:assert/strict'
import { copyFile, link, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import { readNumbers } from '../support/append-load.ts'
import { writeNumberFiles } from '../support/number-files.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  field,
  filesBelow,
  INT64,
  integerBatch,
  partsOf,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'

const ROWS = 10

/** A lake of one part, `own.parquet`, whose server was killed. */
async function killedLake(dataDir: string): Promise<void> {
  const server = await startServer({ dataDir })
  const client = new RawClient(server.url)
  const messages = putMessages(pathDescriptor('own'), [schemaFrame(field('n', INT64)), integerBatch(ROWS)])
  assert.equal((await client.exchange('DoPut', messages)).code, GRPC_STATUS.OK)
  client.close()
  await server.kill()
}

/** What the server has logged of files that it has set aside. */
function warnings(server: RunningServer): { level: string; file: string; reason: string }[] {
  const lines = server.log().split('\n')
  const found = lines.filter((line) => line.includes('store.file_quarantined'))
  return found.map((line) => JSON.parse(line) as { level: string; file: string; reason: string })
}

test('a start sets aside what may be of another program, and removes leftovers of its own', async () => {
  const root = await temporaryDirectory()
  const dataDir = join(root, 'lake')
  const cold = (name: string): string => join(dataDir, 'cold', name)
  try {
    await killedLake(dataDir)
    const [first = '', second = ''] = await writeNumberFiles(root)
    const [foreign, other] = [await readFile(first), await readFile(second)]
    // Of another program: alone, in a folder, and where a file of this name was set aside before.
    await mkdir(cold('fx'))
    await writeFile(cold('x.parquet'), foreign)
    await writeFile(cold('fx/x.parquet'), other)
    await mkdir(join(dataDir, 'quarantine'))
    await writeFile(join(dataDir, 'quarantine', 'x.parquet'), 'of last year')
    // Nobody knows whose.
    await writeFile(cold('empty.parquet'), '')
    await writeFile(cold('text.parquet'), 'no Parquet at all')
    const own = await readFile(cold('own.parquet'))
    await copyFile(cold('own.parquet'), cold('torn.parquet'))
    await truncate(cold('torn.parquet'), own.byteLength - 1)
    // Names of files that have others: elsewhere, and here.
    await link(first, cold('linked.parquet'))
    await writeFile(cold('twice.parquet'), foreign)
    await link(cold('twice.parquet'), cold('twice.1.parquet'))
    // Of the lake's own, and no part by its name.
    await copyFile(cold('own.parquet'), cold('own.7.parquet'))
    await copyFile(cold('own.parquet'), cold('fx/own.parquet'))
    await writeFile(cold('notes.txt'), 'of the operator')

    const server = await startServer({ dataDir })
    const client = new RawClient(server.url)
    assert.deepEqual(await partsOf(dataDir), ['notes.txt', 'own.parquet'])
    assert.deepEqual(await readFile(cold('own.parquet')), own)
    assert.equal((await readNumbers(client, 'own')).length, ROWS)
    const { problems } = (await runAction(client, 'check')) as { problems: readonly unknown[] }
    assert.deepEqual(problems, [])
    client.close()

    const names = await filesBelow(join(dataDir, 'quarantine'))
    const kept = new Map<string, Buffer>()
    for (const name of names) kept.set(name, await readFile(join(dataDir, 'quarantine', name)))
    const twice = names.filter((name) => name.startsWith('twice'))
    assert.equal(twice.length, 1)
    assert.deepEqual(kept.get(twice[0] ?? ''), foreign)
    const xs = [kept.get('x.parquet.1'), kept.get('x.parquet.2')]
    assert.ok(xs.some((bytes) => bytes?.equals(foreign)) && xs.some((bytes) => bytes?.equals(other)))
    assert.equal(String(kept.get('x.parquet')), 'of last year')
    assert.equal(String(kept.get('text.parquet')), 'no Parquet at all')
    assert.deepEqual(kept.get('torn.parquet'), own.subarray(0, -1))
    assert.equal(kept.get('empty.parquet')?.byteLength, 0)
    assert.equal(kept.size, 7, names.join())
    assert.deepEqual(await readFile(first), foreign)

    const said = new Map(warnings(server).map((line) => [line.file, line]))
    const setAside = ['empty.parquet', 'fx/x.parquet', 'text.parquet', 'torn.parquet', ...twice, 'x.parquet']
    assert.deepEqual([...said.keys()].sort(), setAside)
    assert.match(said.get('x.parquet')?.reason ?? '', /another program has written it/)
    assert.equal(said.get('x.parquet')?.level, 'warn')
    await server.stop()

    const again = await startServer({ dataDir })
    assert.deepEqual(warnings(again), [])
    await again.stop()
    assert.deepEqual(await filesBelow(join(dataDir, 'quarantine')), names)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
