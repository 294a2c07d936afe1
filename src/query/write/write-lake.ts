import { randomUUID } from 'node:crypto'
import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { Lake, PinnedDataset, PinnedLake, PinnedPart } from '../../store/parts.ts'

/** The schema of what a statement that writes reads beside the lake. No client's schema: it has a `$`. */
const SCHEMA = 'sterna$write'

/** How such a table stands in SQL. */
export const TARGET = `"${SCHEMA}"."target"`
export const PART = `"${SCHEMA}"."part"`
export const CHANGES = `"${SCHEMA}"."changes"`
export const PARAMETERS = `"${SCHEMA}"."parameters"`

type Key = 'target' | 'part' | 'changes' | 'parameters'

/** A lake with some tables of a statement's own, which only that statement sees. */
export class WriteLake implements Lake {
  readonly #lake: Lake
  readonly #tables: Partial<Record<Key, PinnedDataset>>

  constructor(lake: Lake, tables: Partial<Record<Key, PinnedDataset>>) {
    this.#lake = lake
    this.#tables = tables
  }

  pin(): PinnedLake {
    const pinned = this.#lake.pin()
    return {
      resolve: (ref) => (ref.schema === SCHEMA ? this.#tables[ref.key as Key] : pinned.resolve(ref)),
      at: (moment) => pinned.at(moment),
      match: (schema, glob) => pinned.match(schema, glob),
      list: () => pinned.list(),
      views: () => pinned.views(),
      temporary: (key) => pinned.temporary?.(key),
      release: () => pinned.release(),
    }
  }
}

/** Frames of a schema as a table of a statement. */
export function framesTable(key: Key, schema: Schema, frames: readonly Frame[]): PinnedDataset {
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0)
  const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
  const log = rows === 0 ? null : { frames, rows, bytes, sequence: 1 }
  return { ref: { schema: SCHEMA, key }, id: randomUUID(), schema, parts: [], log, rows, rollup: null }
}

/** Parts of a schema as a table of a statement. */
export function partsTable(key: Key, schema: Schema, parts: readonly PinnedPart[]): PinnedDataset {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  return { ref: { schema: SCHEMA, key }, id: randomUUID(), schema, parts, log: null, rows, rollup: null }
}
