import type { DatasetRef } from '../../../flight/descriptor.ts'
import { decodeFlightData, GRPC_PREFIX_BYTES } from '../../../flight/codec/flight-data.ts'
import { type Frame, frameFromFlightData } from '../../../flight/frame.ts'
import { parseMessage } from '../../../flight/ipc/message.ts'
import { type Field, parseSchema, type Schema } from '../../../flight/ipc/schema.ts'
import { type LogRecord, scanRecords } from './record.ts'

/** What the first record of a log file says, as JSON. */
export interface SegmentHead {
  readonly format: 1
  readonly schema: string
  readonly key: string
  /** Which table of which catalog the rows are of: a dataset that is dropped and made again is another. */
  readonly table: string
}

/** A dictionary or batch of a log file. */
export interface LogEntry {
  readonly sequence: number
  readonly timeMs: number
  readonly frame: Frame
}

/** What one log file holds. */
export interface SegmentContent {
  /** Null where the record is damaged. */
  readonly head: SegmentHead | null
  readonly schema: Schema | null
  /** In order, as views of the file's bytes. */
  readonly entries: readonly LogEntry[]
  /** Where the last whole record ends. */
  readonly end: number
  /** Stretches of the file that were changed after they were written. */
  readonly damaged: number
  /** Batches that are whole, but of which nobody knows any more which dictionaries they mean. */
  readonly unreadable: number
}

/**
 * Reads the bytes of a log file: everything in it that is certainly what was written.
 *
 * @param known - the schema of the dataset, where the record that says it is damaged
 * @throws WireError where a record that is whole has a message that is not
 */
export function readSegment(bytes: Buffer, known: Schema | null = null): SegmentContent {
  const { records, end, damaged } = scanRecords(bytes)
  let head: SegmentHead | null = null
  let schema = known
  const entries: LogEntry[] = []
  let unreadable = 0
  let ordinal = 0
  /** Dictionaries that a damaged record may have replaced. */
  const doubtful = new Set<bigint>()
  for (const record of records) {
    if (record.ordinal !== ordinal && schema !== null) addIds(schema.fields, doubtful)
    ordinal = record.ordinal + 1
    if (record.kind === 'head') {
      head = JSON.parse(record.payload.toString('utf8')) as SegmentHead
      continue
    }
    const frame = frameOf(record)
    if (record.kind === 'schema') {
      schema = parseSchema(frame.header)
    } else if (isKnown(frame, doubtful)) {
      entries.push({ sequence: record.sequence, timeMs: record.timeMs, frame })
    } else if (frame.kind === 'batch') {
      unreadable += 1
    }
  }
  return { head, schema, entries, end, damaged, unreadable }
}

/** The dataset whose log a file is part of. */
export function refOf({ schema, key }: SegmentHead): DatasetRef {
  return { schema, key }
}

function frameOf({ payload }: LogRecord): Frame {
  return frameFromFlightData(decodeFlightData(payload.subarray(GRPC_PREFIX_BYTES)))
}

/** A whole dictionary says what one that is missing would have been followed by. */
function isKnown(frame: Frame, doubtful: Set<bigint>): boolean {
  if (doubtful.size === 0) return true
  const message = parseMessage(frame.header)
  if (message.kind !== 'dictionary') return false
  if (!message.isDelta) doubtful.delete(message.id)
  return !doubtful.has(message.id)
}

function addIds(fields: readonly Field[], ids: Set<bigint>): void {
  for (const { dictionary, children } of fields) {
    if (dictionary !== null) ids.add(dictionary.id)
    addIds(children, ids)
  }
}
