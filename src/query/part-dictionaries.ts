import { deflateRawSync, inflateRawSync } from 'node:zlib'

import type { Frame } from '../../flight/frame.ts'
import {
  decodeDictionaryLog,
  type DictionaryEntry,
  encodeDictionaryLog,
} from '../../flight/ipc/dictionary-log.ts'
import { encodeDictionary, parseMessage } from '../../flight/ipc/message.ts'
import { PART_DICTIONARIES_BYTES_MAX, PART_DICTIONARIES_KEY } from '../store/parts.ts'
import { quoteText, type Connection } from './duckdb.ts'
import { decompress } from './from-arrow/decompress.ts'

/**
 * The dictionaries of the frames of a part, as an entry of its metadata, since Parquet keeps the values of a
 * dictionary-encoded column and not the dictionary: which values, in which order, for which batch. Nothing where
 * there are none.
 */
export function dictionaryMetadata(frames: readonly Frame[]): Readonly<Record<string, string>> {
  const entries: DictionaryEntry[] = []
  let row = 0
  for (const frame of frames) {
    row += frame.rows
    if (frame.kind === 'dictionary') entries.push(entryOf(frame, row))
  }
  return toMetadata(entries)
}

/** The dictionaries of parts that are joined, one after the other in their order, as metadata of the new part. */
export async function joinedDictionaryMetadata(
  connection: Connection,
  sources: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const files = `[${sources.map(quoteText).join(', ')}]`
  const texts = await connection.run(
    `SELECT file_name, decode(value) FROM parquet_kv_metadata(${files})
     WHERE decode(key) = ${quoteText(PART_DICTIONARIES_KEY)}`,
  )
  if (texts.length === 0) return {}
  const sizes = await connection.run(`SELECT file_name, num_rows FROM parquet_file_metadata(${files})`)
  const textOf = new Map(texts.map(([name, text]) => [name, typeof text === 'string' ? text : '']))
  const rowsOf = new Map(sizes.map(([name, rows]) => [name, Number(rows)]))
  const entries: DictionaryEntry[] = []
  let start = 0
  for (const source of sources) {
    const text = textOf.get(source)
    const own = text === undefined ? [] : decodeDictionaryLog(inflateRawSync(Buffer.from(text, 'base64')))
    for (const entry of own) entries.push({ ...entry, row: start + entry.row })
    start += rowsOf.get(source) ?? 0
  }
  return toMetadata(entries)
}

function entryOf(frame: Frame, row: number): DictionaryEntry {
  const sent = parseMessage(frame.header)
  if (sent.kind !== 'dictionary') throw new Error('A frame of a dictionary has another message')
  const { message, body } = decompress(sent, frame.body)
  const { id, isDelta } = sent
  const bytes = Buffer.concat(body, message.bodyLength)
  const header =
    message === sent ? frame.header : encodeDictionary(id, isDelta, message.batch, message.bodyLength)
  return { row, id, isDelta, header, body: bytes }
}

/** Columns whose dictionaries are too large get none: their values come back, in dictionaries of the reader's. */
function toMetadata(entries: readonly DictionaryEntry[]): Readonly<Record<string, string>> {
  const byId = groupById(needed(entries))
  const kept = new Set<DictionaryEntry>()
  let bytes = 0
  for (const group of byId.values()) {
    const size = group.reduce((sum, { header, body }) => sum + header.byteLength + body.byteLength, 0)
    if (bytes + size > PART_DICTIONARIES_BYTES_MAX) continue
    bytes += size
    for (const entry of group) kept.add(entry)
  }
  if (kept.size === 0) return {}
  const log = encodeDictionaryLog(entries.filter((entry) => kept.has(entry)))
  return { [PART_DICTIONARIES_KEY]: deflateRawSync(log).toString('base64') }
}

/** Without those that no row means, and those that say what the one before says: many clients repeat them. */
function needed(entries: readonly DictionaryEntry[]): DictionaryEntry[] {
  const kept: DictionaryEntry[] = []
  for (const group of groupById(entries).values()) {
    let state: DictionaryEntry[] = []
    for (const entry of group) {
      const [only] = state
      if (!entry.isDelta && only !== undefined && state.length === 1 && isSame(only, entry)) continue
      while (!entry.isDelta && kept.at(-1)?.id === entry.id && kept.at(-1)?.row === entry.row) kept.pop()
      kept.push(entry)
      state = entry.isDelta ? [...state, entry] : [entry]
    }
  }
  return kept
}

function groupById(entries: readonly DictionaryEntry[]): Map<bigint, DictionaryEntry[]> {
  const groups = new Map<bigint, DictionaryEntry[]>()
  for (const entry of entries) {
    const group = groups.get(entry.id)
    if (group === undefined) groups.set(entry.id, [entry])
    else group.push(entry)
  }
  return groups
}

function isSame(a: DictionaryEntry, b: DictionaryEntry): boolean {
  return Buffer.compare(a.header, b.header) === 0 && Buffer.compare(a.body, b.body) === 0
}
