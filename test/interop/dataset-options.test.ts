// Goal: a dataset is told options by a put, an action and the command line; they hold over replace and restart, and go
// with drop. Method: a real server and real processes of the command line; durability shows in what an append answers.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { GRPC_STATUS, messages } from '../../flight/index.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  commandDescriptor,
  field,
  INT32,
  INT64,
  integerBatch,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const FRAMES = [schemaFrame(field('n', INT64)), integerBatch(3)]

/** Appends a batch. @returns the durability that the answer names */
async function appended(client: RawClient, key: string, command: object = {}): Promise<string> {
  const descriptor = commandDescriptor(JSON.stringify({ key, mode: 'append', ...command }))
  const answer = await client.exchange('DoPut', putMessages(descriptor, FRAMES))
  assert.equal(answer.code, GRPC_STATUS.OK, answer.details)
  const [first = new Uint8Array()] = answer.messages
  const result = JSON.parse(Buffer.from(messages.PutResult.decode(first).appMetadata).toString()) as {
    durability: string
  }
  return result.durability
}

async function optionsOf(client: RawClient, key: string): Promise<unknown> {
  const { options } = (await runAction(client, 'describe', key)) as { options: unknown }
  return options
}

test('durability of a dataset is what its appends answer, until a put names another', async () => {
  await withServer(async ({ url }) => {
    const client = new RawClient(url)
    assert.equal(await appended(client, 'ticks'), 'fsync')
    assert.deepEqual(await optionsOf(client, 'ticks'), {})
    assert.equal(await appended(client, 'ticks', { options: { durability: 'interval' } }), 'interval')
    assert.equal(await appended(client, 'ticks'), 'interval')
    assert.equal(await appended(client, 'ticks', { durability: 'none' }), 'none')
    assert.deepEqual(await optionsOf(client, 'ticks'), { durability: 'interval' })
    const configured = await runAction(
      client,
      'configure',
      '{"key": "ticks", "options": {"durability": "none"}}',
    )
    assert.deepEqual(configured, { schema: 'main', key: 'ticks', options: { durability: 'none' } })
    assert.equal(await appended(client, 'ticks'), 'none')
    assert.equal(await appended(client, 'ticks', { options: { durability: null } }), 'fsync')
    assert.deepEqual(await optionsOf(client, 'ticks'), {})
    assert.equal(await appended(client, 'new', { options: { durability: 'none' } }), 'none')
    assert.deepEqual(await optionsOf(client, 'new'), { durability: 'none' })
    client.close()
  })
})

test('options hold over a replace by the same and by other columns and over a restart, and go with a drop', async () => {
  const dataDir = await temporaryDirectory()
  const told = { durability: 'interval' }
  const replace = async (client: RawClient, type = INT64, command: object = {}): Promise<void> => {
    const descriptor = commandDescriptor(JSON.stringify({ key: 'ticks', ...command }))
    const answer = await client.exchange('DoPut', putMessages(descriptor, [schemaFrame(field('n', type))]))
    assert.equal(answer.code, GRPC_STATUS.OK, answer.details)
  }
  try {
    await withServer(
      async ({ url }) => {
        const client = new RawClient(url)
        await replace(client, INT64, { options: told })
        for (const type of [INT64, INT32]) {
          await replace(client, type)
          assert.deepEqual(await optionsOf(client, 'ticks'), told)
        }
        client.close()
      },
      { dataDir },
    )
    const server = await startServer({ dataDir })
    const client = new RawClient(server.url)
    assert.deepEqual(await optionsOf(client, 'ticks'), told)
    await runAction(client, 'drop', 'ticks')
    await replace(client)
    assert.deepEqual(await optionsOf(client, 'ticks'), {})
    client.close()
    await server.stop()
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('wrong options are refused by name, and nothing of such a put is there', async () => {
  await withServer(async ({ url }) => {
    const client = new RawClient(url)
    const wrong: readonly (readonly [options: unknown, reason: RegExp])[] = [
      [{ durability: 'soon' }, /durability: expected one of fsync, interval, none.*\[REQUEST_INVALID\]/],
      [{ colour: 'red' }, /colour.*\[REQUEST_INVALID\]/],
      ['fsync', /"options" must be an object/],
    ]
    for (const [options, reason] of wrong) {
      for (const mode of ['replace', 'append']) {
        const descriptor = commandDescriptor(JSON.stringify({ key: 'ticks', mode, options }))
        const answer = await client.exchange('DoPut', putMessages(descriptor, FRAMES))
        assert.equal(answer.code, GRPC_STATUS.INVALID_ARGUMENT)
        assert.match(answer.details, reason)
      }
    }
    const missing = await client.exchange('DoAction', [
      actionMessage('configure', '{"key": "ticks", "options": {}}'),
    ])
    assert.equal(missing.code, GRPC_STATUS.NOT_FOUND)
    const stored = await client.exchange('DoPut', putMessages(pathDescriptor('ticks'), FRAMES))
    assert.equal(stored.code, GRPC_STATUS.OK)
    const read = await client.exchange('DoGet', [
      ticketMessage('{"key": "ticks", "options": {"durability": "none"}}'),
    ])
    assert.equal(read.code, GRPC_STATUS.INVALID_ARGUMENT)
    assert.match(read.details, /"options" belongs to a DoPut/)
    client.close()
  })
})

test('the command line tells options, takes them away and shows them', async () => {
  await withServer(async ({ url }) => {
    const client = new RawClient(url)
    await client.exchange('DoPut', putMessages(pathDescriptor('ticks'), FRAMES))
    client.close()
    const run = (...args: string[]) => sterna(args, { env: { STERNA_SERVER: url } })
    const told = await run('configure', 'ticks', 'durability=interval')
    assert.deepEqual([told.code, told.stdout], [0, 'durability  interval\n'], told.stderr)
    assert.match((await run('describe', 'ticks')).stdout, /^option durability +interval$/m)
    assert.equal((await run('configure', 'ticks')).stdout, 'durability  interval\n')
    assert.equal((await run('configure', 'ticks', 'durability=')).stdout, 'ticks has no options\n')
    for (const [args, reason] of [
      [['durability'], /Expected name=value/],
      [['durability=[1'], /Expected JSON/],
      [['durability.of=fsync'], /durability: expected one of/],
    ] as const) {
      const refused = await run('configure', 'ticks', ...args)
      assert.notEqual(refused.code, 0)
      assert.match(refused.stderr, reason)
    }
  })
})
