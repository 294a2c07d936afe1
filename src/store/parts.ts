import type { DatasetRef } from '../../flight/descriptor.ts'
import type { Frame } from '../../flight/frame.ts'
import type { Field, Schema } from '../../flight/ipc/schema.ts'
import type { PartFilter } from './part-filter.ts'
import type { Partition, PartitionBy, PartitionValue } from './partitions.ts'

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

/** Which values but null a column of a part has: all of them where they are few, a filter of them, or nobody knows. */
export interface ColumnValues {
  /** As DuckDB prints them. */
  readonly values?: readonly string[]
  /** As `value-filter.ts` makes it. */
  readonly filter?: Uint8Array
}

/** Statistics of one column in one part, as the catalog keeps them for pruning. */
export interface ColumnStats extends ColumnValues {
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
  /** Written by another program: its columns are known by their names, since they have no field ids of ours. */
  readonly isForeign?: boolean
}

/** A Parquet file of another program, as it can be a part. */
export interface ForeignPart {
  readonly schema: Schema
  readonly written: WrittenPart
}

/** A part that is written and synced under its temporary name, and in no catalog yet. */
export interface StagedPart {
  readonly path: string
  readonly written: WrittenPart
  readonly arrowBytes: number
  readonly partition: Partition | null
  /** False where rows of its partition stood behind those of a later one, or of none. */
  readonly isInOrder: boolean
}

/** Which rows are of a partition. */
export interface PartitionRows {
  readonly value: PartitionValue
  readonly rows: number
  /** The first and the last of them among all rows, from 0. Rows of other partitions may stand between. */
  readonly first: number
  readonly last: number
}

/** Rows from an instant on; those without a time are of any. */
export interface TimeLimit {
  readonly column: string
  /** ISO 8601 with an offset. */
  readonly time: string
}

/** Writes parts. Implemented over DuckDB; the store neither knows nor imports that. */
export interface PartWriter {
  /** @throws TYPE_UNSUPPORTED naming the column and its type, where Parquet could not give it back exactly */
  checkSchema(schema: Schema): void
  /** The partitions of the rows of frames, in their order. Frames are borrowed until the promise settles. */
  partitionFrames(input: {
    readonly schema: Schema
    readonly frames: readonly Frame[]
    readonly by: PartitionBy
    readonly signal?: AbortSignal
  }): Promise<PartitionRows[]>
  /** The partitions of the rows of parts, in their order. */
  partitionParts(input: {
    readonly schema: Schema
    readonly sources: readonly string[]
    readonly by: PartitionBy
    readonly signal: AbortSignal
  }): Promise<PartitionRows[]>
  /** Writes the frames (dictionaries and batches of `schema`, borrowed until the promise settles) to a new file. */
  writePart(input: {
    readonly schema: Schema
    readonly frames: readonly Frame[]
    readonly path: string
    readonly compressionLevel: number
    readonly metadata: Readonly<Record<string, string>>
    /** Leaves the rows of other partitions out. */
    readonly only?: Partition
    readonly signal?: AbortSignal
  }): Promise<WrittenPart>
  /** How many rows of parts are older than a limit. */
  countOlder(input: {
    readonly schema: Schema
    readonly sources: readonly string[]
    readonly limit: TimeLimit
    readonly signal: AbortSignal
  }): Promise<number>
  /** Joins parts of one dataset into one new file, sorted by `orderBy` (nothing: in their order). */
  rewriteParts(input: {
    readonly schema: Schema
    readonly sources: readonly string[]
    readonly path: string
    readonly compressionLevel: number
    readonly orderBy: readonly string[]
    readonly metadata: Readonly<Record<string, string>>
    /** Leaves the rows of other partitions out. */
    readonly only?: Partition
    /** Leaves rows that are older out. */
    readonly since?: TimeLimit
    readonly signal?: AbortSignal
  }): Promise<WrittenPart>
}

