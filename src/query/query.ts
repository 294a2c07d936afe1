import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import type { JsonValue } from '../../flight/request.ts'
import type { Lake } from '../store/parts.ts'
import type { ParameterRow } from './parameters.ts'
import type { QueryProgress } from './query-progress.ts'
import type { MemoryShare } from './sql-memory.ts'

/** One statement of a client. */
export interface QueryRequest {
  readonly sql: string
  /** By position or by name, as JSON or as a row of Arrow values. */
  readonly parameters?: JsonValue[] | Record<string, JsonValue> | ParameterRow | undefined
  /** The schema of tables that name none; `main` when absent. */
  readonly schema?: string | undefined
  /** Of times with a zone, a name of the tz database; UTC when absent. */
  readonly timeZone?: string | undefined
  /** What it reads; when absent, the lake as it is when the statement starts. */
  readonly lake?: Lake | undefined
  /** In which it runs; that of everybody when absent. */
  readonly memory?: MemoryShare | undefined
  /** What the table `input` is; borrowed until the result is closed. */
  readonly input?: { readonly schema: Schema; readonly frames: readonly Frame[] } | undefined
  /** The Arrow types that the columns are to have, by position; those of {@link resultSchema} when absent. */
  readonly target?: Schema | undefined
  readonly signal?: AbortSignal | undefined
  /** It is of a statement that writes: no cache keeps what it gives, and all that it reads is compared before its end. */
  readonly isWrite?: boolean | undefined
  /** Is told how far the statement is. */
  readonly progress?: QueryProgress | undefined
}

/** What a statement will give, known without running it. */
export interface QueryDescription {
  readonly schema: Schema
  /** The schema as IPC message, byte for byte what the result has. */
  readonly schemaHeader: Uint8Array
  /** True where the statement orders its rows. */
  readonly isOrdered: boolean
  /** By position or by name, with the types that DuckDB expects; utf8 where it expects none yet. */
  readonly parameters: Schema
}

/** A running query. It holds a snapshot of the lake until its frames have ended or it is closed. */
export interface QueryResult {
  /** How many parts are read, of how many that the tables have; absent where none had to be looked at. */
  readonly parts?: { readonly opened: number; readonly of: number }
  readonly schema: Schema
  readonly schemaHeader: Uint8Array
  readonly isOrdered: boolean
  /** Dictionary and batch frames, which the reader owns. Rejects where the query fails on the way. */
  readonly frames: AsyncGenerator<Frame>
  /** Ends the query wherever it is. Needed where the frames are not read to their end; always allowed. */
  close(): void
}
