// Goal: `sterna check` finds every kind of damage in the parts, names it, and changes nothing.
// Method: the real server, whose files are damaged below it; the command line as its client.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile, open, readFile, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Frame } from '../../flight/frame.ts'
import { FlightClient } from '../../src/index.ts'
import { Database } from '../../src/store/catalog/database.ts'
import { projectRoot } from '../support/project-root.ts'
import { goldenFrames } from '../unit/flight/golden.ts'
import { RawClient } from '../support/raw-client.ts'
import { write } from '../support/sql-writes.ts'
import { type RunningServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const execute = promisify(execFile)

interface Problem {
  readonly key: string | null
  readonly schema: string | null
  readonly part: string | null
  readonly problem: string
}

interface Check {
  readonly datasets: number
  readonly parts: number
  readonly rows: number
  readonly bytes: number
  readonly parts_without_checksums: number
  readonly problems: readonly Problem[]
}

const KEYS = ['flipped', 'foreign', 'gone', 'longer', 'shorter', 'sound', 'swapped']

test('a sound lake has no problems, and all of its bytes were compared', async () => {
  await withServer(async (server) => {
    await putAll(server)
    const { code, check } = await runCheck(server)
    assert.equal(code, 0)
    assert.deepEqual(check.problems, [])
    assert.deepEqual([check.datasets, check.parts, check.parts_without_checksums], [7, 7, 0])
    const files = await Promise.all(KEYS.map((key) => stat(partOf(server, key))))
    assert.equal(
      check.bytes,
      files.reduce((sum, { size }) => sum + size, 0),
    )
  })
})

test('each kind of damage is named, with its dataset and part', async () => {
  await withServer(async (server) => {
    await putAll(server)
    const damaged = await readFile(partOf(server, 'flipped'))
    damaged.writeUInt8(damaged.readUInt8(100) ^ 1, 100)
    await writeFile(partOf(server, 'flipped'), damaged)
    await truncate(partOf(server, 'shorter'), 1_000)
    await appendFile(partOf(server, 'longer'), Buffer.alloc(1))
    await unlink(partOf(server, 'gone'))
    // A sound part of the same size, but not the one that the catalog means.
    await rename(partOf(server, 'swapped'), partOf(server, 'foreign'))
    const { code, check } = await runCheck(server)
    assert.equal(code, 1)
    const found = new Map(check.problems.map(({ key, part, problem }) => [key, `${part}: ${problem}`]))
    assert.deepEqual(
      [...found.keys()].sort(),
      ['flipped', 'foreign', 'gone', 'longer', 'shorter', 'swapped'],
      JSON.stringify(check.problems),
    )
    assert.equal(found.get('gone'), 'gone.parquet: the file is not there')
    assert.match(found.get('flipped') ?? '', /^flipped\.parquet: its bytes from 0 on are not those/)
    assert.equal(found.get('foreign'), 'foreign.parquet: it is a part of dataset "swapped"')
    assert.match(found.get('shorter') ?? '', /has \d+ bytes, and the catalog says \d+/)
    assert.match(found.get('longer') ?? '', /has \d+ bytes, and the catalog says \d+/)
    assert.deepEqual(await readFile(partOf(server, 'flipped')), damaged)
    assert.deepEqual((await runCheck(server, 'so*')).check.problems, [])
    // The server has written the part itself, so that SQL would not have compared it.
    const { stderr } = await sterna(['query', 'SELECT max(price) FROM flipped'], {
      env: { STERNA_SERVER: server.url },
    })
    assert.match(
      stderr,
      /Part flipped\.parquet of "flipped" is damaged: its bytes from 0 on .*\[DATA_CORRUPT\]/,
    )
  })
})

test('what writes parts anew refuses a damaged one, which would get checksums of the damage', async () => {
  await withServer(async (server) => {
    await putAll(server)
    const damaged = await readFile(partOf(server, 'flipped'))
    damaged.writeUInt8(damaged.readUInt8(100) ^ 1, 100)
    await writeFile(partOf(server, 'flipped'), damaged)
    await unlink(partOf(server, 'gone'))
    const env = { STERNA_SERVER: server.url }
    const compacted = await sterna(['compact', 'flipped'], { env })
    assert.match(
      compacted.stderr,
      /Part flipped\.parquet of "flipped" is damaged: its bytes from 0 on .*\[DATA_CORRUPT\]/,
    )
    assert.match(
      (await sterna(['compact', 'gone'], { env })).stderr,
      /Part gone\.parquet of "gone" is missing/,
    )
    assert.equal((await sterna(['compact', 'sound'], { env })).code, 0)
    // In what the part says of its columns, which DuckDB does not read.
    const unseen = await readFile(partOf(server, 'swapped'))
    const notes = unseen.indexOf('STRNNOTE') - 9
    unseen.writeUInt8(unseen.readUInt8(notes) ^ 1, notes)
    await writeFile(partOf(server, 'swapped'), unseen)
    const client = new RawClient(server.url)
    try {
      for (const sql of [
        'DELETE FROM swapped WHERE price = (SELECT min(price) FROM swapped)',
        'ALTER TABLE swapped ADD COLUMN extra INTEGER',
      ]) {
        assert.match(
          (await write(client, sql)).details,
          /Part swapped\.parquet of "swapped" is damaged: its bytes from 0 on/,
        )
      }
    } finally {
      client.close()
    }
    assert.deepEqual(await readFile(partOf(server, 'flipped')), damaged)
    const { check } = await runCheck(server)
    assert.deepEqual(check.problems.map(({ key }) => key).sort(), ['flipped', 'gone', 'swapped'])
  })
})

test('a catalog that says other things of columns than their parts do is found', async () => {
  const dataDir = await temporaryDirectory()
  try {
    await withServer(putAll, { dataDir })
    const catalog = Database.open(join(dataDir, 'catalog.sqlite'), 'wal')
    const changed = catalog.run(
      `UPDATE ducklake_file_column_stats SET min_value = max_value WHERE data_file_id = 2 AND column_id = 1`,
    )
    catalog.close()
    assert.equal(changed, 1)
    await withServer(
      async (server) => {
        const { code, check } = await runCheck(server)
        assert.equal(code, 1)
        assert.equal(check.problems.length, 1, JSON.stringify(check.problems))
        assert.match(check.problems[0]?.problem ?? '', /^the catalog says other things of its column "\w+"/)
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('a changed bit of the catalog is found while the server goes on, and named with its dataset', async () => {
  const dataDir = await temporaryDirectory()
  try {
    await withServer(putAll, { dataDir })
    await withServer(
      async (server) => {
        assert.deepEqual((await runCheck(server)).check.problems, [])
        // The path of a part, in its row or in the copy of that.
        await flipCatalog(dataDir, 'gone.parquet')
        const { code, check } = await runCheck(server, 'sound')
        assert.equal(code, 1)
        assert.deepEqual(check.problems, [
          {
            key: 'gone',
            schema: 'main',
            part: null,
            problem: 'the catalog is damaged in table ducklake_data_file',
          },
        ])
        const client = new FlightClient(server.url)
        const frames: Frame[] = []
        for await (const frame of client.get('sound')) frames.push(frame)
        client.close()
        assert.ok(frames.length > 1)
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('a start names a dataset of which the catalog says something else than was written, and a repair helps', async () => {
  const dataDir = await temporaryDirectory()
  try {
    await withServer(putAll, { dataDir })
    await flipCatalog(dataDir, 'swapped.parquet')
    await assert.rejects(
      withServer(() => Promise.resolve(), { dataDir }),
      /damaged in table ducklake_data_file, of dataset "swapped": stop the server and run "sterna repair"/,
    )
    await execute(join(projectRoot, 'bin', 'sterna'), ['repair', '--data-dir', dataDir])
    await withServer(
      async (server) => {
        const { check } = await runCheck(server)
        assert.deepEqual([check.datasets, check.problems], [7, []])
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

/** Flips a bit of a text in the file of the catalog. */
async function flipCatalog(dataDir: string, text: string): Promise<void> {
  const path = join(dataDir, 'catalog.sqlite')
  const bytes = await readFile(path)
  const position = bytes.indexOf(text)
  assert.ok(position > 0, text)
  const file = await open(path, 'r+')
  await file.write(Uint8Array.of(bytes.readUInt8(position) ^ 1), 0, 1, position)
  await file.close()
}

async function putAll(server: RunningServer): Promise<void> {
  const client = new FlightClient(server.url)
  const frames = await goldenFrames('ticks')
  for (const key of KEYS) await client.put({ path: [key] }, frames)
  client.close()
}

function partOf({ dataDir }: RunningServer, key: string): string {
  return join(dataDir, 'cold', `${key}.parquet`)
}

async function runCheck({ url }: RunningServer, glob = '*'): Promise<{ code: number; check: Check }> {
  const args = ['check', glob, '--json', '--server', url]
  const outcome = await execute(join(projectRoot, 'bin', 'sterna'), args).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: unknown) => error as { code: number; stdout: string },
  )
  return { code: outcome.code, check: JSON.parse(outcome.stdout) as Check }
}
