import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { encodeSchema, type Frame, makeFrame } from '../../flight/index.ts'
import { bindings, type Connection, quoteName, quoteText, type Statement } from '../query/duckdb.ts'
import { ResultStream } from '../query/result-stream.ts'
import { type DuckColumn, resultSchema, statementColumns } from '../query/result-types.ts'
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
    const statement = await STATEMENTS[format](connection, source)
    const schema = resultSchema(statementColumns(statement))
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

const STATEMENTS = {
  csv: prepareCsv,
  parquet: (connection: Connection, source: string) => connection.prepare(`FROM read_parquet(${source})`),
  jsonl: prepareJson,
} as const

/**
 * CSV with types that hold for every line.
 *
 * DuckDB takes types from the first 20,480 lines. Later ones that do not fit fail, and some that nearly fit are
 * bent: 5.5 becomes 6 where those had whole numbers, a time is cut off where they had dates, nanoseconds where they
 * had none. So the lines are looked at before they are read, which is quick; sampling all of them takes ten times as
 * long, and is done only where the sample was wrong.
 */
async function prepareCsv(connection: Connection, source: string): Promise<Statement> {
  const sampled = await connection.prepare(`FROM read_csv(${source})`)
  const bent = (await fits(connection, source))
    ? await bentColumns(connection, source, statementColumns(sampled))
    : null
  if (bent?.length === 0) return sampled
  sampled.close()
  const isTime = bent?.every(({ id }) => id === bindings.Type.TIMESTAMP) === true
  const options = isTime ? `types = ${typesOf(bent, 'TIMESTAMP_NS')}` : 'sample_size = -1'
  return connection.prepare(`FROM read_csv(${source}, ${options})`)
}

/** Whether every value can be read as the type of its column. */
async function fits(connection: Connection, source: string): Promise<boolean> {
  try {
    await connection.run(`SELECT count(COLUMNS(*)) FROM read_csv(${source})`)
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
])

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
async function prepareJson(connection: Connection, source: string): Promise<Statement> {
  const table = `read_json(${source}, format = 'newline_delimited', sample_size = -1)`
  const sampled = await connection.prepare(`FROM ${table}`)
  const texts = statementColumns(sampled).filter(
    ({ type }) => type.kind === 'plain' && TEXT_TYPES.has(type.id),
  )
  if (texts.length === 0) return sampled
  const columns = texts.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(', ')
  const types = texts.map(({ name }) => timeType(quoteName(name)))
  const [row] = await connection.run(
    `SELECT ${types.join(', ')} FROM read_json(${source}, format = 'newline_delimited', columns = {${columns}})`,
  )
  const casts = texts.flatMap(({ name }, index) => {
    const type = row?.[index]
    return typeof type === 'string' ? [`CAST(${quoteName(name)} AS ${type}) AS ${quoteName(name)}`] : []
  })
  if (casts.length === 0) return sampled
  sampled.close()
  return connection.prepare(`SELECT * REPLACE (${casts.join(', ')}) FROM ${table}`)
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
