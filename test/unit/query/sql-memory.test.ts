// Goal: sessions have their memory for themselves, and all together never more than SQL may use.
// Method: take, resize and end shares of a small memory, and ask each instance of DuckDB what it may use.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { LIMITS } from '../../../src/limits.ts'
import { Duck } from '../../../src/query/duck.ts'
import { SqlMemory } from '../../../src/query/sql-memory.ts'
import { openDuck } from './duck-fixture.ts'

const MIB = 1024 * 1024
const ALL = 512 * MIB

interface Opened {
  readonly memory: SqlMemory
  readonly shared: Duck
  readonly spillFolder: string
}

async function open(t: TestContext): Promise<Opened> {
  const { duck: shared } = await openDuck(t, { memoryLimit: `${ALL}B` })
  const root = mkdtempSync(path.join(tmpdir(), 'sterna-memory-'))
  const spillFolder = path.join(root, 'tmp')
  mkdirSync(spillFolder)
  const memory = new SqlMemory({
    shared,
    bytesMax: ALL,
    open: (bytes, memoryName) =>
      Duck.open({
        memoryLimit: `${bytes}B`,
        memoryName,
        threads: 1,
        tempDirectory: spillFolder,
        dataDirectory: root,
        allowedDirectories: [],
      }),
  })
  t.after(async () => {
    await memory.close()
    rmSync(root, { recursive: true })
  })
  return { memory, shared, spillFolder }
}

async function limitOf(duck: Duck): Promise<unknown> {
  const rows = await duck.use((connection) => connection.run(`SELECT current_setting('memory_limit')`))
  return rows[0]?.[0]
}

test('what a session takes, the others may no longer use, until it is over', async (t) => {
  const { memory, shared } = await open(t)
  const share = await memory.take(64 * MIB)
  assert.equal(memory.get(share.id), share)
  assert.deepEqual([await limitOf(share.duck), await limitOf(shared)], ['64.0 MiB', '448.0 MiB'])
  await memory.resize(share.id, 128 * MIB)
  assert.deepEqual([await limitOf(share.duck), await limitOf(shared)], ['128.0 MiB', '384.0 MiB'])
  await memory.resize(share.id, 32 * MIB)
  assert.deepEqual([await limitOf(share.duck), await limitOf(shared)], ['32.0 MiB', '480.0 MiB'])
  await memory.end(share.id)
  await memory.end(share.id)
  assert.equal(await limitOf(shared), '512.0 MiB')
  assert.throws(() => memory.get(share.id), /HANDLE_NOT_FOUND|is over/)
})

test('sessions that ask at once get no more than half together, and a limited number of shares', async (t) => {
  const { memory, shared } = await open(t)
  const asked = await Promise.allSettled([100, 100, 100].map((size) => memory.take(size * MIB)))
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  )
  const share = (asked[0] as PromiseFulfilledResult<{ id: string; duck: Duck }>).value
  await assert.rejects(memory.resize(share.id, 157 * MIB), /269484032 bytes together; the limit is 268435456/)
  assert.deepEqual([await limitOf(share.duck), await limitOf(shared)], ['100.0 MiB', '312.0 MiB'])
  await memory.close()
  assert.equal(await limitOf(shared), '512.0 MiB')
  const least = ALL / 2 / LIMITS.memorySharesMax
  for (let count = 0; count < LIMITS.memorySharesMax; count++) await memory.take(least)
  await assert.rejects(memory.take(1), /16 sessions have a memory_limit; the limit is 16/)
})

test('the end of a session ends its statements, lets none begin, and leaves no file', async (t) => {
  const { memory, spillFolder } = await open(t)
  const { id, duck } = await memory.take(32 * MIB)
  const connection = await duck.connect()
  const sorted = 'SELECT range, hash(range) AS h FROM range(4000000) ORDER BY h'
  await connection.stream(sorted)
  assert.equal(readdirSync(spillFolder).length, 1)
  const endless = duck.use((other) => other.run('SELECT count(*) FROM range(100000000) a, range(100000) b'))
  const ended = assert.rejects(endless, { code: 'CANCELLED' })
  connection.close()
  await memory.end(id)
  await ended
  await assert.rejects(duck.connect(), { code: 'CANCELLED' })
  assert.deepEqual(readdirSync(spillFolder), [])
})
