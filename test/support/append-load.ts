/** Writers that append rows that say who sent them, and a reader that tells which of them are there. */
import assert from 'node:assert/strict'
import {
  type ArrowType,
  decodeFlightData,
  type Frame,
  GRPC_STATUS,
  makeFrame,
  messages,
  parseMessage,
} from '../../flight/index.ts'
import { RawClient } from './raw-client.ts'
import {
  batchFrame,
  commandDescriptor,
  field,
  INT64,
  messageOf,
  putMessages,
  schemaFrame,
  ticketMessage,
} from './raw-flight.ts'

/** Rows of a batch: all have the number of the batch, so that half of one would show. */
export const BATCH_ROWS = 5

/** Numbers of one writer's batches are below those of the next. */
const WRITER_STEP = 1_000_000

/** Batches that a writer has sent and heard nothing of. */
const PIPELINED = 16

/** `BATCH_ROWS` rows of one number, under an id that says the same; the stream needs {@link NUMBER_SCHEMA} first. */
export function numberBatch(number: number): Frame {
  const body = Buffer.alloc(BATCH_ROWS * 8)
  for (let row = 0; row < BATCH_ROWS; row += 1) body.writeBigInt64LE(BigInt(number), row * 8)
  const buffers = [
    { offset: 0, length: 0 },
    { offset: 0, length: body.length },
  ]
  const nodes = [{ length: BATCH_ROWS, nullCount: 0 }]
  const { header } = batchFrame({ rows: BATCH_ROWS, nodes, buffers }, body)
  const appMetadata = Buffer.from(JSON.stringify({ id: String(number) }))
  return makeFrame(header, [body], { kind: 'batch', rows: BATCH_ROWS, appMetadata })
}

/** One that appends its numbers in order, over as many servers and connections as it takes. */
export class NumberWriter {
  /** The number after the last that was acknowledged. */
  next: number
  readonly #first: number
  readonly #key: string
  readonly #type: ArrowType

  /** @param type - of the column: 64-bit integers, or what is one inside */
  constructor(key: string, writer: number, type: ArrowType = INT64) {
    this.#key = key
    this.#type = type
    this.#first = writer * WRITER_STEP
    this.next = this.#first
  }

  /** Those that were acknowledged: all of them from here up to `next`. */
  get first(): number {
    return this.#first
  }

  /** Appends until the server is gone, from the first number that was not acknowledged on. @returns how the call ended */
  async run(url: string, isOver: () => boolean = () => false): Promise<number> {
    const client = new RawClient(url)
    const call = client.call('DoPut')
    const descriptor = commandDescriptor(JSON.stringify({ key: this.#key, mode: 'append' }))
    for (const message of putMessages(descriptor, [schemaFrame(field('n', this.#type))])) call.send(message)
    let sent = this.next
    const send = (): void => {
      call.send(messageOf(numberBatch(sent)))
      sent += 1
    }
    for (let count = 0; count < PIPELINED; count += 1) send()
    for (let answer = await call.read(); answer !== null; answer = await call.read()) {
      const text = Buffer.from(messages.PutResult.decode(answer).appMetadata).toString()
      const { id, rows } = JSON.parse(text) as { id: string; rows: number }
      assert.deepEqual([id, rows], [String(this.next), BATCH_ROWS])
      this.next += 1
      if (!isOver()) send()
      else if (this.next === sent) call.halfClose()
    }
    const { code } = await call.ended
    client.close()
    return code
  }
}

/** Every value of the column of integers of a dataset, in order, as a DoGet gives it; none where there is no dataset. */
export async function readNumbers(client: RawClient, key: string): Promise<number[]> {
  return (await findNumbers(client, key)) ?? []
}

/** As {@link readNumbers} for any ticket; null where there is no dataset. */
export async function findNumbers(client: RawClient, ticket: string): Promise<number[] | null> {
  const answer = await client.exchange('DoGet', [ticketMessage(ticket)])
  if (answer.code === GRPC_STATUS.NOT_FOUND) return null
  assert.equal(answer.code, GRPC_STATUS.OK, answer.details)
  return answer.messages.flatMap((bytes) => {
    const { dataHeader, body } = decodeFlightData(bytes)
    const message = parseMessage(dataHeader)
    if (message.kind !== 'batch') return []
    const values = Buffer.from(body).subarray(message.batch.buffers[1]?.offset)
    return Array.from({ length: message.batch.rows }, (_, row) => Number(values.readBigInt64LE(row * 8)))
  })
}

/** Asserts that what is there is what the writers were told, each batch whole and once, in the order of its writer. */
export function assertStored(numbers: readonly number[], writers: readonly NumberWriter[]): void {
  const batches: number[] = []
  for (let row = 0; row < numbers.length; row += BATCH_ROWS) {
    const batch = numbers.slice(row, row + BATCH_ROWS)
    assert.deepEqual(
      batch,
      Array<number>(BATCH_ROWS).fill(batch[0] ?? Number.NaN),
      `half a batch at row ${row}`,
    )
    batches.push(batch[0] ?? Number.NaN)
  }
  for (const writer of writers) {
    const mine = batches.filter((number) => Math.floor(number / WRITER_STEP) === writer.first / WRITER_STEP)
    // What was sent and not acknowledged may be there as well, in its order.
    assert.deepEqual(
      mine,
      mine.map((_, index) => writer.first + index),
    )
    assert.ok(
      mine.length >= writer.next - writer.first,
      `${mine.length} of ${writer.next - writer.first} batches`,
    )
  }
}
