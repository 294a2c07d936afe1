import { ParquetFile, wasmMemory } from 'parquet-wasm'

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
  /** Address of the `ArrowSchema` of all batches. */
  readonly schemaAddress: number
  /** Addresses of their `ArrowArray`s, each a struct with the columns as children. */
  readonly arrayAddresses: readonly number[]
  readonly free: () => void
}

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
    const table = await decoded(this.#file.read({ rowGroups: [index], batchSize: batchRows }))
    const stream = table.intoFFI()
    return {
      memory: moduleMemory(),
      schemaAddress: stream.schemaAddr(),
      arrayAddresses: Array.from(stream.arrayAddrs()),
      free: () => {
        stream.free()
      },
    }
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
