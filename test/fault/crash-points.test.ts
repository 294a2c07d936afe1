/**
 * Goal: wherever in a change the server is killed, what was acknowledged is there once and whole, nothing is there in
 * half, and the next start leaves no file that nothing names.
 * Method: the real server ends itself by SIGKILL at a failpoint, each of src/store/failpoints.ts in turn, while writers
 * append and another one puts, updates by SQL, drops, flushes and compacts, and a rollup is refreshed; then it is started
 * again, and everything is read before it is killed at the next.
 * `npm run test:crash` does a dozen rounds instead of one.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ArrowType } from '../../flight/index.ts'
import { FAILPOINTS, type Failpoint } from '../../src/store/failpoints.ts'
import { assertStored, findNumbers, NumberWriter, readNumbers } from '../support/append-load.ts'
import { crashAt, crashOnSignal } from '../support/failpoint-env.ts'
import { randomFrom, testRounds, testSeed } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  assertNoOrphans,
  field,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { Replacer } from '../support/replace-load.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'

/** A failpoint is passed so often before it is the last, at most: more often than one change passes it. */
const PASSES_MAX = 6

/** A load comes by every failpoint within a second or two; one that it never passes must not hang the test. */
const PASS_MS_MAX = 60_000

const ENV = {
  STERNA_APPEND_FLUSH_ROWS: '1',
  STERNA_APPEND_FLUSH_SIZE: '64KiB',
  STERNA_APPEND_FLUSH_MS: '100',
  STERNA_ROLLUP_REFRESH_MS: '50',
}

/** The numbers of the writers are seconds since 1970. */
const SECONDS: ArrowType = { kind: 'timestamp', unit: 's', timezone: null }

const MINUTES =
  "SELECT time_bucket('1m', n) AS minute, count(*) AS rows, last(n ORDER BY n) AS last FROM ticks GROUP BY ALL"

/** How many rows the rollup and its query do not have in common. */
const DIFFERENT = `SELECT count(*) AS n FROM ((FROM minutes EXCEPT ALL ${MINUTES}) UNION ALL (${MINUTES} EXCEPT ALL FROM minutes))`

const folders: string[] = []

after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** One lake, its writers, and what they know of it. */
class CrashedLake {
  readonly #dataDir: string
  readonly #random: () => number
  readonly #writers = [new NumberWriter('ticks', 0, SECONDS), new NumberWriter('ticks', 1, SECONDS)]
  readonly #replacer: Replacer

  constructor(dataDir: string, random: () => number) {
    this.#dataDir = dataDir
    this.#random = random
    this.#replacer = new Replacer('bars', random)
  }

  /** Makes what the writers append to, and its rollup. */
  async prepare(): Promise<void> {
    const server = await startServer({ dataDir: this.#dataDir, env: ENV })
    const client = new RawClient(server.url)
    const frames = [schemaFrame(field('n', SECONDS))]
    await client.exchange('DoPut', putMessages(pathDescriptor('ticks'), frames))
    await runAction(client, 'rollup', JSON.stringify({ key: 'minutes', sql: MINUTES }))
    client.close()
    await server.kill()
  }

  /** Has the server die at the failpoint: under load, or while it starts on what a kill under load has left. */
  async crash(name: Failpoint): Promise<void> {
    if (!name.startsWith('start.')) {
      await this.#crashLoaded(name, 1 + Math.floor(this.#random() * PASSES_MAX))
      return
    }
    await this.#crashLoaded('append.synced', PASSES_MAX)
    const env = { ...ENV, ...crashAt(name, 1) }
    const start = startServer({ dataDir: this.#dataDir, env }).then((server) => server.kill())
    await assert.rejects(start, /did not come up/)
  }

  /** Starts on what the last kill has left, which has to be whole, and goes on until this one. */
  async #crashLoaded(name: Failpoint, passes: number): Promise<void> {
    const env = { ...ENV, ...crashOnSignal(name, passes) }
    await this.#serve(env, async (client, server) => {
      process.kill(server.pid, 'SIGUSR2')
      const runs = [
        ...this.#writers.map((writer) => writer.run(server.url)),
        this.#replacer.run(client, ['ticks', 'minutes']),
      ]
      const isLate = sleep(PASS_MS_MAX, 'it was not passed often enough', { ref: false })
      try {
        assert.equal(await Promise.race([server.ended, isLate]), 'SIGKILL')
      } finally {
        await server.kill()
        await Promise.all(runs)
      }
    })
  }

  /** Starts a server, which has to find everything and to tidy up. */
  assertWhole(): Promise<void> {
    return this.#serve(ENV, () => Promise.resolve())
  }

  async #serve(
    env: Readonly<Record<string, string>>,
    work: (client: RawClient, server: RunningServer) => Promise<void>,
  ): Promise<void> {
    const server = await startServer({ dataDir: this.#dataDir, env })
    const client = new RawClient(server.url)
    try {
      assertStored(await readNumbers(client, 'ticks'), this.#writers)
      await this.#replacer.assertStored(client)
      assert.deepEqual(await findNumbers(client, JSON.stringify({ sql: DIFFERENT })), [0])
      await assertNoOrphans(client, this.#dataDir)
      const { problems } = (await runAction(client, 'check')) as { problems: readonly unknown[] }
      assert.deepEqual(problems, [])
      await work(client, server)
    } finally {
      client.close()
      await server.kill()
    }
  }
}

test(`a lake outlives a kill at each of ${FAILPOINTS.length} failpoints, ${testRounds} times (seed ${testSeed})`, async () => {
  for (let round = 0; round < testRounds; round += 1) {
    const dataDir = await temporaryDirectory()
    folders.push(dataDir)
    const lake = new CrashedLake(dataDir, randomFrom(testSeed + round))
    await lake.prepare()
    // Under load first, so that the starts find something.
    const names = [...FAILPOINTS].sort(
      (a, b) => Number(a.startsWith('start.')) - Number(b.startsWith('start.')),
    )
    for (const name of names) {
      await lake.crash(name).catch((error: unknown) => {
        throw new Error(`Before or at ${name}, round ${round}`, { cause: error })
      })
    }
    await lake.assertWhole()
    await rm(dataDir, { recursive: true })
  }
})
