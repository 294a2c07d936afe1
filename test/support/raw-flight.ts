/** Encoded Flight messages for the raw client, honest ones and lying ones, and looks at what they have left. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ArrowType,
  type BatchHeader,
  DescriptorType,
  encodeBatch,
  encodeSchema,
  type Field,
  type Frame,
  GRPC_PREFIX_BYTES,
  GRPC_STATUS,
  makeFrame,
  messages,
} from '../../flight/index.ts'
import type { RawClient } from './raw-client.ts'

export function pathDescriptor(...path: string[]): Buffer {
  return messages.FlightDescriptor.encode({ type: DescriptorType.PATH, path })
}

export function commandDescriptor(command: string | Uint8Array): Buffer {
  return messages.FlightDescriptor.encode({ type: DescriptorType.CMD, cmd: Buffer.from(command) })
}

export function ticketMessage(ticket: string | Uint8Array): Buffer {
  return messages.Ticket.encode({ ticket: Buffer.from(ticket) })
}

export function actionMessage(type: string, body: string | Uint8Array = ''): Buffer {
  return messages.Action.encode({ type, body: Buffer.from(body) })
}

/** A frame as one encoded FlightData. */
export function messageOf(frame: Frame): Buffer {
  return Buffer.concat([frame.head.subarray(GRPC_PREFIX_BYTES), ...frame.body])
}

/** The messages of a DoPut or DoExchange: the first one carries the descriptor. */
export function putMessages(descriptor: Uint8Array | null, frames: readonly Frame[]): Buffer[] {
  return frames.map((frame, index) => {
    if (index > 0 || descriptor === null) return messageOf(frame)
    const { header, body, kind, rows, appMetadata } = frame
    return messageOf(makeFrame(header, body, { kind, rows, appMetadata, descriptor }))
  })
}

export function field(name: string, type: ArrowType, options: Partial<Field> = {}): Field {
  return { name, type, nullable: true, dictionary: null, children: [], metadata: new Map(), ...options }
}

export const INT64: ArrowType = { kind: 'int', bitWidth: 64, signed: true }
export const INT32: ArrowType = { kind: 'int', bitWidth: 32, signed: true }

export function schemaFrame(...fields: Field[]): Frame {
  return makeFrame(encodeSchema({ fields, metadata: new Map() }), [], { kind: 'schema', rows: 0 })
}

/** A batch whose header says what it is told, true or not. */
export function batchFrame(
  header: Partial<BatchHeader>,
  body: Uint8Array = new Uint8Array(),
  bodyLengthSaid = body.length,
): Frame {
  const whole = { rows: 0, nodes: [], buffers: [], compression: null, variadicCounts: [], ...header }
  return makeFrame(encodeBatch(whole, bodyLengthSaid), [body], {
    kind: 'batch',
    rows: Math.max(whole.rows, 0),
  })
}

/** `rows` int64 values in one column, without nulls; the body is `rows * 8` bytes. */
export function integerBatch(rows: number, changes: Partial<BatchHeader> = {}): Frame {
  const body = Buffer.alloc(rows * 8)
  for (let row = 0; row < rows; row += 1) body.writeBigInt64LE(BigInt(row), row * 8)
  const nodes = [{ length: rows, nullCount: 0 }]
  const buffers = [
    { offset: 0, length: 0 },
    { offset: 0, length: rows * 8 },
  ]
  return batchFrame({ rows, nodes, buffers, ...changes }, body)
}

/** Rejects where the action fails. @returns its results, parsed as JSON */
export async function runAction(client: RawClient, type: string, body = ''): Promise<unknown> {
  const answer = await client.exchange('DoAction', [actionMessage(type, body)])
  assert.equal(answer.code, GRPC_STATUS.OK, `${type}: ${answer.details}`)
  const bodies = answer.messages.map((message) => messages.Result.decode(message).body)
  return JSON.parse(Buffer.concat(bodies).toString('utf8'))
}

/** One hash of everything that a DoGet of the key gives. Rejects where it fails. */
export async function fingerprint(client: RawClient, key: string): Promise<string> {
  const answer = await client.exchange('DoGet', [ticketMessage(key)])
  assert.equal(answer.code, GRPC_STATUS.OK, `${key}: ${answer.details}`)
  const hash = createHash('sha256')
  for (const message of answer.messages) hash.update(message)
  return hash.digest('hex')
}

/** The files in `cold/`, those of other schemas with their folder. */
export async function partsOf(dataDir: string): Promise<string[]> {
  return filesBelow(join(dataDir, 'cold'))
}

/** Files in a folder and those below it, by their paths from there. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Asserts that soon there are no files but the parts that datasets name. A log that was found may be a part before. */
export async function assertNoOrphans(client: RawClient, dataDir: string): Promise<void> {
  await eventually(async () => {
    const named: string[] = []
    for (const { key } of (await runAction(client, 'list')) as { key: string }[]) {
      const { part_list: parts } = (await runAction(client, 'describe', key)) as {
        part_list: { name: string }[]
      }
      named.push(...parts.map(({ name }) => name))
    }
    assert.deepEqual(await partsOf(dataDir), named.sort())
    assert.deepEqual(await filesBelow(join(dataDir, 'tmp')), [])
  })
}

/** Memory of a process that is in RAM. */
export async function rssBytes(pid: number): Promise<number> {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

/** How long the server may take to clear up after a client that has left: far more than it needs. */
const CLEAR_UP_MS = 20_000

/** Tries until it passes: what a server does after a client has left, it does in its own time. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const end = Date.now() + CLEAR_UP_MS
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await sleep(20)
  }
}
