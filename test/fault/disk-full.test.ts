/**
 * A full disk and one that cannot be written are answers to the client, not the end of the server: nothing half
 * written stays, what was stored stays readable, and with room again everything works again. Real file systems.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Frame, GRPC_STATUS } from '../../flight/index.ts'
import { type RawAnswer, RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  batchFrame,
  field,
  fingerprint,
  INT64,
  pathDescriptor,
  partsOf,
  putMessages,
  runAction,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { type Setting, withWatched } from '../support/watched-server.ts'
import { startServer } from '../support/start-server.ts'
import { type SmallDisk, smallDisk } from './disk-full-disk.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** It sorts 320 MB, with a `--memory-limit` of 64. */
const SPILLING = JSON.stringify({
  sql: 'SELECT range AS a, hash(range) AS b FROM range(20000000) ORDER BY b',
})
const integers = schemaFrame(field('n', INT64))

const disks: SmallDisk[] = []

after(async () => {
  for (const disk of disks) await disk.release()
})

interface DiskSetting extends Setting {
  readonly disk: SmallDisk
  readonly dataDir: string
}

async function withSmallDisk(
  work: (setting: DiskSetting) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  const disk = await smallDisk()
  disks.push(disk)
  const dataDir = join(disk.path, 'data')
  await withWatched((setting) => work({ ...setting, disk, dataDir }), { dataDir, args })
}

/** Values that do not compress. */
function noise(bytes: number): Frame {
  const rows = bytes / 8
  const buffers = [
    { offset: 0, length: 0 },
    { offset: 0, length: bytes },
  ]
  return batchFrame({ rows, nodes: [{ length: rows, nullCount: 0 }], buffers }, randomBytes(bytes))
}

function put(client: RawClient, key: string, batches: number, batchBytes: number): Promise<RawAnswer> {
  const frames = Array.from({ length: batches }, () => noise(batchBytes))
  return client.exchange('DoPut', putMessages(pathDescriptor(key), [integers, ...frames]))
}

function assertFull({ code, details }: RawAnswer): void {
  assert.equal(code, GRPC_STATUS.UNAVAILABLE, details)
  assert.match(details, /disk of the data directory is full \[DISK_FULL\]$/)
}

function assertFailed({ code, details }: RawAnswer): void {
  assert.equal(code, GRPC_STATUS.UNAVAILABLE, details)
  assert.match(details, /\[DISK_FAILED\]$/)
}

function assertOk({ code, details }: RawAnswer): void {
  assert.equal(code, GRPC_STATUS.OK, details)
}

test('a put that does not fit is refused, leaves nothing, and the next one that fits is stored', async () => {
  await withSmallDisk(async ({ client, watched, server }) => {
    assertFull(await put(client, 'large', 30, MiB))
    await watched.assertUntouched()
    assertOk(await put(client, 'small', 1, MiB))
    await watched.assertUntouched(['small.parquet'])
    assert.ok(!server.log().includes('call.bug'), server.log())
  })
})

test('a replace that does not fit leaves the dataset as it was', async () => {
  await withSmallDisk(async ({ client, watched }) => {
    assertOk(await put(client, 'kept', 2, MiB))
    const before = await fingerprint(client, 'kept')
    assertFull(await put(client, 'kept', 30, MiB))
    assert.equal(await fingerprint(client, 'kept'), before)
    await watched.assertUntouched(['kept.parquet'])
  })
})

test('wherever a put runs out of room, it is stored whole or not at all', async () => {
  await withSmallDisk(async ({ client, watched, disk, dataDir, server }) => {
    const outcomes = new Set<number>()
    for (let free = 0; free <= 400 * KiB; free += 16 * KiB) {
      await disk.leaveFree(free)
      const answer = await put(client, 'edge', 1, 64 * KiB)
      outcomes.add(answer.code)
      if (answer.code !== GRPC_STATUS.OK) assertFull(answer)
      await disk.leaveFree(4 * MiB)
      const parts = (await partsOf(dataDir)).filter((name) => name.startsWith('edge'))
      assert.equal(
        parts.length,
        answer.code === GRPC_STATUS.OK ? 1 : 0,
        `${free} bytes free: ${parts.join()}`,
      )
      await watched.assertUntouched(parts)
      assert.equal(((await runAction(client, 'list')) as unknown[]).length, parts.length + 1)
      if (answer.code === GRPC_STATUS.OK) {
        await runAction(client, 'evict', 'edge')
        assert.equal((await client.exchange('DoGet', [ticketMessage('edge')])).code, GRPC_STATUS.OK)
        await runAction(client, 'drop', 'edge')
      }
    }
    assert.deepEqual([...outcomes].sort(), [GRPC_STATUS.OK, GRPC_STATUS.UNAVAILABLE])
    assert.ok(!server.log().includes('call.bug'), server.log())
  })
})

