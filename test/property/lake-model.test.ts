/**
 * Goal: whatever is done to datasets, in whatever order, a reader sees one committed state of each, never an older one
 * than was acknowledged, never a half of one.
 * Method: random puts, appends, SQL that writes, alone and in transactions, flushes, compactions, retention, drops,
 * rollbacks and restarts of a real server, beside a plain model of what each dataset holds; all the while other clients
 * read by key and by SQL, and compare a rollup with its query. STERNA_TEST_ROUNDS=60 for longer, STERNA_TEST_SEED to
 * repeat a run.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ArrowType, GRPC_STATUS } from '../../flight/index.ts'
import { BATCH_ROWS, findNumbers, numberBatch } from '../support/append-load.ts'
import { ModelDataset } from '../support/lake-model.ts'
import { testRounds, testSeed } from '../support/random.ts'
import { RawClient, type RawStatus } from '../support/raw-client.ts'
import {
  actionMessage,
  commandDescriptor,
  field,
  messageOf,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { beginTransaction, endTransaction, write } from '../support/sql-writes.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'

const RUNS = 8 * testRounds

const KEYS = ['bars', 'ticks']

/** The numbers of the batches are microseconds since 1970: what a rollup and retention go by. */
const MICROSECONDS: ArrowType = { kind: 'timestamp', unit: 'us', timezone: null }
/** A day between two batches: a few of them share a bucket of the rollup. */
const STEP_US = 86_400_000_000

const BUCKETS =
  "SELECT time_bucket('3d', n) AS days, count(*) AS rows, max(n) AS last FROM ticks GROUP BY ALL"

/** How many rows the rollup and its query do not have in common. */
const DIFFERENT = `SELECT count(*) AS n FROM ((FROM buckets EXCEPT ALL ${BUCKETS}) UNION ALL (${BUCKETS} EXCEPT ALL FROM buckets))`

/** A statement or a transaction that another has come in between of can be sent again. */
const TRIES_MAX = 20
const READERS = 2

/** Logs become parts while others read them. */
const ENV = { STERNA_APPEND_FLUSH_MS: '100', STERNA_HISTORY: '1d' }

/** A change of one dataset, of two, or an end of the server. */
type Step =
  | { readonly do: 'replace' | 'create' | 'append'; readonly key: string; readonly batches: number }
  | {
      readonly do: 'flush' | 'compact' | 'drop' | 'evict' | 'warm' | 'rollback' | 'retain'
      readonly key: string
    }
  /** `place`: of the batch that it is about, from 0 to 1. */
  | { readonly do: 'insert' | 'update' | 'delete'; readonly key: string; readonly place: number }
  /** A batch goes from one dataset to the other, in a transaction. */
  | { readonly do: 'move'; readonly key: string; readonly place: number; readonly end: 'commit' | 'rollback' }
  | { readonly do: 'rollup' }
  | { readonly do: 'stop' | 'kill' }

const anyKey = fc.constantFrom(...KEYS)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('replace', 'create', 'append', 'append'),
      key: anyKey,
      batches: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('flush', 'compact', 'drop', 'evict', 'warm', 'rollback', 'rollback', 'retain'),
      key: anyKey,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('insert', 'update', 'delete'),
      key: anyKey,
      place: fc.double({ min: 0, max: 0.99, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('move'),
      key: anyKey,
      place: fc.double({ min: 0, max: 0.99, noNaN: true }),
      end: fc.constantFrom('commit', 'commit', 'rollback'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rollup') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop', 'kill') }) },
)

