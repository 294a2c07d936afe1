import { type Field, parseSchema, type Schema } from '../../flight/ipc/schema.ts'
import { decapsulate } from '../../flight/ipc/stream.ts'
import { SternaError } from '../errors.ts'
import type { ColumnStats, ForeignPart, ForeignReader } from '../store/parts.ts'
import type { Duck } from './duck.ts'
import { type Connection, quoteName, quoteText } from './duckdb.ts'
import { resultSchema, statementColumns } from './result-types.ts'
import { fieldIds, parquetSql, storageOf } from './storage-types.ts'

/** Longer texts are no bounds: the catalog holds one pair of them for each part. */
const BOUND_LENGTH_MAX = 256

/** Types whose values have an order that their text keeps, as DuckDB names them. */
const HAS_BOUNDS = /^(U?(TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL.*|FLOAT|DOUBLE|DATE|TIME|TIMESTAMP.*|VARCHAR)$/

/** What the groups that repeat are called in files that name them as the format asks for. */
const REPEATED_NAMES = "('list', 'key_value')"

/** Looks at Parquet files of other programs, through DuckDB. */
export function createForeignReader(duck: Duck): ForeignReader {
  return {
    inspect: (path, signal) => duck.useUntil(signal, (connection) => inspect(connection, quoteText(path))),
  }
}

async function inspect(connection: Connection, file: string): Promise<ForeignPart> {
  const [[fileBytes, footerBytes] = []] = await connection.run(
    `SELECT file_size_bytes, footer_size FROM parquet_file_metadata(${file})`,
  )
  const types = await typesOf(connection, `FROM read_parquet(${file})`)
  const schema = await schemaOf(connection, file, types)
  await refuseOldNames(connection, file)
  const { rows, columns } = await readColumns(connection, file, schema, types)
  const written = { rows, fileBytes: Number(fileBytes), footerBytes: Number(footerBytes), columns }
  return { schema, written: { ...written, isForeign: true } }
}

/** DuckDB's types of the columns of a query, in their order. */
async function typesOf(connection: Connection, sql: string): Promise<string[]> {
  const rows = await connection.run(`DESCRIBE ${sql}`)
  return rows.map(([, type]) => textOf(type))
}

/**
 * The schema that the file was written from, where it says so and a part of ours would have the same types; of other
 * columns what SQL makes of them.
 */
async function schemaOf(connection: Connection, file: string, types: readonly string[]): Promise<Schema> {
  const statement = await connection.prepare(`FROM read_parquet(${file})`)
  let derived: Schema
  try {
    derived = resultSchema(statementColumns(statement))
  } finally {
    statement.close()
  }
  const told = await toldSchema(connection, file)
  const fields: Field[] = []
  for (const [index, field] of derived.fields.entries()) {
    const type = types[index] ?? ''
    const hint = told?.fields.find(({ name }) => name === field.name)
    const candidates = hint === undefined ? [field] : [hint, field]
    let chosen: Field | undefined
    for (const candidate of candidates) {
      if (chosen === undefined && (await isStoredAs(connection, candidate, type))) chosen = candidate
    }
    if (chosen === undefined) {
      throw new SternaError(
        'TYPE_UNSUPPORTED',
        `Column '${field.name}' has the type ${type} in SQL, which no part of ours would have`,
      )
    }
    fields.push(chosen)
  }
  return { fields, metadata: told?.metadata ?? new Map() }
}

/** The Arrow schema in the file's metadata. */
export async function toldSchema(connection: Connection, file: string): Promise<Schema | undefined> {
  const [[text] = []] = await connection.run(
    `SELECT decode(value) FROM parquet_kv_metadata(${file}) WHERE decode(key) = 'ARROW:schema'`,
  )
  if (typeof text !== 'string') return undefined
  try {
    return parseSchema(decapsulate(Buffer.from(text, 'base64')))
  } catch (error) {
    // Whatever stands there, it is a hint.
    if (error instanceof Error) return undefined
    throw error
  }
}

async function isStoredAs(connection: Connection, field: Field, type: string): Promise<boolean> {
  let sql: string
  try {
    const [storage] = storageOf({ fields: [field], metadata: new Map() })
    if (storage === undefined) return false
    sql = parquetSql(storage)
  } catch (error) {
    if (error instanceof SternaError && error.code === 'TYPE_UNSUPPORTED') return false
    throw error
  }
  return (await typesOf(connection, `SELECT CAST(NULL AS ${sql})`))[0] === type
}

async function refuseOldNames(connection: Connection, file: string): Promise<void> {
  const [[name] = []] = await connection.run(
    `SELECT name FROM parquet_schema(${file})
     WHERE repetition_type = 'REPEATED' AND name NOT IN ${REPEATED_NAMES} LIMIT 1`,
  )
  if (name === undefined) return
  throw new SternaError(
    'TYPE_UNSUPPORTED',
    `A list or map is in a form of its own ('${textOf(name)}'), which other engines would not find in a lake`,
  )
}

/** Reads all values, for their number and their bounds. */
async function readColumns(
  connection: Connection,
  file: string,
  schema: Schema,
  types: readonly string[],
): Promise<{ rows: number; columns: ColumnStats[] }> {
  const sizes = new Map(
    (
      await connection.run(
        `SELECT path_in_schema, sum(total_compressed_size) FROM parquet_metadata(${file}) GROUP BY ALL`,
      )
    ).map(([name, bytes]) => [textOf(name), Number(bytes)]),
  )
  const figures = schema.fields.flatMap(({ name }, index) => figuresOf(quoteName(name), types[index] ?? ''))
  const [row = []] = await connection.run(`SELECT count(*), ${figures.join(', ')} FROM read_parquet(${file})`)
  const [rows, ...values] = row
  const columns = fieldIds(schema).flatMap(({ name, id, children }): ColumnStats[] => {
    const [nulls, min, max, hasNan] = values.splice(0, 4)
    if (children.length > 0) return []
    return [
      {
        name,
        fieldId: id,
        nullCount: Number(nulls),
        min: boundOf(min),
        max: boundOf(max),
        containsNan: typeof hasNan === 'boolean' ? hasNan : null,
        compressedBytes: sizes.get(name) ?? 0,
      },
    ]
  })
  return { rows: Number(rows), columns }
}

function figuresOf(column: string, type: string): string[] {
  const nulls = `count(*) - count(${column})`
  if (!HAS_BOUNDS.test(type)) return [nulls, 'NULL', 'NULL', 'NULL']
  const isFloat = type === 'FLOAT' || type === 'DOUBLE'
  const only = isFloat ? ` FILTER (NOT isnan(${column}))` : ''
  const bounds = ['min', 'max'].map((bound) => `CAST(${bound}(${column})${only} AS VARCHAR)`)
  return [nulls, ...bounds, isFloat ? `coalesce(bool_or(isnan(${column})), false)` : 'NULL']
}

function boundOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= BOUND_LENGTH_MAX ? value : null
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
