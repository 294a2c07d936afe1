/**
 * Clients that stop in the middle hold a bounded share of the server: 64 readers that take one batch and no more, of a
 * dataset in the cache, one from Parquet and SQL results, and 64 writers that stop before their end. One reader goes on
 * and gets everything, and every put is complete in the end.
 *
 * LOAD_ROWS sets the rows of the dataset, 64 bytes each: 16000000 make the gigabyte that the limits are meant for.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { temporaryDirectory, withServer } from '../support/start-server.ts'

const MIB = 1024 * 1024
const program = 'test/load/stalled_clients.py'
const { LOAD_ROWS: rows = '1000000' } = process.env

test('readers that stop hold what their queue holds', async (t) => {
  await withServer(({ url, pid }) => runChecks(t, program, [url, 'readers', String(pid), rows]), {
    args: ['--cache-size', '4GB'],
  })
})

test('writers that stop hold what the cache may, and two parts each', async (t) => {
  const folder = await temporaryDirectory()
  const config = join(folder, 'sterna.toml')
  await writeFile(config, 'part_size = "1MiB"\ncache_size = "16MiB"\n')
  try {
    await withServer(({ url }) => runChecks(t, program, [url, 'writers', String(MIB), String(16 * MIB)]), {
      args: ['--config', config],
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