/** A server, what it should hold, and clients that look. */
class Lake {
  readonly #dataDir: string
  readonly #datasets = new Map(KEYS.map((key) => [key, new ModelDataset(key)]))
  #server!: RunningServer
  #client!: RawClient
  /** What datasets were in versions of the past. */
  readonly #marks = new Map<string, { readonly version: number; readonly content: readonly number[] }>()
  #hasRollup = false
  #number = 0
  #isOver = false

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#start()
    try {
      for (const step of steps) {
        if (step.do === 'rollup') {
          await this.#toggleRollup()
        } else if (!('key' in step)) {
          this.#client.close()
          await this.#server[step.do]()
          await this.#start()
        } else {
          await this.#whileReading(() => this.#change(step))
        }
        await this.#readAll()
      }
    } finally {
      this.#client.close()
      await this.#server.stop()
    }
  }

  async #start(): Promise<void> {
    this.#server = await startServer({ dataDir: this.#dataDir, env: ENV })
    this.#client = new RawClient(this.#server.url)
  }

  async #whileReading(work: () => Promise<void>): Promise<void> {
    this.#isOver = false
    const readers = Array.from({ length: READERS }, async () => {
      while (!this.#isOver) await this.#readAll()
    })
    try {
      await work()
    } finally {
      this.#isOver = true
      await Promise.all(readers)
    }
  }

  async #readAll(): Promise<void> {
    for (const dataset of this.#datasets.values()) await this.#read(dataset)
    if (this.#hasRollup) {
      assert.deepEqual(await findNumbers(this.#client, JSON.stringify({ sql: DIFFERENT })), [0])
    }
  }

  async #read(dataset: ModelDataset): Promise<void> {
    for (const [how, ticket] of [
      ['DoGet', dataset.key],
      ['SQL', JSON.stringify({ sql: `SELECT n FROM ${dataset.key}` })],
    ] as const) {
      const check = dataset.read()
      check(await findNumbers(this.#client, ticket), how)
    }
  }

  async #change(step: Extract<Step, { key: string }>): Promise<void> {
    const dataset = this.#datasets.get(step.key)
    assert.ok(dataset)
    const exists = dataset.content !== null
    if ('batches' in step) {
      if (step.do === 'create' && exists) {
        assert.equal(await this.#put(dataset, 'create', [1], () => undefined), GRPC_STATUS.ALREADY_EXISTS)
      } else {
        await (step.do === 'append' ? this.#append(dataset, step.batches) : this.#replace(dataset, step))
      }
      return
    }
    if (step.do === 'rollback') return this.#rollback(dataset)
    if (step.do === 'retain') return this.#retain(dataset)
    if (step.do === 'move') return this.#move(dataset, step)
    if ('place' in step) return this.#write(dataset, step)
    if (step.do === 'drop' && this.#hasRollup && step.key === 'ticks') {
      const { details } = await this.#client.exchange('DoAction', [actionMessage('drop', 'ticks')])
      assert.match(details, /while it has rollups: drop "buckets" first/)
      return
    }
    const acknowledge = step.do === 'drop' && exists ? dataset.change(null) : null
    const { code, details } = await this.#client.exchange('DoAction', [actionMessage(step.do, step.key)])
    assert.equal(code, exists ? GRPC_STATUS.OK : GRPC_STATUS.NOT_FOUND, details)
    acknowledge?.()
  }

  async #replace(
    dataset: ModelDataset,
    { do: mode, batches }: { readonly do: string; readonly batches: number },
  ): Promise<void> {
    const content = this.#numbers(batches)
    const acknowledge = dataset.change(content)
    assert.equal(await this.#put(dataset, mode, content, () => undefined), GRPC_STATUS.OK)
    acknowledge()
  }

  /** Takes it back to what it was when this was last asked for; the first time there is nothing to go back to. */
  async #rollback(dataset: ModelDataset): Promise<void> {
    const { key } = dataset
    const mark = this.#marks.get(key)
    if (dataset.content !== null) {
      // A version has what is in parts.
      await runAction(this.#client, 'flush', key)
      const { version } = (await runAction(this.#client, 'describe', key)) as { version: number }
      this.#marks.set(key, { version, content: dataset.content })
    }
    if (mark === undefined) return
    const acknowledge = dataset.change(mark.content)
    await runAction(this.#client, 'rollback', JSON.stringify({ key, version: mark.version }))
    acknowledge()
  }

  /** Has the older half go. */
  async #retain(dataset: ModelDataset): Promise<void> {
    const { key, content } = dataset
    if (content === null) return
    await runAction(this.#client, 'flush', key)
    const since = content.toSorted((a, b) => a - b)[content.length >> 1] ?? 0
    // An hour more, since the limit moves on with the clock.
    const hours = Math.ceil((Date.now() - since / 1000) / 3_600_000) + 1
    const acknowledge = dataset.change(content.filter((number) => number >= since))
    // In the background the same may begin as soon as it has an age.
    for (const retention of [{ age: `${hours}h` }, null]) {
      await runAction(this.#client, 'configure', JSON.stringify({ key, options: { retention } }))
      if (retention) await runAction(this.#client, 'retention', JSON.stringify({ glob: key }))
    }
    acknowledge()
  }

  async #write(
    dataset: ModelDataset,
    { do: verb, place }: { readonly do: 'insert' | 'update' | 'delete'; readonly place: number },
  ): Promise<void> {
    const { key, content } = dataset
    if (content === null) {
      assert.equal((await write(this.#client, `DELETE FROM ${key}`)).code, GRPC_STATUS.NOT_FOUND)
      return
    }
    const [added = 0] = this.#numbers(1)
    const old = content[Math.floor(place * content.length)] ?? 0
    const [statement, after] = {
      insert: [insertInto(key, added), [...content, added]] as const,
      update: [
        `UPDATE ${key} SET n = ${timeOf(added)} WHERE n = ${timeOf(old)}`,
        content.map((number) => (number === old ? added : number)),
      ] as const,
      delete: [
        `DELETE FROM ${key} WHERE n = ${timeOf(old)}`,
        content.filter((number) => number !== old),
      ] as const,
    }[verb]
    const acknowledge = dataset.change(after)
    await untilUndisturbed(() => write(this.#client, statement))
    acknowledge()
  }

  async #move(
    from: ModelDataset,
    { place, end }: { readonly place: number; readonly end: 'commit' | 'rollback' },
  ): Promise<void> {
    const to = [...this.#datasets.values()].find((dataset) => dataset !== from)
    const moved = from.content?.[Math.floor(place * from.content.length)]
    if (!to?.content || !from.content || moved === undefined) return
    const acknowledges =
      end === 'rollback'
        ? []
        : [from.change(from.content.filter((number) => number !== moved)), to.change([...to.content, moved])]
    await untilUndisturbed(async () => {
      const id = await beginTransaction(this.#client)
      const statements = [`DELETE FROM ${from.key} WHERE n = ${timeOf(moved)}`, insertInto(to.key, moved)]
      for (const statement of statements) {
        const status = await write(this.#client, statement, id)
        assert.equal(status.code, GRPC_STATUS.OK, status.details)
      }
      return endTransaction(this.#client, id, end)
    })
    for (const acknowledge of acknowledges) acknowledge()
  }

  /** Declares the rollup of "ticks", or drops it. */
  async #toggleRollup(): Promise<void> {
    const [type, body] = this.#hasRollup
      ? ['drop', 'buckets']
      : ['rollup', JSON.stringify({ key: 'buckets', sql: BUCKETS })]
    const isPossible = this.#datasets.get('ticks')?.content !== null
    const { code, details } = await this.#client.exchange('DoAction', [actionMessage(type, body)])
    assert.equal(code, isPossible ? GRPC_STATUS.OK : GRPC_STATUS.NOT_FOUND, details)
    if (isPossible) this.#hasRollup = !this.#hasRollup
  }

  /** Each batch is a state of its own. */
  async #append(dataset: ModelDataset, batches: number): Promise<void> {
    const numbers = this.#numbers(batches)
    const before = dataset.content ?? []
    const states = numbers.map((_, index) => [...before, ...numbers.slice(0, index + 1)])
    const made = dataset.change(before)
    const acknowledges = states.map((state) => dataset.change(state))
    const code = await this.#put(dataset, 'append', numbers, () => acknowledges.shift()?.())
    assert.equal(code, GRPC_STATUS.OK)
    if (batches === 0) made()
    assert.equal(acknowledges.length, 0, 'every batch is acknowledged')
  }

  /** @param answered - called for each PutResult */
  async #put(
    { key }: ModelDataset,
    mode: string,
    numbers: readonly number[],
    answered: () => void,
  ): Promise<number> {
    const call = this.#client.call('DoPut')
    const descriptor = commandDescriptor(JSON.stringify({ key, mode }))
    for (const message of putMessages(descriptor, [schemaFrame(field('n', MICROSECONDS))])) call.send(message)
    for (const number of numbers) call.send(messageOf(numberBatch(number)))
    call.halfClose()
    while ((await call.read()) !== null) answered()
    return (await call.ended).code
  }

  #numbers(count: number): number[] {
    return Array.from({ length: count }, () => (this.#number += STEP_US))
  }
}

/** A statement's literal. */
function timeOf(microseconds: number): string {
  return `TIMESTAMP '${new Date(microseconds / 1000).toISOString().slice(0, 19)}'`
}

function insertInto(key: string, number: number): string {
  return `INSERT INTO ${key} SELECT ${timeOf(number)} FROM range(${BATCH_ROWS})`
}

async function untilUndisturbed(work: () => Promise<RawStatus>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { code, details } = await work()
    if (code === GRPC_STATUS.OK) return
    assert.equal(code, GRPC_STATUS.ABORTED, details)
    assert.ok(tries < TRIES_MAX, details)
  }
}

test(`any order of changes gives states that readers agree on (seed ${testSeed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 24 }), async (steps) => {
      const dataDir = await temporaryDirectory()
      try {
        await new Lake(dataDir).run(steps)
      } finally {
        await rm(dataDir, { recursive: true })
      }
    }),
    { numRuns: RUNS, seed: testSeed, interruptAfterTimeLimit: 10 * 60_000, markInterruptAsFailure: true },
  )
})
