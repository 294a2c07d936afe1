import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import {
  type Data,
  makeVector,
  MapRow,
  StructRow,
  type Table,
  tableFromIPC,
  Type,
  Vector,
} from 'apache-arrow'

import { type Frame, makeFrame } from '../../../flight/frame.ts'
import {
  type ArrowType,
  encodeSchema,
  type Field,
  type IntType,
  type Schema,
} from '../../../flight/ipc/schema.ts'
import { encapsulate, writeIpcStream } from '../../../flight/ipc/stream.ts'
import { NodeDisk } from '../../../src/store/disk/node-disk.ts'
import { ParquetReader } from '../../../src/store/parquet/parquet-reader.ts'
import { sealPart } from '../../../src/store/parquet/part-seal.ts'

/** A column of a part: what the dataset says it is, and SQL over `i`, the row number, that stores it. */
export interface StoredColumn {
  readonly field: Field
  readonly sql: string
}

export interface PartOptions {
  readonly rows: number
  readonly rowGroupRows?: number
  /** Without it the part is as another program writes it. */
  readonly hasSchema?: boolean
  readonly isSealed?: boolean
  readonly metadata?: Readonly<Record<string, string>>
}

export function field(name: string, type: ArrowType, more: Partial<Field> = {}): Field {
  return { name, type, nullable: true, dictionary: null, children: [], metadata: new Map(), ...more }
}

export function dictionaryField(
  name: string,
  type: ArrowType,
  indexType: Omit<IntType, 'kind'>,
  id = 0n,
): Field {
  return field(name, type, { dictionary: { id, indexType: { kind: 'int', ...indexType }, isOrdered: false } })
}

export function schemaOf(columns: readonly { readonly field: Field }[]): Schema {
  return { fields: columns.map((column) => column.field), metadata: new Map() }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sterna-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A reader for all tests of a file: its workers take longer to start than most tests to run. */
export function sharedReader(): ParquetReader {
  const reader = new ParquetReader()
  after(() => reader.close())
  return reader
}

/** A reader that is closed after the test. */
export function parquetReader(
  t: TestContext,
  options?: ConstructorParameters<typeof ParquetReader>[0],
): ParquetReader {
  const reader = new ParquetReader(options)
  t.after(() => reader.close())
  return reader
}

/** Writes a part as the store does: zstd, Parquet V2, the Arrow schema in its metadata, sealed. */
export async function writePart(
  path: string,
  columns: readonly StoredColumn[],
  options: PartOptions,
): Promise<void> {
  const schema = Buffer.from(encapsulate(encodeSchema(schemaOf(columns)))).toString('base64')
  const metadata = Object.entries({
    ...(options.hasSchema === false ? {} : { 'ARROW:schema': schema }),
    ...options.metadata,
  })
  const entries = metadata.map(([name, value]) => `${quoted(name)}: ${quoted(value)}`)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', preserve_insertion_order: 'true' })
  const connection = await instance.connect()
  try {
    await connection.run(`SET TimeZone = 'UTC'`)
    const select = columns.map(({ field: { name }, sql }) => `${sql} AS "${name}"`).join(', ')
    await connection.run(
      `COPY (SELECT ${select} FROM range(${options.rows}) AS r(i)) TO ${quoted(path)} (FORMAT parquet,
        COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION v2, ROW_GROUP_SIZE ${options.rowGroupRows ?? 131_072}
        ${entries.length === 0 ? '' : `, KV_METADATA {${entries.join(', ')}}`})`,
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
  if (options.isSealed !== false) await seal(path)
}

export async function seal(path: string): Promise<void> {
  const file = await new NodeDisk().open(path, 'update')
  try {
    await sealPart(file)
  } finally {
    await file.close()
  }
}

/** What DuckDB makes of a query. */
export async function queryDuckDb(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRows()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export async function readFrames(
  reader: ParquetReader,
  schema: Schema,
  ...paths: string[]
): Promise<Frame[]> {
  const frames: Frame[] = []
  for await (const frame of reader.readParts({ schema, paths })) frames.push(frame)
  return frames
}

/** The frames as another Arrow library reads them. */
export async function tableOf(schema: Schema, frames: readonly Frame[]): Promise<Table> {
  const schemaFrame = makeFrame(encodeSchema(schema), [], { kind: 'schema' })
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream([schemaFrame, ...frames])) chunks.push(chunk)
  return tableFromIPC(Buffer.concat(chunks))
}

/** The values of a column. Of types that are numbers underneath, the numbers as stored: no Date, no rounding. */
export function valuesOf(table: Table, name: string): unknown[] {
  const vector = table.getChild(name)
  if (vector === null) throw new Error(`No column ${name}`)
  return vector.data.flatMap((data: Data) => {
    const valueAt = rawValues(data)
    return Array.from({ length: data.length }, (_, row) => (isValid(data, row) ? valueAt(row) : null))
  })
}

function isValid(data: Data, row: number): boolean {
  if (data.typeId === Type.Null) return false
  if (data.nullCount === 0 || data.nullBitmap.length === 0) return true
  const bit = data.offset + row
  return (((data.nullBitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
}

/** Types that apache-arrow keeps as the array of numbers that they are. */
const NUMERIC = new Set([Type.Int, Type.Date, Type.Time, Type.Timestamp, Type.Duration, Type.Float])

function rawValues(data: Data): (row: number) => unknown {
  const values: unknown = data.values
  // Half floats are kept as their bits.
  if (NUMERIC.has(data.typeId)) return (row) => (values as ArrayLike<unknown>)[data.offset + row]
  if (data.typeId === Type.Decimal)
    return (row) => decimalAt(values as Uint32Array, data.offset + row, data.stride)
  const vector = makeVector(data)
  return (row) => plain(vector.get(row) as unknown)
}

function decimalAt(words: Uint32Array, row: number, stride: number): bigint {
  let value = 0n
  for (let word = stride - 1; word >= 0; word--)
    value = (value << 32n) | BigInt(words[row * stride + word] ?? 0)
  return BigInt.asIntN(32 * stride, value)
}

/** Lists as arrays, structs as objects, bytes as hexadecimal digits. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Vector) return Array.from(value as Iterable<unknown>, plain)
  if (value instanceof StructRow || value instanceof MapRow) {
    return Object.fromEntries(
      Array.from(value as Iterable<[string, unknown]>, ([name, item]) => [name, plain(item)]),
    )
  }
  return value
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** Writes columns as a part and reads it back, as the dataset has them. */
export async function roundTrip(
  t: TestContext,
  reader: ParquetReader,
  columns: readonly StoredColumn[],
  options: PartOptions,
): Promise<{ frames: Frame[]; table: Table; values: (name: string) => unknown[] }> {
  const path = join(await temporaryFolder(t), 'part.parquet')
  await writePart(path, columns, options)
  const schema = schemaOf(columns)
  const frames = await readFrames(reader, schema, path)
  const table = await tableOf(schema, frames)
  return { frames, table, values: (name) => valuesOf(table, name) }
}
