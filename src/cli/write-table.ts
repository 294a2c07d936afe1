import { createReadStream } from 'node:fs'
import path from 'node:path'
import { type Frame, parseSchema, type Schema } from '../../flight/index.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { quoteText } from '../query/duckdb.ts'
import { FramesTable } from '../query/frames-table.ts'
import { createPartWriter } from '../query/part-writer.ts'
import { Dictionaries } from '../../flight/dictionaries.ts'
import { openLocalDuck } from './local-duck.ts'

/** Arrow bytes that become text at once: DuckDB reads frames that are all there, so they are held meanwhile. */
const TEXT_SEGMENT_BYTES = 64 * 1024 * 1024

/** Frames that can be read without those before them. */
interface Segment {
  readonly schema: Schema
  readonly frames: readonly Frame[]
}

/**
 * Frames as CSV with a header, or as JSON Lines.
 *
 * @param parent - where a directory for the work is made
 */
export async function* writeText(
  frames: AsyncIterable<Frame>,
  format: 'csv' | 'jsonl',
  parent: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const local = await openLocalDuck(parent, parent)
  try {
    const table = await FramesTable.of(local.duck)
    const file = path.join(local.directory, 'segment')
    let isFirst = true
    for await (const segment of segmentsOf(frames, TEXT_SEGMENT_BYTES)) {
      const held = table.hold(segment.schema, segment.frames)
      const connection = await local.duck.connect()
      try {
        const options = format === 'csv' ? `FORMAT csv, HEADER ${isFirst}` : 'FORMAT json'
        await connection.run(`COPY (FROM ${held.sql}) TO ${quoteText(file)} (${options}, USE_TMP_FILE false)`)
      } catch (error) {
        throw held.failure ?? error
      } finally {
        connection.close()
        held.release()
      }
      isFirst = false
      yield* chunksOf(file)
    }
  } finally {
    await local.close()
  }
}

/** Frames as one Parquet file, which keeps the Arrow schema beside its own; `parent` as for {@link writeText}. */
export async function* writeParquet(
  frames: AsyncIterable<Frame>,
  parent: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const local = await openLocalDuck(parent, parent)
  try {
    const writer = createPartWriter(local.duck)
    const common = { compressionLevel: LIMITS.compressionLevelPut, metadata: {} }
    const sources: string[] = []
    let schema: Schema | undefined
    for await (const segment of segmentsOf(frames, LIMITS.partArrowBytesTarget)) {
      const source = path.join(local.directory, `${sources.length}.parquet`)
      await writer.writePart({ ...common, ...segment, path: source })
      sources.push(source)
      schema = segment.schema
    }
    const [first] = sources
    if (schema === undefined || first === undefined) return
    if (sources.length === 1) {
      yield* chunksOf(first)
      return
    }
    const whole = path.join(local.directory, 'whole.parquet')
    await writer.rewriteParts({ ...common, schema, sources, path: whole, orderBy: [] })
    yield* chunksOf(whole)
  } finally {
    await local.close()
  }
}

/** Cuts a stream where `bytesMax` are reached; an empty stream gives one segment without rows. */
async function* segmentsOf(
  frames: AsyncIterable<Frame>,
  bytesMax: number,
): AsyncGenerator<Segment, void, undefined> {
  const dictionaries = new Dictionaries()
  let schema: Schema | undefined
  let held: Frame[] = []
  let bytes = 0
  let count = 0
  for await (const frame of frames) {
    if (frame.kind === 'schema') schema = parseSchema(frame.header)
    if (frame.kind === 'dictionary') dictionaries.add(frame)
    held.push(frame)
    bytes += frame.byteLength
    if (bytes < bytesMax || schema === undefined) continue
    yield { schema, frames: held }
    count += 1
    held = dictionaries.inForce()
    bytes = 0
  }
  if (schema === undefined) throw new SternaError('SCHEMA_MISSING', 'The server sent no schema')
  if (count === 0 || held.some(({ rows }) => rows > 0)) yield { schema, frames: held }
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of createReadStream(file)) yield chunk as Buffer
}