/** Looks at files of other programs. Implemented over DuckDB, as {@link PartWriter} is. */
export interface ForeignReader {
  /**
   * What a file holds; every value of it is read.
   *
   * @throws TYPE_UNSUPPORTED naming a column whose values a part of ours would have in another type; what DuckDB says
   * of a file that it cannot read
   */
  inspect(path: string, signal: AbortSignal): Promise<ForeignPart>
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

/** What a rollup is of. */
export interface RollupDefinition {
  /** As it was declared. */
  readonly sql: string
  readonly source: DatasetRef
  /** The query as it is computed, around the place where the source is read. */
  readonly before: string
  readonly after: string
  /** The column of the source that is put into buckets. */
  readonly time: string
  /** The width of a bucket: whole months, or microseconds. */
  readonly width: BucketWidth
  /** The columns of the rollup that its rows are ordered by: the bucket, then the groups. */
  readonly order: readonly [string, ...string[]]
}

/** One of the two is 0. */
export interface BucketWidth {
  readonly months: number
  readonly us: number
}

/** What a dataset that is a rollup is read from: its own parts up to an instant, its source from there. */
export interface PinnedRollup {
  readonly definition: RollupDefinition
  readonly source: PinnedDataset
  /**
   * Rows of its parts whose bucket begins before it are as the query gives them over the parts of the source; µs since
   * 1970. Null: no row of them is.
   */
  readonly watermarkUs: number | null
  /** Rows from this instant on, and those without a time, are left out; null to leave none out. */
  readonly untilUs: number | null
  /** The parts of the source that can hold rows at an instant or after it, or rows without a time. */
  readonly sourceParts: (fromUs: number | null) => {
    readonly parts: PinnedDataset['parts']
    readonly hasNulls: boolean
  }
}

/** Rows `[start, end)` of a batch, or a dictionary, which has none. */
export interface FrameRows {
  readonly frame: Frame
  readonly start: number
  readonly end: number
}

/** Rows that a condition wants, in memory, with all dictionaries of their dataset before the batches that need them. */
export interface SelectedRows {
  readonly selected: readonly FrameRows[]
  /** There are no others among them. */
  readonly isExact: boolean
}

/** One part as a pinned snapshot shows it: where its file is. */
export interface PinnedPart {
  readonly path: string
  /** 0 of one that is opened for its columns alone. */
  readonly rows: number
  readonly of: DatasetRef
}

export interface ComparisonOptions {
  /** Of whoever waits; to be aborted when nobody does. */
  readonly signal: AbortSignal
  /** However much there is to compare. */
  readonly isAll: boolean
}

/** Finds out whether parts are what was written, which DuckDB does not. Implemented by the store. */
export interface PartComparer {
  /**
   * Compares parts with their checksums, each at most once in the life of the server.
   *
   * @param parts - pinned until the promise settles
   * @returns null where all have been compared; else resolves with whether all have been now: without `isAll`, those
   * beyond `comparedBytesMax` are compared later
   * @throws DATA_CORRUPT naming a part that is known to be damaged; the promise rejects with it, DISK_FAILED, CANCELLED
   */
  compare(parts: readonly PinnedPart[], options: ComparisonOptions): Promise<boolean> | null
}

/** One dataset as a pinned snapshot shows it. Its parts exist until the pin is released. */
export interface PinnedDataset {
  readonly ref: DatasetRef
  /** Dataset and version in one text; changes with every commit to the dataset, never repeats. */
  readonly id: string
  readonly schema: Schema
  readonly parts: readonly PinnedPart[]
  /** Those of the parts that can have rows which meet all of the conditions; without it nobody knows. */
  readonly partsWith?: (filters: readonly PartFilter[]) => Promise<PinnedDataset['parts']>
  /**
   * The rows of parts and log that can meet all of the conditions, where the dataset is in memory. A dataset that is made
   * of some of the rows has it no longer.
   */
  readonly rowsWith?: (filters: readonly PartFilter[]) => SelectedRows | undefined
  /** Rows that come after those of the parts and are in none yet; null without any. */
  readonly log: LogRows | null
  /** Of parts and log. */
  readonly rows: number
  /** Null for a dataset that clients put. */
  readonly rollup: PinnedRollup | null
}

/** A query with a name, as a pinned snapshot shows it. */
export interface PinnedView {
  readonly ref: DatasetRef
  readonly sql: string
  /** Of its columns; empty for those of the query. */
  readonly names: readonly string[]
}

/** A state of the past: a snapshot, or the one that was the last at an instant (ISO 8601, UTC without an offset). */
export type PastMoment = { readonly version: number } | { readonly timestamp: string }

/** One committed state of the lake. */
export interface PinnedLake {
  /**
   * The lake as a snapshot of the past has it, without rows of logs; released with this one.
   *
   * @throws VERSION_NOT_FOUND where it is not kept or not there yet; REQUEST_INVALID for what is no instant
   */
  at(moment: PastMoment): PinnedLake
  /** Which version it is, where it was asked for by {@link at}. */
  readonly past?: number | undefined
  resolve(ref: DatasetRef): PinnedDataset | undefined
  /** Datasets of a schema whose keys match the glob (`*`, `?`), by key. */
  match(schema: string, glob: string): PinnedDataset[]
  list(): PinnedDataset[]
  views(): readonly PinnedView[]
  /** Dictionaries and batches of a dataset, all of them, where they are in memory; shared, never written to. */
  frames?(ref: DatasetRef): readonly Frame[] | undefined
  /** A temporary table of the session, where there is a session. */
  temporary?(key: string): PinnedDataset | undefined
  /** Parts that were replaced meanwhile may go once every pin is released. Idempotent. */
  release(): void
}

/** What SQL may read. Implemented by the store. */
export interface Lake {
  pin(): PinnedLake
}

/** Rows for one dataset, to become parts that are in no catalog yet. */
export interface NewRows {
  readonly ref: DatasetRef
  readonly schema: Schema
  /** Dictionaries and batches of the schema; never written to. */
  readonly frames: AsyncIterable<Frame>
  /** Whether they come after all others, are the whole of the dataset, or take the place of a part: its path. */
  readonly place: 'end' | 'whole' | { readonly path: string }
  /** Parts that the rows were in and are to go: compared with their checksums, since SQL has read them. */
  readonly sources?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * A transaction over the lake, as SQL that writes needs it. What it has changed is seen by those that pin it, and by
 * nobody else until it is committed. Implemented by the store.
 */
export interface WritableLake extends Lake {
  /** Of temporary tables; null where there are none, since nobody would end them. */
  readonly temporarySchema: string | null
  /**
   * A dataset whose rows are all in parts, those of its log included, and which takes part in conflicts from here on.
   *
   * @throws COMMIT_CONFLICT where it is no longer the dataset that the transaction has seen
   */
  settle(ref: DatasetRef): Promise<PinnedDataset>
  /** Writes rows as parts; they count for nothing until one of the following names them. @throws LIMIT_EXCEEDED, DISK_FULL */
  write(rows: NewRows): Promise<readonly StagedPart[]>
  /** Makes a dataset, or puts another in its place. @throws DATASET_EXISTS, KEY_INVALID, TYPE_UNSUPPORTED */
  create(ref: DatasetRef, schema: Schema, parts: readonly StagedPart[], isReplace: boolean): void
  /**
   * As a replace that keeps what is said of the dataset, and is refused where others have changed it.
   *
   * @param renamed - the new names of columns, by their old ones
   */
  alter(
    ref: DatasetRef,
    schema: Schema,
    parts: readonly StagedPart[],
    renamed: ReadonlyMap<string, string>,
  ): void
  /** Parts that go, by path, each with those that come in its place, and parts that come after all others. */
  change(
    ref: DatasetRef,
    replaced: ReadonlyMap<string, readonly StagedPart[]>,
    added: readonly StagedPart[],
  ): void
  drop(ref: DatasetRef): void
  /** Schemas by name, those without tables included. */
  hasSchema(schema: string): boolean
  createSchema(schema: string): void
  /** @throws REQUEST_INVALID where it has tables or views */
  dropSchema(schema: string): void
  /** Makes a view, or puts another in its place. @throws DATASET_EXISTS where a dataset has the name */
  createView(view: PinnedView): void
  dropView(ref: DatasetRef): void
  /** Says something of a schema, a table or view, or a column of a table; null for nothing. */
  comment(
    on: { readonly schema: string } | { readonly ref: DatasetRef; readonly column: string | null },
    text: string | null,
  ): void
}
