import type { Frame } from '../../flight/frame.ts'
import type { DictionaryEntry } from '../../flight/ipc/dictionary-log.ts'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import {
  OCCURRENCES_MAX,
  type PackedOccurrences,
  packOccurrences,
  PART_OCCURRENCES_BYTES_MAX,
  PART_OCCURRENCES_KEY,
} from '../store/occurrences.ts'
import { MessageReader } from './from-arrow/batches.ts'
import { type DictionaryLeaf, dictionaryLeaves } from './from-arrow/dictionary-leaves.ts'
import { ValueOccurrences } from './from-arrow/value-occurrences.ts'
import { storageOf } from './storage-types.ts'

/** A run ends with the batch that brings it to so many values or rows: few are unpacked that nobody asked for. */
const RUN_LENGTH = 65_536

/**
 * Which places of their dictionaries the values of a part named, as an entry of its metadata. Nothing where no
 * dictionary says a value twice or has nulls: then the value says it.
 *
 * @param entries - those dictionaries of the frames that the part keeps
 */
export async function occurrenceMetadata(
  schema: Schema,
  frames: readonly Frame[],
  entries: readonly DictionaryEntry[],
): Promise<Readonly<Record<string, string>>> {
  const dictionaries = new DictionaryStates(schema, entries)
  const columns = dictionaryIds(schema.fields).map((id, column) => new ColumnRuns(id, column))
  let row = 0
  for (const frame of frames) {
    if (frame.kind !== 'batch') continue
    dictionaries.moveTo(row)
    const states = columns.map(({ id }) => dictionaries.ambiguous(id))
    const isAnyAmbiguous = states.some((state) => state !== null)
    const leaves = isAnyAmbiguous ? dictionaries.leavesOf(frame) : []
    for (const [index, column] of columns.entries()) {
      const state = states[index] ?? null
      const leaf = leaves[index] ?? null
      if (state === null) await column.end()
      else if (leaf === null) column.leaveOut()
      else await column.add(row, frame.rows, leaf, state.of(leaf))
    }
    row += frame.rows
  }
  for (const column of columns) await column.end()
  return packedOccurrenceMetadata(columns.flatMap(({ runs }) => runs))
}

/** Columns whose occurrences are too large get none: their values name the first equal one of their dictionary. */
export function packedOccurrenceMetadata(
  runs: readonly PackedOccurrences[],
): Readonly<Record<string, string>> {
  const bytes = new Map<number, number>()
  for (const run of runs) bytes.set(run.column, (bytes.get(run.column) ?? 0) + bytesOf(run))
  const kept = new Set<number>()
  let total = 0
  for (const [column, size] of bytes) {
    if (total + size > PART_OCCURRENCES_BYTES_MAX) continue
    total += size
    kept.add(column)
  }
  if (kept.size === 0) return {}
  const ordered = runs.filter(({ column }) => kept.has(column)).toSorted((a, b) => a.row - b.row)
  return { [PART_OCCURRENCES_KEY]: JSON.stringify(ordered) }
}

function bytesOf(run: PackedOccurrences): number {
  return JSON.stringify(run).length
}

/** The ids of the dictionary-encoded columns, nested ones too, depth first. */
function dictionaryIds(fields: readonly Field[]): bigint[] {
  return fields.flatMap(({ dictionary, children }) =>
    dictionary === null ? dictionaryIds(children) : [dictionary.id],
  )
}

/** The dictionaries that hold at a row. */
class DictionaryStates {
  readonly #reader: MessageReader
  readonly #entries: readonly DictionaryEntry[]
  readonly #states = new Map<bigint, ValueOccurrences>()
  #next = 0

  constructor(schema: Schema, entries: readonly DictionaryEntry[]) {
    this.#reader = new MessageReader(schema, storageOf(schema))
    this.#entries = entries.toSorted((a, b) => a.row - b.row)
  }

  moveTo(row: number): void {
    for (;;) {
      const entry = this.#entries[this.#next]
      if (entry === undefined || entry.row > row) return
      this.#next += 1
      this.#reader.read(entry.header, [entry.body])
      const dictionary = this.#reader.dictionaries.get(entry.id)
      if (dictionary === undefined) continue
      const last = this.#states.get(entry.id)
      const state = last?.dictionary === dictionary ? last : new ValueOccurrences(dictionary)
      state.update()
      this.#states.set(entry.id, state)
    }
  }

  /** Null where values say where in the dictionary they stand. */
  ambiguous(id: bigint): ValueOccurrences | null {
    const state = this.#states.get(id)
    return state?.isAmbiguous === true ? state : null
  }

  leavesOf(frame: Frame): (DictionaryLeaf | null)[] {
    const batch = this.#reader.read(frame.header, frame.body)
    return batch === null ? [] : dictionaryLeaves(batch, OCCURRENCES_MAX - RUN_LENGTH)
  }
}

/** The runs of one column. */
class ColumnRuns {
  readonly id: bigint
  readonly runs: PackedOccurrences[] = []
  readonly #column: number
  #isLeftOut = false
  #bytes = 0
  #row = 0
  #rows = 0
  #values = 0
  #numbers: Uint32Array[] = []
  #lengths: Uint32Array[] = []

  constructor(id: bigint, column: number) {
    this.id = id
    this.#column = column
  }

  async add(row: number, rows: number, { lengths }: DictionaryLeaf, numbers: Uint32Array): Promise<void> {
    if (this.#isLeftOut) return
    if (this.#rows === 0) this.#row = row
    this.#rows += rows
    this.#values += numbers.length
    this.#numbers.push(numbers)
    if (lengths !== null) this.#lengths.push(lengths)
    if (Math.max(this.#rows, this.#values) >= RUN_LENGTH) await this.end()
  }

  /** Nothing is kept of a run whose values all name the first equal one. */
  async end(): Promise<void> {
    const row = this.#row
    const rows = this.#rows
    const numbers = joined(this.#numbers)
    const lengths = this.#lengths.length === 0 ? null : joined(this.#lengths)
    this.#rows = 0
    this.#values = 0
    this.#numbers = []
    this.#lengths = []
    if (numbers.every((number) => number === 0)) return
    const run = await packOccurrences({ column: this.#column, row, rows, lengths, numbers })
    this.runs.push(run)
    this.#bytes += bytesOf(run)
    if (this.#bytes > PART_OCCURRENCES_BYTES_MAX) this.leaveOut()
  }

  leaveOut(): void {
    this.#isLeftOut = true
    this.runs.length = 0
    this.#rows = 0
    this.#numbers = []
    this.#lengths = []
  }
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let end = 0
  for (const part of parts) {
    all.set(part, end)
    end += part.length
  }
  return all
}
