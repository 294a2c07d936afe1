import { type FFIStream, ParquetFile, wasmMemory } from 'parquet-wasm'

/** What the footer of a Parquet file says of it. */
export interface ParquetFooter {
  readonly rows: number
  readonly metadata: ReadonlyMap<string, string>
  readonly createdBy: string | null
  readonly rowGroups: readonly ParquetRowGroup[]
}

export interface ParquetRowGroup {
  readonly rows: number
  /** Of its pages before compression. */
  readonly encodedBytes: number
  /** Leaf columns, in file order. */
  readonly columns: readonly { readonly path: readonly string[]; readonly compressedBytes: number }[]
}

/** Record batches in wasm memory. The addresses are good until `free`, the memory until any other call. */
export interface DecodedBatches {
  readonly memory: ArrayBuffer
  /** The columns, those that were decoded together in one entry: each has the same batches of the same rows. */
  readonly slices: readonly ColumnSlice[]
  readonly free: () => void
}

export interface ColumnSlice {
  /** Address of the `ArrowSchema` of all its batches. */
  readonly schemaAddress: number
  /** Addresses of their `ArrowArray`s, each a struct with the columns as children. */
  readonly arrayAddresses: readonly number[]
}

/**
 * Columns that are decoded together. Each keeps a zstd window of 128 KiB until all are done: 5,000 at once took
 * 605 MiB, and 7 s most of which was growing the memory; 512 at a time take 100 MiB and 1.7 s.
 */
const COLUMNS_AT_ONCE = 512

/** Bytes that parquet-wasm cannot make sense of, where it says so instead of trapping. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError'
}

/**
 * A Parquet file as parquet-wasm reads it.
 *
 * Bytes that it cannot decode make the module trap outside of any promise: the thread gets an uncaught exception,
 * the call never settles, and the module must not be used again. So one call at a time, in a thread of its own.
 */
export class WasmParquetFile {
  readonly footer: ParquetFooter
  readonly #file: ParquetFile

  private constructor(file: ParquetFile) {
    this.#file = file
    this.footer = readFooter(file)
  }

  /** @throws {@link UndecodableError} where the footer is no Parquet footer. */
  static async open(blob: Blob): Promise<WasmParquetFile> {
    return new WasmParquetFile(await decoded(ParquetFile.fromFile(blob)))
  }

  /**
   * Decodes one row group, in batches of at most `batchRows` rows.
   *
   * @throws {@link UndecodableError}, or not at all: see above.
   */
  async readRowGroup(index: number, batchRows: number): Promise<DecodedBatches> {
    const streams: FFIStream[] = []
    const free = (): void => {
      for (const stream of streams) stream.free()
    }
    try {
      for (const columns of this.#columnSlices(index)) {
        const table = await decoded(
          this.#file.read({ rowGroups: [index], batchSize: batchRows, ...(columns && { columns }) }),
        )
        streams.push(table.intoFFI())
      }
    } catch (error) {
      free()
      throw error
    }
    const slices = streams.map((stream) => ({
      schemaAddress: stream.schemaAddr(),
      arrayAddresses: Array.from(stream.arrayAddrs()),
    }))
    return { memory: moduleMemory(), slices, free }
  }

  /** Names of the columns to decode together; null for all, which are then not looked up by name. */
  #columnSlices(rowGroup: number): (string[] | null)[] {
    const paths = this.footer.rowGroups[rowGroup]?.columns.map(({ path }) => path[0] ?? '') ?? []
    if (paths.length <= COLUMNS_AT_ONCE) return [null]
    const names = [...new Set(paths)]
    const count = Math.ceil(names.length / COLUMNS_AT_ONCE)
    return Array.from({ length: count }, (_, slice) =>
      names.slice(slice * COLUMNS_AT_ONCE, (slice + 1) * COLUMNS_AT_ONCE),
    )
  }

  free(): void {
    this.#file.free()
  }
}

async function decoded<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new UndecodableError(text, { cause: error })
  }
}

/** How far the memory of the module has grown; it never shrinks. */
export function wasmMemoryBytes(): number {
  return moduleMemory().byteLength
}

/** Another buffer after each call that made it grow. */
function moduleMemory(): ArrayBuffer {
  // Node's types do not declare WebAssembly.Memory.
  return (wasmMemory() as { readonly buffer: ArrayBuffer }).buffer
}

function readFooter(file: ParquetFile): ParquetFooter {
  using footer = file.metadata()
  using fileMetadata = footer.fileMetadata()
  return {
    rows: fileMetadata.numRows(),
    metadata: fileMetadata.keyValueMetadata() as Map<string, string>,
    createdBy: fileMetadata.createdBy() ?? null,
    rowGroups: footer.rowGroups().map((rowGroup) => ({
      rows: rowGroup.numRows(),
      encodedBytes: rowGroup.totalByteSize(),
      columns: rowGroup.columns().map((column) => ({
        path: column.columnPath(),
        compressedBytes: column.compressedSize(),
      })),
    })),
  }
}
