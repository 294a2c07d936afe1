import { encodeBatch } from '../../../flight/ipc/message.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { ColumnPlan } from './column-plan.ts'
import { planColumn } from './columns.ts'
import type { KnownDictionaries, KnownRows, ValueList } from './dictionary-types.ts'
import { type FfiArray, FfiMemory, readFfiArray, readFfiField } from './ffi.ts'
import { byteWidthOf } from './fixed-column.ts'
import { FrameBodyBuilder } from './frame-body.ts'
import { type ColumnSlice, type DecodedBatches, WasmParquetFile } from './parquet-wasm.ts'
import { PartDictionaries } from './part-dictionaries.ts'
import { PartOccurrences } from './part-occurrences.ts'
import type { PartBlob } from './part-blob.ts'
import type { BatchParts, PartFooter } from './protocol.ts'
import { ARROW_SCHEMA_KEY } from './schema-hints.ts'

/** What a body may take, so that with its header and the rest of its message it stays under the target. */
const BODY_BYTES_TARGET = LIMITS.frameBytesTarget - 16 * 1024

/**
 * The largest row group that is decoded, by its pages or its rows: the module has 4 GiB and needs several times as
 * much as it gives. Ours have 131,072 rows; this is for those of other programs.
 */
const ROW_GROUP_BYTES_MAX = 1024 * 1024 * 1024

/** Where in its struct each column stands, and how it is taken out. */
interface PlannedColumn {
  readonly index: number
  readonly plan: ColumnPlan
}

/** Rows of an array, and the dictionaries that they were put with. */
interface RowRun {
  readonly start: number
  readonly count: number
  /** The row of the part that the first one is. */
  readonly row: number
  readonly dictionaries: KnownDictionaries
}

/** An open part, in a worker. */
export class PartFile {
  readonly #blob: PartBlob
  readonly #file: WasmParquetFile
  readonly #schema: Schema | null
  readonly #name: string
  readonly #dictionaries: PartDictionaries
  readonly #occurrences: PartOccurrences
  #columns: readonly PlannedColumn[] | undefined

  private constructor(name: string, blob: PartBlob, file: WasmParquetFile, schema: Schema | null) {
    this.#name = name
    this.#blob = blob
    this.#file = file
    this.#schema = schema
    this.#dictionaries = PartDictionaries.of(file.footer.metadata, schema)
    this.#occurrences = PartOccurrences.of(file.footer.metadata, schema)
  }

  /**
   * @param name - of the file, without its folder.
   * @param blob - closed by whoever opened it, after the part.
   * @param schema - that of the frames to be made; null where only the footer is wanted.
   */
  static async open(name: string, blob: PartBlob, schema: Schema | null): Promise<PartFile> {
    return new PartFile(name, blob, await WasmParquetFile.open(blob), schema)
  }

  get footer(): PartFooter {
    const { footer } = this.#file
    const { arrowSchema, size: fileBytes, footerBytes } = this.#blob
    const metadata = new Map(footer.metadata)
    if (arrowSchema !== null) metadata.set(ARROW_SCHEMA_KEY, arrowSchema)
    return { ...footer, metadata, fileBytes, footerBytes }
  }

  close(): void {
    this.#file.free()
  }

