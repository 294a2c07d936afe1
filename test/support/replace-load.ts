/** One who puts, updates, compacts and drops one dataset over and over, and knows what it may hold when the server dies. */
import assert from 'node:assert/strict'
import { GRPC_STATUS } from '../../flight/index.ts'
import { BATCH_ROWS, numberBatch, readNumbers } from './append-load.ts'
import type { RawClient } from './raw-client.ts'
import { actionMessage, field, INT64, pathDescriptor, putMessages, schemaFrame } from './raw-flight.ts'
import { write } from './sql-writes.ts'

/** Batches of a put: a half of one would show. */
const BATCHES = 3

/** How a change may end while the server lives: others drop what it is about, or change it meanwhile. */
const ENDINGS = new Set<number>([GRPC_STATUS.OK, GRPC_STATUS.NOT_FOUND, GRPC_STATUS.ABORTED])

/** What the dataset holds: one number in all rows, or null where there is no dataset. */
type Content = number | null

export class Replacer {
  readonly #key: string
  readonly #random: () => number
  #last = 0
  /** What it held after the last change that was acknowledged. */
  #stored: Content = null
  /** What a change that nothing was heard of would have made of it. */
  #pending: Content | undefined

  /** @param random - numbers from 0 to 1 */
  constructor(key: string, random: () => number) {
    this.#key = key
    this.#random = random
  }

  /** Changes the dataset, others' logs and parts until the server is gone. @param keys - to be flushed and compacted */
  async run(client: RawClient, keys: readonly string[]): Promise<void> {
    for (;;) {
      const choice = this.#random()
      const key = keys[Math.floor(this.#random() * keys.length)] ?? this.#key
      let code: number
      if (choice < 0.3) code = await this.#change(this.#last + 1, () => this.#put(client))
      else if (choice < 0.4) code = await this.#change(this.#updated(), () => this.#update(client))
      else if (choice < 0.5) code = await this.#change(null, () => act(client, 'drop', this.#key))
      else if (choice < 0.6) code = await act(client, 'compact', this.#key)
      else if (choice < 0.8) code = await act(client, 'compact', key)
      else code = await act(client, 'flush', key)
      if (code === GRPC_STATUS.UNAVAILABLE) return
      assert.ok(ENDINGS.has(code), `status ${code}`)
    }
  }

  /** Asserts that the dataset is as the last change that was heard of left it, or as the one after that. */
  async assertStored(client: RawClient): Promise<void> {
    const numbers = await readNumbers(client, this.#key)
    const content = numbers[0] ?? null
    assert.deepEqual(numbers, content === null ? [] : Array<number>(BATCHES * BATCH_ROWS).fill(content))
    assert.ok(
      content === this.#stored || content === this.#pending,
      `${content} instead of ${this.#stored} or ${this.#pending}`,
    )
    this.#stored = content
    this.#pending = undefined
  }

  async #change(content: Content, call: () => Promise<number>): Promise<number> {
    this.#pending = content
    this.#last = content ?? this.#last
    const code = await call()
    if (code === GRPC_STATUS.OK) this.#stored = content
    if (code !== GRPC_STATUS.UNAVAILABLE) this.#pending = undefined
    return code
  }

  /** What a statement makes of it, which needs it to be there. */
  #updated(): Content {
    return this.#stored === null ? null : this.#last + 1
  }

  async #update(client: RawClient): Promise<number> {
    return (await write(client, `UPDATE ${this.#key} SET n = ${this.#last}`)).code
  }

  async #put(client: RawClient): Promise<number> {
    const batches = Array.from({ length: BATCHES }, () => numberBatch(this.#last))
    const frames = [schemaFrame(field('n', INT64)), ...batches]
    return (await client.exchange('DoPut', putMessages(pathDescriptor(this.#key), frames))).code
  }
}

async function act(client: RawClient, type: string, key: string): Promise<number> {
  return (await client.exchange('DoAction', [actionMessage(type, key)])).code
}
