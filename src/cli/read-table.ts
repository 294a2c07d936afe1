import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { encodeSchema, type Frame, makeFrame } from '../../flight/index.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { bindings, type Connection, quoteName, quoteText, type Statement } from '../query/duckdb.ts'
import { exactSchema } from '../query/exact-schema.ts'
import { ResultStream } from '../query/result-stream.ts'
import { type DuckColumn, resultSchema, statementColumns } from '../query/result-types.ts'
import { exactFrames, refuseDictionaries } from '../store/exact-rows.ts'
import { openLocalDuck } from './local-duck.ts'

/** The batches of a file, as they are read. */
export interface TableFrames {
  /** The schema first. */
  readonly frames: AsyncGenerator<Frame, void, undefined>
  /** 0 to 1: how much of the file has been read; undefined where nobody knows. */
  share(): number | undefined
  /** Frees everything, also in the middle. */
  close(): Promise<void>
}

/**
 * Reads CSV, Parquet or JSON Lines through DuckDB, which finds out delimiters, header and types.
 *
 * @param file - one that exists
 * @returns frames, the schema first; errors are DuckDB's
 */
export async function readTable(file: string, format: 'csv' | 'parquet' | 'jsonl'): Promise<TableFrames> {
  const location = await realpath(file)
  const source = quoteText(withoutPatterns(location))
  const local = await openLocalDuck(path.dirname(location))
  let connection: Connection | undefined
  let stream: ResultStream | undefined
  async function* read(): AsyncGenerator<Frame, void, undefined> {
    connection = await local.duck.connect()
    const { statement, instants } = await SOURCES[format](connection, source)
    const schema = inUtc(resultSchema(statementColumns(statement)), instants)
    const exact = format === 'parquet' ? await exactSchema(connection, source, schema) : null
    if (format === 'parquet') await refuseDictionaries(location)
    if (exact !== null) {
      statement.close()
      yield makeFrame(encodeSchema(exact), [])
      yield* exactFrames(location, exact)
      return
    }
    yield makeFrame(encodeSchema(schema), [])
    const onClose = (): void => {
      statement.close()
      connection = undefined
    }
    stream = await ResultStream.start({ connection, statement, schema, signal: undefined, onClose })
    yield* stream.frames()
  }
  const frames = read()
  return {
    frames,
    share: () => {
      const percent = connection?.progressPercent ?? -1
      return percent < 0 ? undefined : percent / 100
    },
    close: async () => {
      // Waits for the step it is in: a connection that is closed under a running statement takes the process along.
      await frames.return()
      await stream?.close()
      connection?.close()
      await local.close()
    },
  }
}

/** A statement that reads a file. */
interface Source {
  readonly statement: Statement
  /** Columns without a zone in SQL whose values are instants. */
  readonly instants: readonly string[]
}

const SOURCES = {
  csv: prepareCsv,
  parquet: async (connection: Connection, source: string) => ({
    statement: await connection.prepare(`FROM read_parquet(${source})`),
    instants: [],
  }),
  jsonl: prepareJson,
} as const

/** Says of columns that their times are in UTC, as SQL cannot of nanoseconds. */
function inUtc(schema: Schema, instants: readonly string[]): Schema {
  const fields = schema.fields.map((field) => {
    const isInstant = field.type.kind === 'timestamp' && instants.includes(field.name)
    return isInstant ? { ...field, type: { ...field.type, timezone: 'UTC' } } : field
  })
  return { ...schema, fields }
}

/** Has DuckDB tell empty texts in quotes from nothing at all, which it takes for NULL as well otherwise. */
const KEEPS_EMPTY = 'allow_quoted_nulls = false'
const ALL_LINES = 'sample_size = -1'

/**
 * CSV with types that hold for every line.
 *
 * DuckDB takes types from the first 20,480 lines. Later ones that do not fit fail, and some that nearly fit are
 * bent: 5.5 becomes 6 where those had whole numbers, a time is cut off where they had dates, nanoseconds where they
 * had none. So the lines are looked at before they are read, which is quick; sampling all of them takes ten times as
 * long, and is done only where the sample was wrong.
 */
async function prepareCsv(connection: Connection, source: string): Promise<Source> {
  const { statement, options } = await sampleCsv(connection, source, [])
  const isFit = options.includes(KEEPS_EMPTY) || (await fits(connection, source, options))
  const bent = isFit ? await bentColumns(connection, source, statementColumns(statement)) : null
  if (bent?.length === 0) return { statement, instants: [] }
  statement.close()
  if (bent?.every(({ id }) => TIMES.has(id)) !== true) {
    return { ...(await sampleCsv(connection, source, [ALL_LINES])), instants: [] }
  }
  const instants = bent.filter(({ id }) => id === bindings.Type.TIMESTAMP_TZ).map(({ name }) => name)
  const exact = [...options, `types = ${typesOf(bent, 'TIMESTAMP_NS')}`]
  return { statement: await connection.prepare(readCsv(source, exact)), instants }
}

/**
 * The types that a sample has. Empty texts are told from nulls where that leaves them as they are; not in files that
 * have all of their values in quotes, numbers that are not there too.
 */
async function sampleCsv(
  connection: Connection,
  source: string,
  sample: readonly string[],
): Promise<{ readonly statement: Statement; readonly options: readonly string[] }> {
  const statement = await connection.prepare(readCsv(source, sample))
  const options = [...sample, KEEPS_EMPTY]
  const keeping = await connection.prepare(readCsv(source, options))
  const isSame = isDeepStrictEqual(statementColumns(statement), statementColumns(keeping))
  if (isSame && (await fits(connection, source, options))) {
    statement.close()
    return { statement: keeping, options }
  }
  keeping.close()
  return { statement, options: sample }
}

