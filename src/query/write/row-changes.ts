import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { LIMITS } from '../../limits.ts'
import type { PinnedDataset, WritableLake } from '../../store/parts.ts'
import { readBatches } from '../from-arrow/batches.ts'
import type { QueryResult } from '../query.ts'
import { storageOf } from '../storage-types.ts'
import { ACTION, ACTIONS, FILE } from './compose.ts'
import { framesTable, partsTable } from './write-lake.ts'

/** Which rows of a table a statement changes, found before the first of them is. */
export interface RowChanges {
  /** The rows and what becomes of them, as a table of the statement. */
  readonly table: PinnedDataset
  /** By the place of a part: how many of its rows change, and how many of these go. */
  readonly files: ReadonlyMap<number, { readonly rows: number; readonly deleted: number }>
  readonly inserted: number
  /** Of all kinds. */
  readonly rows: number
}

/** Reads the changes to their end. Few are kept in memory, many in `tmp/`. */
export async function readChanges(
  lake: WritableLake,
  result: QueryResult,
  signal: AbortSignal,
): Promise<RowChanges> {
  const tally = new Tally(result.schema)
  const frames: Frame[] = []
  let bytes = 0
  try {
    for (;;) {
      const next = await result.frames.next()
      if (next.done === true) break
      tally.add(next.value)
      frames.push(next.value)
      bytes += next.value.byteLength
      if (bytes > LIMITS.changedRowsBytesMax) break
    }
    const { schema } = result
    if (bytes <= LIMITS.changedRowsBytesMax) return tally.changes(framesTable('changes', schema, frames))
    const ref = { schema: 'main', key: 'changes' }
    const parts = await lake.write({
      ref,
      schema,
      frames: rest(frames, result, tally),
      place: 'end',
      signal,
    })
    const written = parts.map(({ path, written: { rows } }) => ({ path, rows, of: ref }))
    return tally.changes(partsTable('changes', schema, written))
  } finally {
    result.close()
  }
}

async function* rest(first: Frame[], result: QueryResult, tally: Tally): AsyncGenerator<Frame> {
  yield* first.splice(0)
  for await (const frame of result.frames) {
    tally.add(frame)
    yield frame
  }
}

/** Counts changes as they pass. */
class Tally {
  readonly #schema: Schema
  readonly #storage: ReturnType<typeof storageOf>
  readonly #places: { readonly file: number; readonly action: number }
  readonly #files = new Map<number, { rows: number; deleted: number }>()
  #inserted = 0
  #rows = 0

  constructor(schema: Schema) {
    this.#schema = schema
    this.#storage = storageOf(schema)
    const at = (name: string): number => schema.fields.findIndex((field) => field.name === name)
    this.#places = { file: at(FILE), action: at(ACTION) }
  }

  add(frame: Frame): void {
    for (const batch of readBatches(this.#schema, this.#storage, [frame])) {
      const files = int64sOf(batch.columns[this.#places.file]?.buffers[0], batch.rows)
      const actions = int32sOf(batch.columns[this.#places.action]?.buffers[0], batch.rows)
      this.#rows += batch.rows
      for (let row = 0; row < batch.rows; row++) {
        const isDelete = actions[row] === ACTIONS.delete
        if (actions[row] === ACTIONS.insert) this.#inserted += 1
        else this.#count(Number(files[row]), isDelete)
      }
    }
  }

  changes(table: PinnedDataset): RowChanges {
    return { table, files: this.#files, inserted: this.#inserted, rows: this.#rows }
  }

  #count(file: number, isDelete: boolean): void {
    const known = this.#files.get(file) ?? { rows: 0, deleted: 0 }
    known.rows += 1
    if (isDelete) known.deleted += 1
    this.#files.set(file, known)
  }
}

function int64sOf(bytes: Uint8Array | undefined, rows: number): BigInt64Array {
  return bytes === undefined ? new BigInt64Array(rows) : new BigInt64Array(bytes.slice(0, rows * 8).buffer)
}

function int32sOf(bytes: Uint8Array | undefined, rows: number): Int32Array {
  return bytes === undefined ? new Int32Array(rows) : new Int32Array(bytes.slice(0, rows * 4).buffer)
}
