import { crc32 } from 'node:zlib'

/**
 * What a record holds: `head` says which dataset's log the file belongs to, `schema`, `dictionary` and `batch` hold
 * one FlightData message each, as it goes on the wire.
 */
export const RECORD_KINDS = ['head', 'schema', 'dictionary', 'batch'] as const

export type RecordKind = (typeof RECORD_KINDS)[number]

/** One record of a log file. */
export interface LogRecord {
  readonly kind: RecordKind
  /** Of the batch; of any other record, of the batch that comes next. */
  readonly sequence: number
  /** When it was appended, ms since 1970. */
  readonly timeMs: number
  /** Its place among the records of its file, from 0: a gap tells that records are missing. */
  readonly ordinal: number
  /** A view of the file's bytes. */
  readonly payload: Buffer
  /** Where the record after it begins. */
  readonly end: number
}

/** What the head of a record says besides what its payload does. */
export type RecordHead = Pick<LogRecord, 'kind' | 'sequence' | 'timeMs' | 'ordinal'>

/** `SLOG` little-endian. By it the next record is found after a damaged one. */
const MAGIC = 0x474f4c53
const MAGIC_BYTES = Buffer.from('SLOG', 'latin1')

/** Magic, checksum, mark, payload bytes, ordinal, kind, sequence, time. */
const RECORD_HEAD_BYTES = 4 * 6 + 8 * 2

/**
 * Encodes the head of a record.
 *
 * ```
 *  0 uint32 magic            16 uint32 ordinal
 *  4 uint32 CRC-32 of the    20 uint32 kind
 *    rest and the payload    24 uint64 sequence
 *  8 uint32 mark of the file 32 uint64 time, ms since 1970
 * 12 uint32 payload bytes    40 the payload
 * ```
 *
 * @param mark - a random number that all records of one file share and no client knows: bytes that a client made to
 * look like a record are none
 * @param payload - its pieces in order; borrowed
 * @returns 40 bytes to be written before the payload
 */
export function encodeRecordHead(mark: number, head: RecordHead, payload: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_HEAD_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(mark, 8)
  bytes.writeUInt32LE(
    payload.reduce((sum, piece) => sum + piece.byteLength, 0),
    12,
  )
  bytes.writeUInt32LE(head.ordinal, 16)
  bytes.writeUInt32LE(RECORD_KINDS.indexOf(head.kind), 20)
  bytes.writeBigUInt64LE(BigInt(head.sequence), 24)
  bytes.writeBigUInt64LE(BigInt(head.timeMs), 32)
  bytes.writeUInt32LE(
    payload.reduce((sum, piece) => crc32(piece, sum), crc32(bytes.subarray(8))),
    4,
  )
  return bytes
}

/** What a file holds: its records that are whole, and what lies between and after them. */
export interface ScannedRecords {
  readonly records: readonly LogRecord[]
  /** Where the last whole record ends. */
  readonly end: number
  /** Stretches before `end` that are no records any more. */
  readonly damaged: number
}

/**
 * Finds the records of a log file, in order. What follows the last whole one was being written when the server ended;
 * anything else that is no record was changed after it was written.
 */
export function scanRecords(bytes: Buffer): ScannedRecords {
  const records: LogRecord[] = []
  let mark: number | undefined
  let position = 0
  let end = 0
  let damaged = 0
  while (position < bytes.length) {
    const record = readRecord(bytes, position, mark)
    if (record !== undefined) {
      if (position > end) damaged += 1
      mark ??= bytes.readUInt32LE(position + 8)
      records.push(record)
      position = end = record.end
      continue
    }
    const next = bytes.indexOf(MAGIC_BYTES, position + 1)
    if (next === -1) break
    position = next
  }
  return { records, end, damaged }
}

function readRecord(bytes: Buffer, start: number, mark: number | undefined): LogRecord | undefined {
  const payloadStart = start + RECORD_HEAD_BYTES
  if (payloadStart > bytes.length || bytes.readUInt32LE(start) !== MAGIC) return undefined
  if (mark !== undefined && bytes.readUInt32LE(start + 8) !== mark) return undefined
  const kind = RECORD_KINDS[bytes.readUInt32LE(start + 20)]
  const end = payloadStart + bytes.readUInt32LE(start + 12)
  if (kind === undefined || end > bytes.length) return undefined
  if (crc32(bytes.subarray(start + 8, end)) !== bytes.readUInt32LE(start + 4)) return undefined
  return {
    kind,
    sequence: Number(bytes.readBigUInt64LE(start + 24)),
    timeMs: Number(bytes.readBigUInt64LE(start + 32)),
    ordinal: bytes.readUInt32LE(start + 16),
    payload: bytes.subarray(payloadStart, end),
    end,
  }
}
