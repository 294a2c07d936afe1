import { type DatasetRef, type Field, type Frame, parseMessage, type Schema } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { conformingQuery, isSameRows } from '../../query/conform.ts'
import type { QueryEngine } from '../../query/engine.ts'
import type { CallContext } from '../call.ts'
import { schemaFrame } from '../read.ts'
import type { Services } from '../services.ts'
import type { RowExchange } from './row-exchange.ts'

/** Appends the rows of an INSERT, as one commit. What comes back for RETURNING are the rows as they were sent. */
export async function insertRows(
  ref: DatasetRef,
  exchange: RowExchange,
  { store, engine, airport }: Services,
  context: CallContext,
): Promise<number> {
  const { schema, schemaHeader } = store.get(ref)
  const put = store.beginPut(ref, 'append', schemaFrame(schemaHeader))
  let rows = 0
  try {
    await exchange.begin(exchange.schema.fields)
    for await (const frame of storedFrames(exchange, schema, engine, context.signal)) {
      assertNoNulls(frame, schema)
      await put.write(frame)
      rows += frame.rows
    }
    await put.commit(context.confirmed())
  } catch (error) {
    await put.abort()
    throw error
  }
  airport.hasWritten(context)
  return rows
}

/** The rows as the dataset has them: as they came where they fit, else cast, many of DuckDB's small batches at once. */
async function* storedFrames(
  { schema, frames, isReturning, answer }: RowExchange,
  stored: Schema,
  engine: QueryEngine,
  signal: AbortSignal,
): AsyncGenerator<Frame> {
  const isSame = isSameRows(schema, stored)
  const group = new Group()
  for await (const frame of frames) {
    if (frame.kind === 'dictionary') yield* cast(group)
    group.add(frame)
    if (isReturning) await answer(frame)
    if (isSame) yield* group.take()
    else if (group.bytes >= LIMITS.frameBytesTarget) yield* cast(group)
  }
  yield* cast(group)

  async function* cast(rows: Group): AsyncGenerator<Frame> {
    if (isSame || rows.bytes === 0) return
    const result = await engine.run({ ...conformingQuery(schema, rows.takeWhole(), stored), signal })
    try {
      for await (const frame of result.frames) yield inOnePiece(frame)
    } finally {
      result.close()
    }
  }
}

/** Batches that wait to be cast together, and the dictionaries that they mean. */
class Group {
  readonly #dictionaries: Frame[] = []
  #frames: Frame[] = []
  /** Of the batches. */
  bytes = 0

  add(frame: Frame): void {
    this.#frames.push(frame)
    if (frame.kind === 'dictionary') this.#dictionaries.push(frame)
    else this.bytes += frame.byteLength
  }

  /** What has come since the last time. */
  take(): readonly Frame[] {
    const frames = this.#frames
    this.#frames = []
    this.bytes = 0
    return frames
  }

  /** The batches that have come since the last time, readable without those before them. */
  takeWhole(): readonly Frame[] {
    return [...this.#dictionaries, ...this.take().filter(({ kind }) => kind === 'batch')]
  }
}

function inOnePiece(frame: Frame): Frame {
  return frame.body.length > 1 ? { ...frame, body: [Buffer.concat(frame.body)] } : frame
}

/** @throws SternaError SQL_FAILED naming a column that is NOT NULL */
function assertNoNulls(frame: Frame, { fields }: Schema): void {
  const message = parseMessage(frame.header)
  if (message.kind !== 'batch') return
  const { nodes } = message.batch
  let node = 0
  for (const field of fields) {
    if (!field.nullable && (nodes[node]?.nullCount ?? 0) > 0) {
      throw new SternaError('SQL_FAILED', `Column "${field.name}" is NOT NULL, and a row has no value for it`)
    }
    node += nodeCount(field)
  }
}

/** Nodes of a field in a batch: its own and, where it is not dictionary-encoded, those of its children. */
function nodeCount({ dictionary, children }: Field): number {
  return dictionary === null ? children.reduce((sum, child) => sum + nodeCount(child), 1) : 1
}
