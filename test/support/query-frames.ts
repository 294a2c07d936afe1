/** Runs SQL of the test itself, past the gate, into frames, and reads frames back with apache-arrow. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { tableFromIPC, type Table } from 'apache-arrow'
import { makeFrame, type Frame } from '../../flight/frame.ts'
import { encodeSchema, type ArrowType, type Field, type Schema } from '../../flight/ipc/schema.ts'
import { writeIpcStream } from '../../flight/ipc/stream.ts'
import { statementColumns } from '../../src/query/describe.ts'
import { Duck } from '../../src/query/duck.ts'
import type { Connection } from '../../src/query/duckdb.ts'
import { ResultStream } from '../../src/query/result-stream.ts'
import { resultSchema } from '../../src/query/result-types.ts'

export interface TestDuck {
  readonly duck: Duck
  /** Of the test; its files are all that SQL may touch. */
  readonly directory: string
  readonly close: () => void
}

export async function openTestDuck(): Promise<TestDuck> {
  const directory = mkdtempSync(path.join(tmpdir(), 'sterna-query-'))
  const duck = await Duck.open({
    dataDirectory: directory,
    tempDirectory: path.join(directory, 'tmp'),
    allowedDirectories: [],
    memoryLimit: '1GB',
    threads: 2,
  })
  return {
    duck,
    directory,
    close: () => {
      duck.close()
      rmSync(directory, { recursive: true })
    },
  }
}

export interface Started {
  readonly schema: Schema
  readonly stream: ResultStream
  readonly connection: Connection
  /** True once the stream has given the connection back. */
  isClosed(): boolean
}

/** Starts a statement; the connection is closed with the stream. */
export async function start(
  duck: Duck,
  sql: string,
  options: { target?: Schema; signal?: AbortSignal } = {},
): Promise<Started> {
  const connection = await duck.connect()
  const statement = await connection.prepare(sql)
  const schema = options.target ?? resultSchema(await statementColumns(connection, statement, sql, undefined))
  let isClosed = false
  const stream = await ResultStream.start({
    connection,
    statement,
    schema,
    signal: options.signal,
    onClose: () => {
      isClosed = true
      statement.close()
      connection.close()
    },
  })
  return { schema, stream, connection, isClosed: () => isClosed }
}

export interface Result {
  readonly schema: Schema
  readonly frames: readonly Frame[]
}

/** Runs a statement to its end. */
export async function run(duck: Duck, sql: string, target?: Schema): Promise<Result> {
  const { schema, stream } = await start(duck, sql, target === undefined ? {} : { target })
  const frames: Frame[] = []
  for await (const frame of stream.frames()) frames.push(frame)
  return { schema, frames }
}

/** The result as another implementation of Arrow reads it. */
export async function tableOf({ schema, frames }: Result): Promise<Table> {
  const schemaFrame = makeFrame(encodeSchema(schema), [], { kind: 'schema', rows: 0 })
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream([schemaFrame, ...frames])) chunks.push(chunk)
  return tableFromIPC(Buffer.concat(chunks))
}

/** The values of a column as plain JavaScript. */
export function columnOf(table: Table, index = 0): unknown[] {
  return Array.from(table.getChildAt(index) ?? [], plain)
}

/** Rows of a result, as {@link columnOf} gives their values. */
export async function valuesOf(duck: Duck, sql: string, target?: Schema): Promise<unknown[][]> {
  const table = await tableOf(await run(duck, sql, target))
  const columns = table.schema.fields.map((_, index) => columnOf(table, index))
  return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => column[row]))
}

/** A nullable field. */
export function fieldOf(name: string, type: ArrowType, options: Partial<Field> = {}): Field {
  return { name, nullable: true, type, dictionary: null, children: [], metadata: new Map(), ...options }
}

export function schemaOf(...fields: Field[]): Schema {
  return { fields, metadata: new Map() }
}

/** Nested vectors, rows, decimals and bytes of apache-arrow as arrays, objects and texts. */
function plain(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (value instanceof Int32Array) return [...value]
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json = (value.toJSON as () => unknown)()
    // A decimal prints itself as a quoted number.
    return typeof json === 'string' ? json.replaceAll('"', '') : plain(json)
  }
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}
