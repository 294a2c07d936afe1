/**
 * Goal: whatever is done to datasets, in whatever order, a reader sees one committed state of each, never an older one
 * than was acknowledged, never a half of one.
 * Method: random puts, appends, flushes, compactions, drops, rollbacks and restarts of a real server, beside a plain model of what
 * each dataset holds; all the while other clients read by key and by SQL. STERNA_TEST_ROUNDS=500 for longer,
 * STERNA_TEST_SEED to repeat a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GRPC_STATUS } from '../../flight/index.ts'
import { findNumbers, numberBatch } from '../support/append-load.ts'
import { ModelDataset } from '../support/lake-model.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  commandDescriptor,
  field,
  INT64,
  messageOf,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from '../support/start-server.ts'
import { rm } from 'node:fs/promises'

const rounds = Number(process.env['STERNA_TEST_ROUNDS'] ?? 8)
const seed = Number(process.env['STERNA_TEST_SEED'] ?? Date.now() % 2 ** 31)

const KEYS = ['bars', 'ticks']
const READERS = 2

/** Logs become parts while others read them. */
const ENV = { STERNA_APPEND_FLUSH_MS: '100', STERNA_HISTORY: '1d' }

/** A change of one dataset, or an end of the server. */
type Step =
  | { readonly do: 'replace' | 'create' | 'append'; readonly key: string; readonly batches: number }
  | { readonly do: 'flush' | 'compact' | 'drop' | 'evict' | 'warm' | 'rollback'; readonly key: string }
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
      do: fc.constantFrom('flush', 'compact', 'drop', 'evict', 'warm', 'rollback', 'rollback'),
      key: anyKey,
    }),
  },
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
  #number = 0
  #isOver = false

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#start()
    try {
      for (const step of steps) {
        if (!('key' in step)) {
          this.#client.close()
          await this.#server[step.do]()
          await this.#start()
        } else {
          await this.#whileReading(() => this.#change(step))
        }
        for (const dataset of this.#datasets.values()) await this.#read(dataset)
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
      while (!this.#isOver) for (const dataset of this.#datasets.values()) await this.#read(dataset)
    })
    try {
      await work()
    } finally {
      this.#isOver = true
      await Promise.all(readers)
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
    if (step.do === 'rollback') {
      await this.#rollback(dataset)
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
    for (const message of putMessages(descriptor, [schemaFrame(field('n', INT64))])) call.send(message)
    for (const number of numbers) call.send(messageOf(numberBatch(number)))
    call.halfClose()
    while ((await call.read()) !== null) answered()
    return (await call.ended).code
  }

  #numbers(count: number): number[] {
    return Array.from({ length: count }, () => (this.#number += 1))
  }
}

test(`any order of changes gives states that readers agree on (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 24 }), async (steps) => {
      const dataDir = await temporaryDirectory()
      try {
        await new Lake(dataDir).run(steps)
      } finally {
        await rm(dataDir, { recursive: true })
      }
    }),
    { numRuns: rounds, seed, interruptAfterTimeLimit: 10 * 60_000, markInterruptAsFailure: true },
  )
})
