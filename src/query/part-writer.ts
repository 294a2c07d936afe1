import { rm } from 'node:fs/promises'

import { encodeSchema, type Schema } from '../../flight/ipc/schema.ts'
import { encapsulate } from '../../flight/ipc/stream.ts'
import { LIMITS } from '../limits.ts'
import type { ColumnStats, ColumnValues, PartitionRows, PartWriter, WrittenPart } from '../store/parts.ts'
import type { Partition } from '../store/partitions.ts'
import type { Duck } from './duck.ts'
import { quoteName, quoteText, type Connection } from './duckdb.ts'
import { betterEncodings } from './encoding-check.ts'
import { FramesTable } from './frames-table.ts'
import { copyStatement, leavesOf, rowGroupRows, type Encodings, type Leaf } from './parquet-copy.ts'
import { dictionaryMetadata, joinedDictionaryMetadata } from './part-dictionaries.ts'
import { columnValues, isLookedUp } from './part-values.ts'
import { olderCondition, partitionCondition, partitionsOf } from './part-partitions.ts'
import { fieldIds, storageOf, type FieldId } from './storage-types.ts'

/** Under this key pyarrow, parquet-wasm and others look for the Arrow schema that a file was written from. */
const ARROW_SCHEMA_KEY = 'ARROW:schema'

/** The newest encodings: they make the smallest files. */
const FIRST_TRY: Encodings = { parquetVersion: 2, hasDictionaries: true }

interface Writing {
  /** A table in SQL; scanned once for each try. */
  readonly source: string
  readonly ids: readonly FieldId[]
  readonly path: string
  readonly compressionLevel: number
  readonly metadata: Readonly<Record<string, string>>
  readonly rows: number
  /** Arrow bytes or what comes near them, for the size of row groups. */
  readonly bytes: number
  /** At most. */
  readonly rowGroupRows: number
  readonly hasBloomFilters: boolean
  /** Of columns at the top level, by name. */
  readonly values: ReadonlyMap<string, ColumnValues>
}

/**
 * Writes parts as Parquet, through DuckDB's `COPY`. A part that fails leaves no file.
 *
 * @param encoder - an instance of one thread is best: a scan of frames keeps one busy, and where there
 * is another, the thread that waits for it spins. Measured with all cores taken: 20 to 40 % less time.
 */
export function createPartWriter(encoder: Duck): PartWriter {
  return new DuckPartWriter(encoder)
}

class DuckPartWriter implements PartWriter {
  readonly #encoder: Duck

  constructor(encoder: Duck) {
    this.#encoder = encoder
  }

  checkSchema(schema: Schema): void {
    storageOf(schema)
  }

  async partitionFrames(input: Parameters<PartWriter['partitionFrames']>[0]): Promise<PartitionRows[]> {
    const { schema, frames, by, signal } = input
    const table = await FramesTable.of(this.#encoder)
    const held = table.hold(schema, frames, signal)
    try {
      return await this.#encoder.useUntil(signal, (connection) =>
        partitionsOf(connection, schema, by, held.sql),
      )
    } catch (error) {
      throw held.failure ?? error
    } finally {
      held.release()
    }
  }

