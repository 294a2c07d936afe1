import { deflateRawSync, inflateRawSync } from 'node:zlib'

import type { Frame } from '../../flight/frame.ts'
import {
  decodeDictionaryLog,
  type DictionaryEntry,
  encodeDictionaryLog,
} from '../../flight/ipc/dictionary-log.ts'
import { encodeDictionary, parseMessage } from '../../flight/ipc/message.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { type PackedOccurrences, parseOccurrences, PART_OCCURRENCES_KEY } from '../store/occurrences.ts'
import { PART_DICTIONARIES_BYTES_MAX, PART_DICTIONARIES_KEY } from '../store/parts.ts'
import { quoteText, type Connection } from './duckdb.ts'
import { occurrenceMetadata, packedOccurrenceMetadata } from './part-occurrences.ts'
import { decompress } from './from-arrow/decompress.ts'

/**
 * The dictionaries of the frames of a part, as entries of its metadata, since Parquet keeps the values of a
 * dictionary-encoded column and not the dictionary: which values, in which order, for which batch; and which of them
 * rows named, where equal ones are among them. Nothing where there are none.
 */
export async function dictionaryMetadata(
  schema: Schema,
  frames: readonly Frame[],
): Promise<Readonly<Record<string, string>>> {
  const entries: DictionaryEntry[] = []
  let row = 0
  for (const frame of frames) {
    row += frame.rows
    if (frame.kind === 'dictionary') entries.push(entryOf(frame, row))
  }
  const kept = keptOf(entries)
  if (kept.length === 0) return {}
  return { ...toMetadata(kept), ...(await occurrenceMetadata(schema, frames, kept)) }
}

/** The dictionaries of parts that are joined, one after the other in their order, as metadata of the new part. */
export async function joinedDictionaryMetadata(
  connection: Connection,
  sources: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const files = `[${sources.map(quoteText).join(', ')}]`
  const dictionaries = await metadataOf(connection, files, PART_DICTIONARIES_KEY)
  if (dictionaries.size === 0) return {}
  const occurrences = await metadataOf(connection, files, PART_OCCURRENCES_KEY)
  const sizes = await connection.run(`SELECT file_name, num_rows FROM parquet_file_metadata(${files})`)
  const rowsOf = new Map(sizes.map(([name, rows]) => [name, Number(rows)]))
  const entries: DictionaryEntry[] = []
  const runs: PackedOccurrences[] = []
  let start = 0
  for (const source of sources) {
    const text = dictionaries.get(source)
    const own = text === undefined ? [] : decodeDictionaryLog(inflateRawSync(Buffer.from(text, 'base64')))
    for (const entry of own) entries.push({ ...entry, row: start + entry.row })
    const ownRuns = occurrences.get(source)
    for (const run of ownRuns === undefined ? [] : parseOccurrences(ownRuns))
      runs.push({ ...run, row: start + run.row })
    start += rowsOf.get(source) ?? 0
  }
  return { ...toMetadata(keptOf(entries)), ...packedOccurrenceMetadata(runs) }
}

/** The values of a key, by the files that have it. */
async function metadataOf(connection: Connection, files: string, key: string): Promise<Map<string, string>> {
  const rows = await connection.run(
    `SELECT file_name, decode(value) FROM parquet_kv_metadata(${files}) WHERE decode(key) = ${quoteText(key)}`,
  )
  const found = new Map<string, string>()
  for (const [name, text] of rows) {
    if (typeof name === 'string' && typeof text === 'string') found.set(name, text)
  }
  return found
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
function keptOf(entries: readonly DictionaryEntry[]): DictionaryEntry[] {
  const byId = groupById(needed(entries))
  const kept = new Set<DictionaryEntry>()
  let bytes = 0
  for (const group of byId.values()) {
    const size = group.reduce((sum, { header, body }) => sum + header.byteLength + body.byteLength, 0)
    if (bytes + size > PART_DICTIONARIES_BYTES_MAX) continue
    bytes += size
    for (const entry of group) kept.add(entry)
  }
  return entries.filter((entry) => kept.has(entry))
}

function toMetadata(entries: readonly DictionaryEntry[]): Readonly<Record<string, string>> {
  if (entries.length === 0) return {}
  return { [PART_DICTIONARIES_KEY]: deflateRawSync(encodeDictionaryLog(entries)).toString('base64') }
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
