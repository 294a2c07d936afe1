// Goal: small parts become large ones in the background; a pause stops that and leaves nothing, and a compaction that is
// cancelled leaves the parts as they were. Method: a real server, with a dataset that is quiet at once; what it has
// done shows in its parts and in `stats`, while readers get the same rows all the time.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import { readNumbers } from '../support/append-load.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  commandDescriptor,
  eventually,
  field,
  INT64,
  integerBatch,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const QUIET = { STERNA_COMPACTION_QUIET_MS: '0', STERNA_COMPACTION_CPU_PERCENT: '100' }

interface Progress {
  readonly state: string
  readonly done: number
  readonly failed: number
  readonly bytes_read: number
  readonly bytes_written: number
}

interface Description {
  readonly part_list: readonly { readonly tier: string; readonly rows: number }[]
}

async function addParts(client: RawClient, count: number): Promise<void> {
  for (let part = 0; part < count; part += 1) {
    const descriptor = commandDescriptor('{"key": "n", "mode": "append"}')
    const frames = [schemaFrame(field('n', INT64)), integerBatch(1000)]
    const { code, details } = await client.exchange('DoPut', putMessages(descriptor, frames))
    assert.equal(code, GRPC_STATUS.OK, details)
    await runAction(client, 'flush', 'n')
  }
}

async function progress(client: RawClient): Promise<Progress> {
  return (await runAction(client, 'compaction')) as Progress
}

async function tiers(client: RawClient): Promise<[string, number][]> {
  const { part_list: parts } = (await runAction(client, 'describe', 'n')) as Description
  return parts.map(({ tier, rows }) => [tier, rows])
}

test('small parts become one in the background, unless it is paused', async () => {
  await withServer(
    async ({ url, dataDir }) => {
      const client = new RawClient(url)
      const paused = (await runAction(client, 'compaction', '{"do": "pause"}')) as Progress
      assert.equal(paused.state, 'paused')
      await addParts(client, 3)
      const before = await readNumbers(client, 'n')
      assert.equal((await progress(client)).done, 0)
      const resumed = await sterna(['compaction', 'resume'], { env: { STERNA_SERVER: url } })
      assert.match(resumed.stdout, /^state +(?:waiting|running)$/m, resumed.stderr)
      await eventually(async () => {
        assert.deepEqual(await tiers(client), [['cold', 3000]])
        assert.deepEqual(await readNumbers(client, 'n'), before)
      })
      await addParts(client, 1)
      await eventually(async () => {
        const now = await tiers(client)
        assert.ok(now.every(([tier]) => tier === 'cold'))
      })
      assert.deepEqual(await readNumbers(client, 'n'), [...before, ...before.slice(0, 1000)])
      // A job is done a moment after its commit.
      await eventually(async () => {
        const { compaction } = (await runAction(client, 'stats')) as { compaction: Progress }
        assert.equal(compaction.failed, 0)
        assert.ok(compaction.done >= 2 && compaction.bytes_read > 0 && compaction.bytes_written > 0)
        assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
      })
      client.close()
    },
    { env: QUIET },
  )
})

test('a server that is told so compacts only on demand', async () => {
  await withServer(
    async ({ url }) => {
      const client = new RawClient(url)
      assert.equal((await progress(client)).state, 'off')
      await addParts(client, 2)
      await runAction(client, 'compact', 'n')
      assert.deepEqual(await tiers(client), [['cold', 2000]])
      client.close()
    },
    { env: { ...QUIET, STERNA_COMPACTION_MODE: 'off' } },
  )
})