  /**
   * The batches of one row group, each of at most 65,536 rows and about 2 MiB.
   *
   * @throws {@link SternaError} TYPE_UNSUPPORTED, LIMIT_EXCEEDED, DATA_CORRUPT. A trap is no rejection, see
   * {@link WasmParquetFile}.
   */
  async *readRowGroup(index: number): AsyncGenerator<BatchParts> {
    this.#checkSize(index)
    const batches = await this.#decode(index)
    try {
      const memory = new FfiMemory(batches.memory)
      this.#columns ??= this.#planColumns(memory, batches.slices)
      const sent: ValueList[] = []
      let row = this.#firstRow(index)
      for (let batch = 0; batch < (batches.slices[0]?.arrayAddresses.length ?? 0); batch++) {
        const array = readBatch(memory, batches.slices, batch)
        for (let start = 0; start < array.length;) {
          const { dictionaries, end } = this.#dictionaries.at(row + start)
          const runEnd = Math.min(end, this.#occurrences.end(row + start), row + array.length)
          const count = runEnd - row - start
          yield* this.#splitRows(array, { start, count, row: row + start, dictionaries }, sent)
          start += count
        }
        row += array.length
      }
    } finally {
      batches.free()
    }
  }

  /**
   * Rows of a batch, in as many batches as keep each under the target.
   *
   * @param sent - the values that each dictionary-encoded column was sent with last; updated.
   */
  *#splitRows(array: FfiArray, run: RowRun, sent: ValueList[]): Generator<BatchParts> {
    const { start, count, row, dictionaries } = run
    const known: KnownRows = {
      dictionaries,
      occurrencesOf: (field) => this.#occurrences.of(field, row, count),
    }
    const body = new FrameBodyBuilder(count, known)
    for (const { index, plan } of this.#columns ?? []) {
      const column = array.children[index]
      if (column !== undefined) plan(column, array.offset + start, count, body)
    }
    if (body.unknown !== null) {
      const rest = new Map(dictionaries)
      rest.delete(body.unknown)
      yield* this.#splitRows(array, { ...run, dictionaries: rest }, sent)
      return
    }
    if (body.crowded !== null && count === 1) {
      throw new SternaError(
        'TYPE_UNSUPPORTED',
        `Column '${body.crowded}' has more distinct values in one row than its dictionary index can count`,
      )
    }
    const pieces = body.crowded === null ? Math.ceil(body.byteLength / BODY_BYTES_TARGET) : 2
    if (pieces > 1 && count > 1) {
      const rows = rowsPerPiece(count, pieces)
      for (let at = 0; at < count; at += rows) {
        const piece = { start: start + at, count: Math.min(rows, count - at), row: row + at, dictionaries }
        yield* this.#splitRows(array, piece, sent)
      }
      return
    }
    const columns = body.dictionaries.map(({ id, values, isKnown, codes }, column) => {
      const isSent = sent[column] === values
      sent[column] = values
      return { id, values: isSent ? null : values, isKnown, codes }
    })
    const { header, bytes } = body.finish()
    // The message is copied to memory of its own: a view would take all of what it is a view of along.
    const message = new Uint8Array(encodeBatch(header, bytes.byteLength))
    yield { rows: count, header: message, body: bytes, dictionaries: columns }
  }

  async #decode(index: number): Promise<DecodedBatches> {
    const plain = this.#blob.plainRowGroup(index)
    if (plain === null) return this.#file.readRowGroup(index, LIMITS.frameRowsTarget)
    const file = await WasmParquetFile.open(plain)
    try {
      return await file.readRowGroup(0, LIMITS.frameRowsTarget)
    } finally {
      file.free()
    }
  }

  #firstRow(rowGroup: number): number {
    return this.#file.footer.rowGroups.slice(0, rowGroup).reduce((sum, { rows }) => sum + rows, 0)
  }

  #checkSize(index: number): void {
    const rowGroup = this.#file.footer.rowGroups[index]
    const rowBytes = (this.#schema?.fields ?? []).reduce(
      (sum, field) => sum + (byteWidthOf(field.type) ?? 4),
      0,
    )
    const bytes = Math.max(rowGroup?.encodedBytes ?? 0, (rowGroup?.rows ?? 0) * rowBytes)
    if (bytes <= ROW_GROUP_BYTES_MAX) return
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `A row group of part ${this.#name} has ${bytes} bytes, and at most ${ROW_GROUP_BYTES_MAX} can be read`,
    )
  }

  #planColumns(memory: FfiMemory, slices: readonly ColumnSlice[]): PlannedColumn[] {
    const actual = slices.flatMap(({ schemaAddress }) => readFfiField(memory, schemaAddress).children)
    const indices = new Map(actual.map(({ name }, index) => [name, index]))
    return (this.#schema?.fields ?? []).map((field) => {
      const index = indices.get(field.name)
      const column = index === undefined ? undefined : actual[index]
      if (index === undefined || column === undefined) {
        throw new SternaError('DATA_CORRUPT', `Part ${this.#name} has no column '${field.name}'`)
      }
      return { index, plan: planColumn(field, column, field.name) }
    })
  }
}

/** A batch with the columns of all slices. */
function readBatch(memory: FfiMemory, slices: readonly ColumnSlice[], batch: number): FfiArray {
  const [first, ...others] = slices.map(({ arrayAddresses }) =>
    readFfiArray(memory, arrayAddresses[batch] ?? 0),
  )
  if (first === undefined) throw new Error('A row group was decoded without columns')
  return { ...first, children: [first, ...others].flatMap(({ children }) => children) }
}

/** Whole bytes of validity, where there are rows enough for that: such a slice is copied, others are shifted. */
function rowsPerPiece(count: number, pieces: number): number {
  const rows = Math.ceil(count / pieces)
  return rows < 64 ? rows : Math.ceil(rows / 8) * 8
}
