import type { Schema } from '../../../flight/ipc/schema.ts'
import type { ErrorCode } from '../../errors.ts'
import type { DictionaryColumn, ValueList } from './dictionary-types.ts'
import type { ParquetFooter } from './parquet-wasm.ts'

/**
 * What the main thread asks of a worker. A file is opened before it is asked of, and its number never used again.
 * A worker takes one request after the other, and answers each but `close` with `done` or `failed`.
 */
export type WorkerRequest =
  | { readonly kind: 'open'; readonly file: number; readonly path: string; readonly schema: Schema | null }
  | { readonly kind: 'footer'; readonly task: number; readonly file: number }
  | { readonly kind: 'rowGroup'; readonly task: number; readonly file: number; readonly rowGroup: number }
  | { readonly kind: 'close'; readonly file: number }

/** A record batch, as it crosses threads: all copied but the body, which is handed over. */
export interface BatchParts {
  readonly rows: number
  /** The IPC message. */
  readonly header: Uint8Array<ArrayBuffer>
  readonly body: ArrayBuffer
  /** Its dictionary-encoded columns, always all of them in the same order. */
  readonly dictionaries: readonly DictionaryParts[]
}

/** A dictionary-encoded column of a batch. Its indices count within `values`. */
export interface DictionaryParts {
  readonly id: bigint
  /** Null for those of the batch before it, of the same row group. */
  readonly values: ValueList | null
  /** The values are the dictionary as it was put, which must not be changed. */
  readonly isKnown: boolean
  readonly codes: DictionaryColumn['codes']
}

export type WorkerReply =
  | { readonly kind: 'batch'; readonly task: number; readonly batch: BatchParts }
  | {
      readonly kind: 'done'
      readonly task: number
      readonly footer: PartFooter | null
      readonly wasmBytes: number
    }
  | { readonly kind: 'failed'; readonly task: number; readonly failure: WorkerFailure }

/** An error, as it crosses threads. */
export interface WorkerFailure {
  readonly code: ErrorCode
  readonly message: string
  /** For the log: what was caught. */
  readonly cause: string
  /** The module trapped: the worker must not be used again. */
  readonly isTrap: boolean
  /** What was done before in the module may be why it trapped, and a fresh one not trap. */
  readonly canRetry: boolean
}

/** The footer of a part. */
export interface PartFooter extends ParquetFooter {
  readonly fileBytes: number
  /** Without its length and the magic at the end of the file. */
  readonly footerBytes: number
}
