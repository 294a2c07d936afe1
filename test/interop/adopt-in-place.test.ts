// Goal: files of other programs become parts as they are; nothing else of the machine can be read that way, and nothing
// that happens to the dataset reaches the files. Method: the command line and the action against a real server, with
// files of pyarrow, polars and DuckDB; the ducklake extension beside it; a damaged file, and a catalog that is lost.
import assert from 'node:assert/strict'
import { copyFile, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServer } from '../../src/index.ts'
import { NodeDisk } from '../../src/store/disk/node-disk.ts'
import { openLog } from '../../src/telemetry/log.ts'
import { projectRoot } from '../support/project-root.ts'
import { writeNumberFiles } from '../support/number-files.ts'
import { runChecks } from '../support/python-checks.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

/** One on which a file can have no second name, as where the lake is on another file system. */
class OtherFileSystem extends NodeDisk {
  override async link(from: string, to: string): Promise<'copy'> {
    await copyFile(from, to)
    return 'copy'
  }
}

test('files that are adopted in place', async (t) => {
  const outside = await temporaryDirectory()
  const folder = join(outside, 'in')
  await mkdir(folder)
  try {
    await withServer(
      ({ url, dataDir }) =>
        runChecks(t, 'test/interop/adopt_in_place_checks.py', [
          url,
          folder,
          outside,
          join(projectRoot, 'bin', 'sterna'),
          join(dataDir, 'catalog.sqlite'),
        ]),
      { args: ['--adopt-from', folder, '--history', '1d'] },
    )
  } finally {
    await rm(outside, { recursive: true, force: true })
  }
})

test('a server without the setting adopts nothing in place', async () => {
  await withServer(async ({ url, dataDir }) => {
    const file = join(dataDir, 'x.parquet')
    await writeFile(file, 'PAR1')
    const done = await sterna(['adopt', '--in-place', file], { env: { STERNA_SERVER: url } })
    assert.equal(done.code, 1)
    assert.match(done.stderr, /takes files from no folder; its setting adopt_from .*\[REQUEST_INVALID\]/)
  })
})

test('an adopted dataset survives a restart and the loss of its catalog, and damage to a file is found', async () => {
  const root = await temporaryDirectory()
  const folder = join(root, 'in')
  const dataDir = join(root, 'data')
  await mkdir(folder)
  const rows = async (url: string): Promise<string> =>
    (
      await sterna(['query', 'SELECT sum(n), count(*) FROM ticks', '--format', 'csv'], {
        env: { STERNA_SERVER: url },
      })
    ).stdout
  try {
    const [, original = ''] = await writeNumberFiles(folder)
    let server = await startServer({ dataDir, args: ['--adopt-from', folder] })
    const adopted = await sterna(['adopt', '--in-place', '--key', 'ticks', folder], {
      env: { STERNA_SERVER: server.url },
    })
    assert.equal(adopted.stdout, 'ticks: 10 rows in place\n', adopted.stderr)
    const before = await rows(server.url)
    assert.match(before, /\n45,10\n$/)
    await server.kill()
    for (const name of ['catalog.sqlite', 'catalog.sqlite-wal', 'catalog.sqlite-shm']) {
      await rm(join(dataDir, name), { force: true })
    }
    const repaired = await sterna(['repair', '--data-dir', dataDir])
    assert.match(repaired.stdout, /1 dataset/, repaired.stderr)
    server = await startServer({ dataDir })
    const env = { STERNA_SERVER: server.url }
    assert.equal(await rows(server.url), before)
    const whole = await sterna(['check'], { env })
    assert.match(whole.stdout, /nothing is wrong/, whole.stderr)
    assert.doesNotMatch(whole.stdout, /no checksums/)
    const file = await open(original, 'r+')
    const { byteLength } = await readFile(original)
    await file.write(Buffer.from([0xff]), 0, 1, Math.floor(byteLength / 2))
    await file.close()
    const damaged = await sterna(['check'], { env })
    assert.equal(damaged.code, 1)
    assert.match(damaged.stdout, /ticks: ticks\.1\.parquet: it is not the file that was adopted/)
    await server.stop()
    server = await startServer({ dataDir })
    const sql = ['query', 'SELECT sum(n) FROM ticks']
    const queried = await sterna(sql, { env: { STERNA_SERVER: server.url } })
    assert.match(
      queried.stderr,
      /Part ticks\.1\.parquet of "ticks" is damaged: it is not the file that was adopted \[DATA_CORRUPT\]/,
    )
    await server.stop()
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('where a file can have no second name it is copied, and that is said', async () => {
  const root = await temporaryDirectory()
  const folder = join(root, 'in')
  await mkdir(folder)
  const [first = '', second = ''] = await writeNumberFiles(folder)
  const server = await createServer(
    { port: 0, dataDir: join(root, 'data'), adoptFrom: [root], drainMs: 0 },
    { disk: new OtherFileSystem(), log: openLog('silent') },
  )
  try {
    const env = { STERNA_SERVER: server.url }
    const done = await sterna(['adopt', '--in-place', '--key', 'n', folder], { env })
    assert.equal(done.stdout, 'n: 10 rows in place, 2 files copied\n', done.stderr)
    const rows = await sterna(['query', 'SELECT sum(n) AS n FROM n', '--format', 'csv'], { env })
    assert.equal(rows.stdout, 'n\n45\n', rows.stderr)
    const part = join(root, 'data', 'cold', 'n.parquet')
    const again = await sterna(['adopt', '--in-place', '--key', 'again', part], { env })
    assert.match(again.stderr, /cannot be adopted: it is of the lake already \[REQUEST_INVALID\]/)
    assert.deepEqual([(await stat(first)).nlink, (await stat(second)).nlink], [1, 1])
  } finally {
    await server.stop()
    await rm(root, { recursive: true, force: true })
  }
})
