import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import type { Field, Schema } from '../../flight/ipc/schema.ts'

/**
 * Metadata of a part: the dictionaries of its dictionary-encoded columns as `flight/ipc/dictionary-log.ts` encodes
 * them, deflated, in base64.
 */
export const PART_DICTIONARIES_KEY = 'sterna:dictionaries'

/** Dictionaries kept for one part, before they are deflated: every reader of the footer has to take them along. */
export const PART_DICTIONARIES_BYTES_MAX = 1024 * 1024

/** The one column, all null, of a part whose schema has none: no Parquet file, no lake and no SQL table is without. */
const NO_COLUMNS: Field = {
  name: 'no_columns',
  nullable: true,
  type: { kind: 'null' },
  dictionary: null,
  children: [],
  metadata: new Map(),
}

/** The fields that the parts of a schema have. */
export function storedFields({ fields }: Schema): readonly Field[] {
  return fields.length === 0 ? [NO_COLUMNS] : fields
}

/** Statistics of one column in one part, as the catalog keeps them for pruning. */
export interface ColumnStats {
  readonly name: string
  readonly fieldId: number
  readonly nullCount: number
  /** Smallest and largest value as DuckDB prints them; null where there is none or the type has no order. */
  readonly min: string | null
  readonly max: string | null
  /** Null for types that have no NaN. */
  readonly containsNan: boolean | null
  readonly compressedBytes: number
}

/** What writing a part gave. */
export interface WrittenPart {
  readonly rows: number
  readonly fileBytes: number
  readonly footerBytes: number
  readonly columns: readonly ColumnStats[]
}

/** Writes parts. Implemented over DuckDB; the store neither knows nor imports that. */
export interface PartWriter {
  /** @throws TYPE_UNSUPPORTED naming the column and its type, where Parquet could not give it back exactly */
  checkSchema(schema: Schema): void
  /** Writes the frames (dictionaries and batches of `schema`, borrowed until the promise settles) to a new file. */
  writePart(input: {
    readonly schema: Schema
    readonly frames: readonly Frame[]
    readonly path: string
    readonly compressionLevel: number
    readonly metadata: Readonly<Record<string, string>>
    readonly signal?: AbortSignal
  }): Promise<WrittenPart>
  /** Joins parts of one dataset into one new file, sorted by `orderBy` (nothing: in their order). */
  rewriteParts(input: {
    readonly schema: Schema
    readonly sources: readonly string[]
    readonly path: string
    readonly compressionLevel: number
    readonly orderBy: readonly string[]
    readonly metadata: Readonly<Record<string, string>>
  }): Promise<WrittenPart>
}

/** Reads whole parts back as frames, in worker threads. */
export interface PartReader {
  /**
   * Dictionary and batch frames of the parts in order, typed as `schema`; no schema frame.
   * Frames are fresh memory that the consumer owns. Rejects with DATA_CORRUPT on a part that cannot be read.
   */
  readParts(input: {
    readonly schema: Schema
    readonly paths: readonly string[]
    readonly signal?: AbortSignal
  }): AsyncGenerator<Frame>
  close(): Promise<void>
}

/** The rows of a dataset that are in its log, as a pinned snapshot shows them. */
export interface LogRows {
  /** Dictionaries and batches, in order; they can be read without those of the parts. Never written to. */
  readonly frames: readonly Frame[]
  readonly rows: number
  readonly bytes: number
  /** Of the last batch: names the state of the log. */
  readonly sequence: number
}

/** One dataset as a pinned snapshot shows it. Its parts exist until the pin is released. */
export interface PinnedDataset {
  readonly ref: DatasetRef
  /** Dataset and version in one text; changes with every commit to the dataset, never repeats. */
  readonly id: string
  readonly schema: Schema
  readonly parts: readonly { readonly path: string; readonly rows: number }[]
  /** Rows that come after those of the parts and are in none yet; null without any. */
  readonly log: LogRows | null
  /** Of parts and log. */
  readonly rows: number
}

/** One committed state of the lake. */
export interface PinnedLake {
  resolve(ref: DatasetRef): PinnedDataset | undefined
  /** Datasets of a schema whose keys match the glob (`*`, `?`), by key. */
  match(schema: string, glob: string): PinnedDataset[]
  list(): PinnedDataset[]
  /** Parts that were replaced meanwhile may go once every pin is released. Idempotent. */
  release(): void
}

/** What SQL may read. Implemented by the store. */
export interface Lake {
  pin(): PinnedLake
}