  partitionParts(input: Parameters<PartWriter['partitionParts']>[0]): Promise<PartitionRows[]> {
    const { schema, sources, by, signal } = input
    return this.#encoder.useUntil(signal, (connection) =>
      partitionsOf(connection, schema, by, partsTable(sources)),
    )
  }

  countOlder(input: Parameters<PartWriter['countOlder']>[0]): Promise<number> {
    const { schema, sources, limit, signal } = input
    return this.#encoder.useUntil(signal, async (connection) => {
      const [[rows] = []] = await connection.run(
        `SELECT count(*) FROM ${partsTable(sources)} WHERE ${olderCondition(schema, limit)}`,
      )
      return Number(rows)
    })
  }

  async writePart(input: Parameters<PartWriter['writePart']>[0]): Promise<WrittenPart> {
    const { schema, frames, signal } = input
    const table = await FramesTable.of(this.#encoder)
    const held = table.hold(schema, frames, signal)
    try {
      const { only } = input
      // Of some of the rows nobody knows which dictionary they had.
      const dictionaries = only === undefined ? await dictionaryMetadata(schema, frames) : {}
      return await this.#encoder.useUntil(signal, (connection) =>
        this.#write(connection, {
          source: only === undefined ? held.sql : rowsOf(held.sql, schema, only),
          ids: fieldIds(schema),
          path: input.path,
          compressionLevel: input.compressionLevel,
          metadata: { ...withArrowSchema(schema, input.metadata), ...dictionaries },
          rows: held.rows,
          bytes: frames.reduce((sum, frame) => sum + frame.byteLength, 0),
          rowGroupRows: LIMITS.rowGroupRows,
          hasBloomFilters: true,
          values: new Map(),
        }),
      )
    } catch (error) {
      await rm(input.path, { force: true })
      throw held.failure ?? error
    } finally {
      held.release()
    }
  }

  /** Rows that are equal in `orderBy` keep their order. */
  async rewriteParts(input: Parameters<PartWriter['rewriteParts']>[0]): Promise<WrittenPart> {
    const { schema, sources, orderBy, only, since, signal } = input
    const files = listOf(sources)
    // Read from Parquet, milliseconds are microseconds; the cast turns them back.
    const columns = storageOf(schema).map(({ field, sql }) => {
      const name = quoteName(field.name)
      return `CAST(${name} AS ${sql}) AS ${name}`
    })
    const conditions = [
      ...(only === undefined ? [] : [partitionCondition(schema, only)]),
      ...(since === undefined ? [] : [`(${olderCondition(schema, since)}) IS NOT TRUE`]),
    ]
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    const order = [...orderBy.map(quoteName), 'file_index', 'file_row_number']
    const sorted = orderBy.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`
    try {
      return await this.#encoder.useUntil(signal, async (connection) => {
        const size = await sizeOf(connection, files)
        const values = await columnValues(connection, schema, `${partsTable(sources)}${where}`)
        // Of rows in another order nobody knows which dictionary they had.
        const isWhole = orderBy.length === 0 && where === ''
        const dictionaries = isWhole ? await joinedDictionaryMetadata(connection, sources) : {}
        return this.#write(connection, {
          source: `(SELECT ${columns.join(', ')} FROM ${partsTable(sources)}${where}${sorted})`,
          ids: fieldIds(schema),
          path: input.path,
          compressionLevel: input.compressionLevel,
          metadata: { ...withArrowSchema(schema, input.metadata), ...dictionaries },
          ...size,
          rowGroupRows: LIMITS.compactRowGroupRows,
          values,
          hasBloomFilters: isLookedUp(schema, values),
        })
      })
    } catch (error) {
      await rm(input.path, { force: true })
      throw error
    }
  }

  /** Writes the file, and once more with plainer encodings where the first ones do not keep every value. */
  async #write(connection: Connection, writing: Writing): Promise<WrittenPart> {
    const leaves = leavesOf(writing.ids)
    const first = await this.#copy(connection, writing, leaves, FIRST_TRY)
    const better = await betterEncodings(connection, writing, leaves, first)
    return better === null ? first : this.#copy(connection, writing, leaves, better)
  }

  async #copy(
    connection: Connection,
    writing: Writing,
    leaves: readonly Leaf[],
    encodings: Encodings,
  ): Promise<WrittenPart> {
    const statement = copyStatement({
      ...writing,
      rowGroupRows: rowGroupRows(writing.rows, writing.bytes, writing.rowGroupRows),
      encodings,
    })
    const [row] = await connection.run(statement)
    if (row === undefined) throw new Error('COPY returned no statistics')
    const [, rows, fileBytes, footerBytes, statistics] = row
    return {
      rows: Number(rows),
      fileBytes: Number(fileBytes),
      footerBytes: Number(footerBytes),
      columns: readStatistics(statistics, leaves).map((column, index) =>
        isTopLevel(leaves[index]) ? { ...column, ...writing.values.get(column.name) } : column,
      ),
    }
  }
}

function listOf(sources: readonly string[]): string {
  return `[${sources.map(quoteText).join(', ')}]`
}

/** Older parts may lack columns of the schema: they are null there. */
function partsTable(sources: readonly string[]): string {
  return `read_parquet(${listOf(sources)}, union_by_name = true)`
}

function rowsOf(source: string, schema: Schema, only: Partition): string {
  return `(FROM ${source} WHERE ${partitionCondition(schema, only)})`
}

function isTopLevel(leaf: Leaf | undefined): boolean {
  return leaf !== undefined && leaf.node === leaf.column
}

function withArrowSchema(
  schema: Schema,
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const bytes = encapsulate(encodeSchema(schema))
  return { [ARROW_SCHEMA_KEY]: Buffer.from(bytes).toString('base64'), ...metadata }
}

async function sizeOf(connection: Connection, files: string): Promise<{ rows: number; bytes: number }> {
  const [[rows, bytes] = []] = await connection.run(
    `SELECT coalesce(sum(num_values) FILTER (column_id = 0), 0), coalesce(sum(total_uncompressed_size), 0)
     FROM parquet_metadata(${files})`,
  )
  return { rows: Number(rows), bytes: Number(bytes) }
}

type RunValue = Awaited<ReturnType<Connection['run']>>[number][number]

function readStatistics(value: RunValue | undefined, leaves: readonly Leaf[]): ColumnStats[] {
  const byLeaf = mapEntries(value)
  return leaves.map((leaf) => {
    const stats = mapEntries(byLeaf.get(leaf.statsKey))
    const text = (key: string): string | null => {
      const entry = stats.get(key)
      return typeof entry === 'string' ? entry : null
    }
    const hasNan = text('has_nan')
    return {
      name: leaf.name,
      fieldId: leaf.node.id,
      nullCount: Number(text('null_count') ?? 0),
      min: text('min'),
      max: text('max'),
      containsNan: hasNan === null ? null : hasNan === 'true',
      compressedBytes: Number(text('column_size_bytes') ?? 0),
    }
  })
}

/** A MAP as the rows of a result have it: a list of objects with key and value. */
function mapEntries(value: RunValue | undefined): Map<string, RunValue> {
  const entries = new Map<string, RunValue>()
  if (!Array.isArray(value)) return entries
  for (const entry of value) {
    if (entry === null || typeof entry !== 'object' || !('key' in entry) || !('value' in entry)) continue
    const pair = entry as Record<'key' | 'value', RunValue>
    if (typeof pair.key === 'string') entries.set(pair.key, pair.value)
  }
  return entries
}