function readCsv(source: string, options: readonly string[]): string {
  return `FROM read_csv(${[source, ...options].join(', ')})`
}

/** Whether every value can be read as the type of its column. */
async function fits(connection: Connection, source: string, options: readonly string[]): Promise<boolean> {
  try {
    await connection.run(`SELECT count(COLUMNS(*)) ${readCsv(source, options)}`)
    return true
  } catch {
    // What is wrong the reading itself will tell, unless other types mend it.
    return false
  }
}

/** A column of a CSV file, and the type that its sample has. */
interface TypedColumn {
  readonly name: string
  readonly id: bindings.Type
}

/** What the text of a value has that its type would lose. */
const BENT_TESTS: ReadonlyMap<bindings.Type, (column: string) => string> = new Map([
  [bindings.Type.BIGINT, (column: string) => `contains(${column}, '.')`],
  [bindings.Type.DATE, (column: string) => `contains(${column}, ':')`],
  [bindings.Type.TIMESTAMP, hasNanoseconds],
  [bindings.Type.TIMESTAMP_TZ, hasNanoseconds],
])

/** Those that nanoseconds make bent. */
const TIMES: ReadonlySet<bindings.Type> = new Set([bindings.Type.TIMESTAMP, bindings.Type.TIMESTAMP_TZ])

async function bentColumns(
  connection: Connection,
  source: string,
  columns: readonly DuckColumn[],
): Promise<TypedColumn[]> {
  const suspects = columns.flatMap(({ name, type }) =>
    type.kind === 'plain' && BENT_TESTS.has(type.id) ? [{ name, id: type.id }] : [],
  )
  if (suspects.length === 0) return []
  const tests = suspects.map(({ name, id }) => `bool_or(${BENT_TESTS.get(id)?.(quoteName(name)) ?? 'false'})`)
  const types = typesOf(suspects, 'VARCHAR')
  const [row] = await connection.run(`SELECT ${tests.join(', ')} FROM read_csv(${source}, types = ${types})`)
  return suspects.filter((_, index) => row?.[index] === true)
}

function typesOf(columns: readonly TypedColumn[], type: string): string {
  return `{${columns.map(({ name }) => `${quoteText(name)}: '${type}'`).join(', ')}}`
}

/** What DuckDB takes texts for that may be times. */
const TEXT_TYPES: ReadonlySet<bindings.Type> = new Set([bindings.Type.VARCHAR, bindings.Type.TIMESTAMP])

/** Times as JSON writers print them, without and with an offset. */
const TIME_PATTERN = '\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?'
const OFFSET_PATTERN = '(Z|[+-]\\d\\d(:?\\d\\d)?)'

/**
 * JSON Lines with types and fields that hold for every line, and with its times as times.
 *
 * All lines are sampled: DuckDB would leave a field that comes late out without a word. It takes texts for times only
 * where all have the same number of digits, and forgets the offset of those, so that both are looked at once more.
 */
async function prepareJson(connection: Connection, source: string): Promise<Source> {
  const table = `read_json(${source}, format = 'newline_delimited', sample_size = -1)`
  const sampled = await connection.prepare(`FROM ${table}`)
  const texts = statementColumns(sampled).filter(
    ({ type }) => type.kind === 'plain' && TEXT_TYPES.has(type.id),
  )
  if (texts.length === 0) return { statement: sampled, instants: [] }
  const columns = texts.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(', ')
  const types = texts.map(({ name }) => timeType(quoteName(name)))
  const [row] = await connection.run(
    `SELECT ${types.join(', ')} FROM read_json(${source}, format = 'newline_delimited', columns = {${columns}})`,
  )
  const casts = texts.flatMap(({ name }, index) => {
    const type = row?.[index]
    return typeof type === 'string' ? [`CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`] : []
  })
  if (casts.length === 0) return { statement: sampled, instants: [] }
  sampled.close()
  const statement = await connection.prepare(`SELECT * REPLACE (${casts.join(', ')}) FROM ${table}`)
  return { statement, instants: [] }
}

/** SQL for the type of a column of texts that all are times; null where one is not. */
function timeType(column: string): string {
  const all = (pattern: string, type: string): string =>
    `bool_and(regexp_full_match(${column}, '${pattern}') AND TRY_CAST(${column} AS ${type}) IS NOT NULL)
     FILTER (WHERE ${column} IS NOT NULL)`
  return `CASE
    WHEN ${all(TIME_PATTERN + OFFSET_PATTERN, 'TIMESTAMPTZ')} THEN 'TIMESTAMPTZ'
    WHEN NOT ${all(TIME_PATTERN, 'TIMESTAMP')} THEN NULL
    WHEN bool_or(${hasNanoseconds(column)}) THEN 'TIMESTAMP_NS'
    WHEN count(${column}) > 0 THEN 'TIMESTAMP' END`
}

function hasNanoseconds(column: string): string {
  return `regexp_matches(${column}, '\\.\\d{6}\\d*[1-9]')`
}

/** DuckDB takes a name for a pattern; in brackets its characters stand for themselves. */
function withoutPatterns(location: string): string {
  return location.replace(/[*?[]/g, '[$&]')
}
