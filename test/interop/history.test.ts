/** Versions of the past, as pyarrow reads them: while history is kept, without it, and after a restart. */
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { NumberWriter, readNumbers } from '../support/append-load.ts'
import { runPython } from '../support/python.ts'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import { runAction } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const CHECKS = 'test/interop/history_checks.py'

test('versions of the past through pyarrow, and again after the server was killed', async (t) => {
  const dataDir = await temporaryDirectory()
  try {
    const first = await startServer({ dataDir, args: ['--history', '7d'] })
    await runChecks(t, CHECKS, ['first', first.url])
    await first.kill()
    await withServer(
      async ({ url }) => {
        await runChecks(t, CHECKS, ['second', url])
      },
      { dataDir, args: ['--history', '7d'] },
    )
    const copy = `${dataDir}.repaired`
    try {
      await cp(dataDir, copy, { recursive: true })
      for (const suffix of ['', '-wal', '-shm'])
        await rm(join(copy, `catalog.sqlite${suffix}`), { force: true })
      assert.equal((await sterna(['repair', '--data-dir', copy])).code, 0)
      await withServer(
        async ({ url }) => {
          await runChecks(t, CHECKS, ['repaired', url])
        },
        { dataDir: copy },
      )
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
    await withServer(
      async ({ url }) => {
        await runChecks(t, CHECKS, ['without', url])
      },
      { dataDir },
    )
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

/** Rows and their sum, of every kept version of a dataset: what an engine has to find there. */
interface Seen {
  readonly version: number
  readonly sums: readonly [rows: number, sum: number]
}

test('the ducklake extension reads the same versions, rolled back ones too, and what it inserts can be rolled back', async () => {
  await withServer(
    async (server) => {
      const client = new RawClient(server.url)
      const writer = new NumberWriter('ticks', 0)
      const flush = async (): Promise<number> => {
        const { version } = (await runAction(client, 'flush', 'ticks')) as { version: number }
        return version
      }
      await writer.run(server.url, () => writer.next >= 10)
      const first = await flush()
      await writer.run(server.url, () => writer.next >= 20)
      await flush()
      await runAction(client, 'compact', 'ticks')
      await runAction(client, 'rollback', JSON.stringify({ key: 'ticks', version: first }))

      const seen = async (): Promise<Seen[]> => {
        const { versions } = (await runAction(client, 'history', 'ticks')) as {
          versions: { version: number }[]
        }
        const found: Seen[] = []
        for (const { version } of versions) {
          const numbers = await readNumbers(client, JSON.stringify({ key: 'ticks', version }))
          found.push({ version, sums: [numbers.length, numbers.reduce((sum, number) => sum + number, 0)] })
        }
        return found
      }
      const answers = async (...steps: string[]): Promise<readonly unknown[]> => {
        const args = [join(server.dataDir, 'catalog.sqlite'), JSON.stringify(steps)]
        return (await runPython('test/interop/ducklake_reader.py', args)).json as unknown[]
      }
      const sums = 'SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM lake.ticks'
      const compare = async (count: number): Promise<void> => {
        const versions = await seen()
        assert.equal(versions.length, count)
        const steps = versions.map(({ version }) => `${sums} AT (VERSION => ${version})`)
        assert.deepEqual(
          await answers(...steps),
          versions.map((found) => [found.sums]),
        )
      }
      await compare(5)
      const before = await readNumbers(client, 'ticks')
      const inserted = await answers('INSERT INTO lake.ticks VALUES (7), (8)', sums)
      assert.deepEqual(inserted.at(-1), [[before.length + 2, before.reduce((sum, n) => sum + n, 15)]])
      assert.deepEqual(await readNumbers(client, 'ticks'), [...before, 7, 8])
      await compare(6)
      await runAction(client, 'rollback', JSON.stringify({ key: 'ticks', version: first }))
      assert.deepEqual(await readNumbers(client, 'ticks'), before)
      await compare(7)
      client.close()
    },
    { args: ['--history', '1d'] },
  )
})
