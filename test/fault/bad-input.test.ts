/**
 * Each bad request gets its status and a text that names what was wrong, the server goes on, and what was stored is
 * untouched. Raw gRPC messages to a real server; after each one, its health, its disk and what it holds are looked at.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '../../src/errors.ts'
import { withWatched } from '../support/watched-server.ts'
import { badBatches } from './bad-input-batches.ts'
import { badStreams } from './bad-input-puts.ts'
import { badRequests } from './bad-input-requests.ts'

/** Small limits, so that little is needed to be over them. */
const config = ['receive_message_max = "2MiB"', 'part_size = "1MiB"']

test('bad input', async (t) => {
  await withWatched(
    async ({ client, watched }) => {
      for (const { name, rpc, messages, code, text } of [...badStreams, ...badBatches, ...badRequests]) {
        await t.test(`${name} is refused with ${code}`, async () => {
          const answer = await client.exchange(rpc, messages, { deadlineMs: 60_000 })
          assert.equal(answer.code, ERRORS[code].grpc, answer.details)
          assert.match(answer.details, text)
          assert.ok(answer.details.endsWith(`[${code}]`), answer.details)
          await watched.assertUntouched()
        })
      }
    },
    { config },
  )
})
