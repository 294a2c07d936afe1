// Goal: a server that is killed in the middle of a retention has all rows or only those that are to stay, and no file that
// nothing names; a second run brings it to its end. Method: the real server ends itself at each failpoint that a
// retention comes by, over a dataset of which two parts are rewritten.
import assert from 'node:assert/strict'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Frame } from '../../flight/frame.ts'
import { GRPC_STATUS } from '../../flight/index.ts'
import type { Failpoint } from '../../src/store/failpoints.ts'
import { readNumbers } from '../support/append-load.ts'
import { crashAt } from '../support/failpoint-env.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  batchFrame,
  commandDescriptor,
  eventually,
  field,
  partsOf,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'

/** In a short run, those around the commit: the others are those of any part that is written. */
const SHORT = new Set<Failpoint>(['part.folder_synced', 'commit.written', 'commit.done'])
const isLong = process.env['STERNA_TEST_ROUNDS'] !== undefined

const ALL_POINTS: readonly (readonly [Failpoint, passes: number])[] = [
  ['part.written', 2],
  ['part.named', 2],
  ['part.folder_synced', 1],
  ['commit.begun', 1],
  ['commit.written', 1],
  ['commit.done', 1],
  ['files.removing', 1],
]

const POINTS = ALL_POINTS.filter(([name]) => isLong || SHORT.has(name))

const AT = new Date()
const RETAIN = JSON.stringify({ at: AT.toISOString() })

/** What the server does not begin by itself: rows that are late by less than a day. */
const BOUND_US = AT.getTime() * 1000 - 365 * 86_400_000_000
const ALL = [...around(50), ...around(500)]
const KEPT = ALL.filter((us) => us >= BOUND_US)

/** A row for each microsecond before and behind the limit, and one that is young for as long as the test runs. */
function around(rows: number): number[] {
  const near = Array.from({ length: 2 * rows }, (_, row) => BOUND_US - rows + row)
  return [...near, BOUND_US + 86_400_000_000]
}

function timesBatch(times: readonly number[]): Frame {
  const body = Buffer.alloc(times.length * 8)
  for (const [row, us] of times.entries()) body.writeBigInt64LE(BigInt(us), row * 8)
  const buffers = [
    { offset: 0, length: 0 },
    { offset: 0, length: body.length },
  ]
  return batchFrame({ rows: times.length, nodes: [{ length: times.length, nullCount: 0 }], buffers }, body)
}

async function fill(client: RawClient): Promise<void> {
  const schema = schemaFrame(field('ts', { kind: 'timestamp', unit: 'us', timezone: null }))
  for (const rows of [50, 500]) {
    const command = { key: 't', mode: 'append', options: { retention: { age: '365d' } } }
    const messages = putMessages(commandDescriptor(JSON.stringify(command)), [
      schema,
      timesBatch(around(rows)),
    ])
    const { code, details } = await client.exchange('DoPut', messages)
    assert.equal(code, GRPC_STATUS.OK, details)
    await runAction(client, 'flush', 't')
  }
  assert.deepEqual(await readNumbers(client, 't'), ALL)
}

async function withLake(
  dataDir: string,
  env: Readonly<Record<string, string>>,
  work: (client: RawClient, ended: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const server = await startServer({ dataDir, env: { STERNA_COMPACTION_MODE: 'off', ...env } })
  const client = new RawClient(server.url)
  try {
    await work(client, server.ended)
  } finally {
    client.close()
    await server.kill()
  }
}

const filled = await temporaryDirectory()

before(() => withLake(filled, {}, fill))

after(() => rm(filled, { recursive: true, force: true }))

for (const [name, passes] of POINTS) {
  test(`a retention that is killed at ${name}, pass ${passes}, has happened or has not`, async () => {
    const dataDir = await temporaryDirectory()
    try {
      await cp(filled, dataDir, { recursive: true })
      const env = crashAt(name, passes)
      await withLake(dataDir, env, async (client, ended) => {
        await client.exchange('DoAction', [actionMessage('retention', RETAIN)])
        assert.equal(await ended, 'SIGKILL')
      })
      await withLake(dataDir, {}, async (client) => {
        const rows = await readNumbers(client, 't')
        assert.deepEqual(rows, rows.length === ALL.length ? ALL : KEPT)
        assert.equal((await partsOf(dataDir)).length, 2)
        assert.deepEqual(await readdir(join(dataDir, 'tmp')), [])
        await runAction(client, 'retention', RETAIN)
        assert.deepEqual(await readNumbers(client, 't'), KEPT)
        await eventually(async () => {
          assert.equal((await partsOf(dataDir)).length, 2)
        })
      })
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })
}