test('on a disk without a free byte everything can be read, and once there is room, written', async () => {
  await withSmallDisk(async ({ client, watched, disk, dataDir, server }) => {
    assertOk(await put(client, 'old', 2, MiB))
    const before = await fingerprint(client, 'old')
    await disk.leaveFree(0)
    assertFull(await put(client, 'new', 1, MiB))
    assertFull(await client.exchange('DoAction', [actionMessage('compact', '{"key": "old", "level": 1}')]))
    assert.equal(await fingerprint(client, 'old'), before)
    await runAction(client, 'evict', 'old')
    assert.equal((await client.exchange('DoGet', [ticketMessage('old')])).code, GRPC_STATUS.OK)
    assertOk(await client.exchange('DoGet', [ticketMessage('{"sql": "SELECT sum(n) FROM old"}')]))
    await watched.assertUntouched(['old.parquet'])
    await disk.leaveFree(8 * MiB)
    assertOk(await put(client, 'new', 1, MiB))
    await watched.assertUntouched(['new.parquet', 'old.parquet'])
    client.close()
    await server.stop()
    const again = await startServer({ dataDir })
    try {
      const second = new RawClient(again.url)
      assertOk(await second.exchange('DoGet', [ticketMessage('new')]))
      second.close()
    } finally {
      await again.stop()
    }
  })
})

test('SQL that needs more room than the disk has is refused and leaves no files', async () => {
  await withSmallDisk(
    async ({ client, watched }) => {
      const { code, details } = await client.exchange('DoGet', [ticketMessage(SPILLING)])
      assert.equal(code, GRPC_STATUS.RESOURCE_EXHAUSTED, details)
      await watched.assertUntouched()
    },
    ['--memory-limit', '64MiB'],
  )
})

test('SQL that finds the disk full is refused, and the next one that needs no room runs', async () => {
  await withSmallDisk(
    async ({ client, disk, dataDir, server }) => {
      // DuckDB looks at the room there is when it first spills.
      await client.exchange('DoGet', [ticketMessage(SPILLING)])
      await disk.leaveFree(0)
      assertFull(await client.exchange('DoGet', [ticketMessage(SPILLING)]))
      assertOk(await client.exchange('DoGet', [ticketMessage('{"sql": "SELECT 1"}')]))
      client.close()
      await server.stop()
      assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
    },
    ['--memory-limit', '64MiB'],
  )
})

test('SQL that spills for the first time on a full disk leaves no files, and may spill when there is room', async () => {
  await withSmallDisk(
    async ({ client, watched, disk }) => {
      await disk.leaveFree(0)
      assertFull(await client.exchange('DoGet', [ticketMessage(SPILLING)]))
      await watched.assertUntouched()
      await disk.leaveFree(8 * MiB)
      const { code, details } = await client.exchange('DoGet', [ticketMessage(SPILLING)])
      assert.equal(code, GRPC_STATUS.RESOURCE_EXHAUSTED, details)
      await watched.assertUntouched()
    },
    ['--memory-limit', '64MiB'],
  )
})

for (const folder of ['tmp', 'cold']) {
  test(`while ${folder}/ cannot be written, puts are refused and everything can be read`, async () => {
    await withSmallDisk(async ({ client, watched, disk, dataDir, server }) => {
      assertOk(await put(client, 'old', 1, MiB))
      const before = await fingerprint(client, 'old')
      const makeWritable = await disk.makeReadOnly(join(dataDir, folder))
      try {
        assertFailed(await put(client, 'new', 1, MiB))
        assertFailed(await put(client, 'old', 1, MiB))
        assertFailed(
          await client.exchange(
            'DoPut',
            putMessages(pathDescriptor('other', 'new'), [integers, noise(8 * KiB)]),
          ),
        )
        assertFailed(
          await client.exchange('DoAction', [actionMessage('compact', '{"key": "old", "level": 1}')]),
        )
        assert.equal(await fingerprint(client, 'old'), before)
        await watched.assertUntouched(['old.parquet'])
      } finally {
        await makeWritable()
      }
      assertOk(await put(client, 'again', 1, MiB))
      await watched.assertUntouched(['again.parquet', 'old.parquet'])
      assert.ok(!server.log().includes('call.bug'), server.log())
    })
  })
}

test('a server does not start on a directory that it cannot write, and says so', async () => {
  const disk = await smallDisk()
  disks.push(disk)
  const dataDir = join(disk.path, 'data')
  await (await startServer({ dataDir })).stop()
  const makeWritable = await disk.makeReadOnly(disk.path)
  try {
    for (const path of [dataDir, join(disk.path, 'new')]) {
      await assert.rejects(startServer({ dataDir: path }), (error: Error) => {
        assert.match(error.message, /\[DISK_FAILED\]/)
        assert.ok(error.message.includes(path), error.message)
        return true
      })
    }
  } finally {
    await makeWritable()
  }
  await (await startServer({ dataDir })).stop()
})
