/**
 * What is said of the log of appended batches, each by itself: the order of its rows, how long ids are known, and what
 * makes a part of it. The real server with settings under which one cause only can be at work; batches that say who
 * sent them.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { GRPC_STATUS, messages } from '../../flight/index.ts'
import { BATCH_ROWS, numberBatch, readNumbers } from '../support/append-load.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  commandDescriptor,
  eventually,
  field,
  INT64,
  messageOf,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

interface Answer {
  readonly id: string
  readonly sequence: number
  readonly rows: number
  readonly repeated?: true
}

/** No log becomes a part by itself. */
const NEVER = { STERNA_APPEND_FLUSH_MS: '86400000', STERNA_APPEND_FLUSH_SIZE: '128MiB' }

/** Appends batches one after the other, each once the one before is acknowledged. */
async function append(client: RawClient, numbers: readonly number[]): Promise<Answer[]> {
  const call = client.call('DoPut')
  const descriptor = commandDescriptor('{"key": "ticks", "mode": "append"}')
  for (const message of putMessages(descriptor, [schemaFrame(field('n', INT64))])) call.send(message)
  const answers: Answer[] = []
  for (const number of numbers) {
    call.send(messageOf(numberBatch(number)))
    const answer = await call.read()
    assert.ok(answer !== null)
    answers.push(JSON.parse(Buffer.from(messages.PutResult.decode(answer).appMetadata).toString()) as Answer)
  }
  call.halfClose()
  while ((await call.read()) !== null);
  const { code, details } = await call.ended
  assert.equal(code, GRPC_STATUS.OK, details)
  return answers
}

/** Where the rows are: in parts, and in the log. */
async function places(client: RawClient): Promise<{ parts: number; log: number }> {
  const { tiers } = (await runAction(client, 'stats')) as {
    tiers: { log: { rows: number }; warm: { parts: number }; cold: { parts: number } }
  }
  return { parts: tiers.warm.parts + tiers.cold.parts, log: tiers.log.rows }
}

function range(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index)
}

test('rows come in the order in which their batches were acknowledged, whoever wrote them', async () => {
  await withServer(
    async ({ url }) => {
      const clients = range(0, 4).map(() => new RawClient(url))
      const answers = (
        await Promise.all(clients.map((client, writer) => append(client, range(writer * 1000, 50))))
      ).flat()
      const inOrder = answers.toSorted((a, b) => a.sequence - b.sequence)
      assert.deepEqual(
        inOrder.map(({ sequence }) => sequence),
        range(1, 200),
      )
      const expected = inOrder.flatMap(({ id }) => Array<number>(BATCH_ROWS).fill(Number(id)))
      const [client] = clients
      assert.ok(client)
      assert.deepEqual(await readNumbers(client, 'ticks'), expected)
      await runAction(client, 'flush', 'ticks')
      await runAction(client, 'evict', 'ticks')
      assert.deepEqual(await readNumbers(client, 'ticks'), expected)
      for (const each of clients) each.close()
    },
    { env: NEVER },
  )
})

test('an id is known as long as it is in the window, over a kill too, and after that it is another batch', async () => {
  const dataDir = await temporaryDirectory()
  const options = { dataDir, env: { ...NEVER, STERNA_APPEND_IDS_MAX: '2' } }
  try {
    const first = await startServer(options)
    const before = new RawClient(first.url)
    await append(before, [1, 2, 3])
    before.close()
    await first.kill()
    await withServer(async ({ url }) => {
      const client = new RawClient(url)
      const [known, forgotten] = await append(client, [3, 1])
      assert.deepEqual([known?.sequence, known?.repeated], [3, true])
      assert.deepEqual([forgotten?.sequence, forgotten?.repeated], [4, undefined])
      const numbers = [1, 2, 3, 1].flatMap((number) => Array<number>(BATCH_ROWS).fill(number))
      assert.deepEqual(await readNumbers(client, 'ticks'), numbers)
      client.close()
    }, options)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

const causes: readonly {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly batches: number
  readonly act?: (client: RawClient) => Promise<unknown>
}[] = [
  { name: 'age', env: { ...NEVER, STERNA_APPEND_FLUSH_MS: '200' }, batches: 1 },
  {
    name: 'rows and bytes',
    env: { ...NEVER, STERNA_APPEND_FLUSH_ROWS: '500', STERNA_APPEND_FLUSH_SIZE: '64KiB' },
    batches: 1000,
  },
  { name: 'demand', env: NEVER, batches: 1, act: (client) => runAction(client, 'flush', 'ticks') },
]

for (const { name, env, batches, act } of causes) {
  test(`a log becomes a part by ${name}`, async () => {
    await withServer(
      async ({ url }) => {
        const client = new RawClient(url)
        await append(client, range(0, batches))
        await act?.(client)
        await eventually(async () => assert.notEqual((await places(client)).parts, 0))
        const expected = range(0, batches).flatMap((number) => Array<number>(BATCH_ROWS).fill(number))
        assert.deepEqual(await readNumbers(client, 'ticks'), expected)
        client.close()
      },
      { env },
    )
  })
}

test('without a cause a log stays one, and when the server stops it becomes a part', async () => {
  const dataDir = await temporaryDirectory()
  const look = async ({ url }: RunningServer): Promise<unknown> => {
    const client = new RawClient(url)
    const found = { ...(await places(client)), rows: (await readNumbers(client, 'ticks')).length }
    client.close()
    return found
  }
  try {
    const first = await startServer({ dataDir, env: NEVER })
    const client = new RawClient(first.url)
    await append(client, range(0, 20))
    client.close()
    const rows = 20 * BATCH_ROWS
    assert.deepEqual(await look(first), { parts: 0, log: rows, rows })
    await first.kill()
    const second = await startServer({ dataDir, env: NEVER })
    assert.deepEqual(await look(second), { parts: 0, log: rows, rows })
    await second.stop()
    await withServer(async (third) => assert.deepEqual(await look(third), { parts: 1, log: 0, rows }), {
      dataDir,
      env: NEVER,
    })
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
