/**
 * Goal: nothing that a client sends ends the server, hangs it, makes it grow without bound or shows a fault of it.
 * Method: recorded requests, damaged in every way, and random ones, on all ten RPCs of one live server, for fifteen
 * seconds; STERNA_FUZZ_SECONDS=600 for longer, STERNA_FUZZ_SEED to repeat a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GRPC_STATUS } from '../../flight/index.ts'
import { type ErrorCode, ERRORS } from '../../src/errors.ts'
import { type RawAnswer, RawClient } from '../support/raw-client.ts'
import { actionMessage, partsOf, rssBytes, runAction, ticketMessage } from '../support/raw-flight.ts'
import { dropOthers, withWatched } from '../support/watched-server.ts'
import { anyInput, FUZZED_KEY, type Input } from './live-server-inputs.ts'

const SECONDS = Number(process.env['STERNA_FUZZ_SECONDS'] ?? 15)
const SEED = Number(process.env['STERNA_FUZZ_SEED'] ?? Date.now() % 2 ** 31)

/** Small limits, so that what is over them is small, too. */
const config = [
  'receive_message_max = "4MiB"',
  'part_size = "1MiB"',
  'cache_size = "32MiB"',
  'memory_limit = "256MiB"',
]

/** A server that runs takes 150 MB; the limits above, with what allocators keep, stay below this. */
const RSS_BYTES_MAX = 1024 * 1024 * 1024

/** No answer is due later, whatever the machine does besides. */
const ANSWER_MS = 60_000

/** Inputs between two looks at the server. */
const LOOK_EVERY = 50

/** What the client itself says of a call that it cancelled. */
const OF_CLIENT = /^Cancelled on client/

const STATUS_NAMES = new Map(Object.entries(GRPC_STATUS).map(([name, code]) => [code as number, name]))

async function send(
  client: RawClient,
  bystander: RawClient,
  { rpc, messages, cancelAfter }: Input,
): Promise<RawAnswer> {
  if (cancelAfter === null) return client.exchange(rpc, messages, { deadlineMs: ANSWER_MS })
  const call = client.call(rpc, { deadlineMs: ANSWER_MS })
  for (const message of messages.slice(0, cancelAfter)) call.send(message)
  // Time for the server to begin.
  await runAction(bystander, 'health')
  call.cancel()
  return { ...(await call.ended), messages: [] }
}

function assertNamed({ code, details }: RawAnswer): void {
  if (code === GRPC_STATUS.OK || OF_CLIENT.test(details)) return
  const name = /\[([A-Z_]+)\]$/.exec(details)?.[1]
  assert.ok(name !== undefined && name in ERRORS, `${code}: ${details}`)
  assert.equal(code, ERRORS[name as ErrorCode].grpc, details)
  assert.ok(!['BUG', 'DATA_CORRUPT', 'DISK_FAILED', 'DISK_FULL', 'SERVER_BUSY'].includes(name), details)
}

/** What was stored is read again in every way there is: from the cache, from its parts, and by SQL. */
async function assertReadable(client: RawClient): Promise<void> {
  const sql = JSON.stringify({ sql: `SELECT * FROM "${FUZZED_KEY}"` })
  const steps = [
    ['DoGet', ticketMessage(FUZZED_KEY)],
    ['DoGet', ticketMessage(sql)],
    ['DoAction', actionMessage('evict', FUZZED_KEY)],
    ['DoGet', ticketMessage(FUZZED_KEY)],
  ] as const
  for (const [rpc, message] of steps) {
    assertNamed(await client.exchange(rpc, [message], { deadlineMs: ANSWER_MS }))
  }
}

test('whatever comes in, the server answers by name and goes on', async (t) => {
  await withWatched(
    async ({ server, client, watched }) => {
      const answers = new Map<string, number>()
      // Node ends a connection on which too many calls were reset, so that each has its turn.
      let attacker = new RawClient(server.url)
      let inputs = 0
      let rssMax = 0
      const look = async (): Promise<void> => {
        rssMax = Math.max(rssMax, await rssBytes(server.pid))
        assert.ok(rssMax < RSS_BYTES_MAX, `The server takes ${rssMax} bytes`)
        assert.equal(server.log(), '')
        attacker.close()
        attacker = new RawClient(server.url)
        // Damaged keys make many.
        await dropOthers(client)
        await watched.assertUntouched()
      }
      const attack = async (input: Input): Promise<void> => {
        const answer = await send(attacker, client, input)
        const name = `${input.rpc} ${STATUS_NAMES.get(answer.code) ?? answer.code}`
        answers.set(name, (answers.get(name) ?? 0) + 1)
        inputs += 1
        assertNamed(answer)
        if (input.rpc === 'DoPut' && answer.code === GRPC_STATUS.OK) await assertReadable(client)
        if (inputs % LOOK_EVERY === 0) await look()
      }
      let last = Promise.resolve()
      await fc.assert(
        fc.asyncProperty(anyInput, (input) => {
          last = attack(input)
          return last
        }),
        {
          seed: SEED,
          numRuns: 100_000_000,
          interruptAfterTimeLimit: SECONDS * 1000,
          markInterruptAsFailure: false,
          includeErrorInReport: true,
        },
      )
      // Out of time, fast-check leaves the last one on its way.
      await last
      await look()
      assert.deepEqual(await partsOf(server.dataDir), ['stored.parquet'])
      attacker.close()
      t.diagnostic(
        `${inputs} inputs in ${SECONDS} s, seed ${SEED}, at most ${Math.round(rssMax / 2 ** 20)} MiB`,
      )
      t.diagnostic(
        [...answers]
          .sort()
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
      )
    },
    { config, args: ['--log-level', 'error'] },
  )
})
