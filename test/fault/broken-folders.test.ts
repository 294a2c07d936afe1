/**
 * A data directory that somebody else has changed under a running server: a file in the place
 * of a folder, a folder on another file system. Each put is refused with what is wrong, and once that is mended the
 * server goes on. Real folders.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import { ERRORS } from '../../src/errors.ts'
import type { RawAnswer, RawClient } from '../support/raw-client.ts'
import {
  field,
  INT64,
  integerBatch,
  pathDescriptor,
  putMessages,
  schemaFrame,
} from '../support/raw-flight.ts'
import { withWatched } from '../support/watched-server.ts'

const integers = schemaFrame(field('n', INT64))

function put(client: RawClient, key: string): Promise<RawAnswer> {
  return client.exchange('DoPut', putMessages(pathDescriptor(key), [integers, integerBatch(10)]))
}

function assertFailed({ code, details }: RawAnswer, text: RegExp): void {
  assert.equal(code, ERRORS.DISK_FAILED.grpc, details)
  assert.match(details, text)
  assert.match(details, /\[DISK_FAILED\]$/)
}

interface Breakage {
  readonly name: string
  readonly text: RegExp
  /** Breaks the folder `cold/`, which has been moved away. @returns undoes it, but for the move */
  readonly breakFolder: (cold: string) => Promise<() => Promise<void>>
}

const breakages: readonly Breakage[] = [
  {
    name: 'has become a file',
    text: /a file stands where a folder should \(ENOTDIR\)/,
    breakFolder: async (cold) => {
      await writeFile(cold, '')
      return () => rm(cold)
    },
  },
  {
    name: 'is on another file system',
    text: /its folders are on different file systems \(EXDEV\)/,
    breakFolder: async (cold) => {
      const elsewhere = await mkdtemp('/dev/shm/sterna-cold-')
      assert.notEqual((await stat(elsewhere)).dev, (await stat(tmpdir())).dev)
      await symlink(elsewhere, cold)
      return async () => {
        await rm(cold)
        await rm(elsewhere, { recursive: true })
      }
    },
  },
]

for (const { name, text, breakFolder } of breakages) {
  test(`while the folder of the parts ${name}, puts say so; afterwards they are stored`, async () => {
    await withWatched(async ({ client, watched, server }) => {
      const cold = join(server.dataDir, 'cold')
      await rename(cold, `${cold}.moved`)
      const undo = await breakFolder(cold)
      try {
        assertFailed(await put(client, 'new'), text)
        assertFailed(await put(client, 'stored'), text)
      } finally {
        await undo()
        await rename(`${cold}.moved`, cold)
      }
      await watched.assertUntouched()
      assert.equal((await put(client, 'again')).code, GRPC_STATUS.OK)
      await watched.assertUntouched(['again.parquet'])
      assert.ok(!server.log().includes('call.bug'), server.log())
    })
  })
}
