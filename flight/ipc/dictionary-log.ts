import { malformedIpc } from './flatbuffer.ts'
import { parseMessage } from './message.ts'
import { decapsulate, encapsulate } from './stream.ts'

/** A dictionary message, and the row from which on batches mean it. */
export interface DictionaryEntry {
  readonly row: number
  readonly id: bigint
  readonly isDelta: boolean
  /** The IPC Message flatbuffer. */
  readonly header: Uint8Array
  /** Its body in one piece. */
  readonly body: Uint8Array
}

const ROW_BYTES = 8

/**
 * Encodes the dictionaries of a run of rows, in their order: each as its row (uint64, little-endian), its
 * encapsulated message and its body.
 */
export function encodeDictionaryLog(entries: readonly DictionaryEntry[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap(({ row, header, body }) => {
      const start = Buffer.alloc(ROW_BYTES)
      start.writeBigUInt64LE(BigInt(row))
      return [start, encapsulate(header), body]
    }),
  )
}

/**
 * The inverse of {@link encodeDictionaryLog}.
 *
 * @returns entries whose header and body are views
 * @throws WireError IPC_MALFORMED
 */
export function decodeDictionaryLog(bytes: Uint8Array): DictionaryEntry[] {
  const entries: DictionaryEntry[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let position = 0
  while (position < bytes.length) {
    if (position + ROW_BYTES > bytes.length) throw malformedIpc('a list of dictionaries ends inside one')
    const row = Number(view.getBigUint64(position, true))
    const header = decapsulate(bytes.subarray(position + ROW_BYTES))
    const message = parseMessage(header)
    if (message.kind !== 'dictionary') throw malformedIpc('a list of dictionaries has another message')
    const start = header.byteOffset - bytes.byteOffset + header.byteLength
    position = start + message.bodyLength
    if (position > bytes.length) throw malformedIpc('a list of dictionaries ends inside one')
    const { id, isDelta } = message
    entries.push({ row, id, isDelta, header, body: bytes.subarray(start, position) })
  }
  return entries
}
