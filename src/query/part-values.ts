import type { Field, Schema } from '../../flight/ipc/schema.ts'
import { LIMITS } from '../limits.ts'
import { type ColumnValues, storedFields } from '../store/parts.ts'
import { filterValuesMax, makeValueFilter, parseValueHash } from '../store/value-filter.ts'
import { type Connection, quoteName } from './duckdb.ts'

/** Length of all values of a column that are kept for a part: what 256 names of contracts take. */
const VALUES_CHARS_MAX = 16_384

/** How far DuckDB's estimate of a number of values may be off. */
const ESTIMATE_ERROR = 1.25

/**
 * Which values but null the columns of texts and integers have, by name: all of them, or where they are more a filter,
 * or where they are very many nothing. A part without the value looked for is not opened.
 *
 * @param source - a table in SQL, or one with a condition: what may stand after FROM
 */
export async function columnValues(
  connection: Connection,
  schema: Schema,
  source: string,
): Promise<ReadonlyMap<string, ColumnValues>> {
  const found = new Map<string, ColumnValues>()
  let bytesLeft: number = LIMITS.partFiltersBytesMax
  for (const [name, estimate] of await countValues(connection, schema, source)) {
    const mostValues = filterValuesMax(Math.min(LIMITS.columnFilterBytesMax, bytesLeft))
    if (estimate > mostValues * ESTIMATE_ERROR) continue
    const isSmall = estimate <= LIMITS.distinctValuesMax * ESTIMATE_ERROR
    const values = isSmall ? await listValues(connection, name, source) : undefined
    if (values !== undefined) {
      found.set(name, { values })
      continue
    }
    const hashes = await distinct(connection, name, source, (text) => `sha256(${text})[1:16]`, mostValues)
    if (hashes === undefined) continue
    const filter = makeValueFilter(hashes.map(parseValueHash))
    bytesLeft -= filter.byteLength
    found.set(name, { filter })
  }
  return found
}

/**
 * True where Parquet's own bloom filters pay: for texts of many values, such as the ids of orders. They take 1 % of a
 * file, and nobody looks for a price; few values are in the catalog.
 */
export function isLookedUp(schema: Schema, known: ReadonlyMap<string, ColumnValues>): boolean {
  return storedFields(schema).some((field) => isText(field) && known.get(field.name)?.values === undefined)
}

/** About how many values columns have. In one pass, a tenth of the cost of finding them: those of most are too many. */
async function countValues(
  connection: Connection,
  schema: Schema,
  source: string,
): Promise<[name: string, estimate: number][]> {
  const names = storedFields(schema)
    .filter((field) => isText(field) || field.type.kind === 'int')
    .map(({ name }) => name)
  if (names.length === 0) return []
  const counts = names.map((name) => `approx_count_distinct(${quoteName(name)})`)
  const [row = []] = await connection.run(`SELECT ${counts.join(', ')} FROM ${source}`)
  return names.map((name, index) => [name, Number(row[index])])
}

async function listValues(
  connection: Connection,
  name: string,
  source: string,
): Promise<string[] | undefined> {
  const values = await distinct(connection, name, source, (text) => text, LIMITS.distinctValuesMax)
  const chars = values?.reduce((sum, value) => sum + value.length, 0) ?? 0
  return chars <= VALUES_CHARS_MAX ? values?.sort() : undefined
}

/** What an expression gives for the different values of a column as texts; undefined where they are too many. */
async function distinct(
  connection: Connection,
  name: string,
  source: string,
  expression: (text: string) => string,
  most: number,
): Promise<string[] | undefined> {
  const column = quoteName(name)
  const rows = await connection.run(
    `SELECT ${expression(`CAST(${column} AS VARCHAR)`)} FROM (SELECT ${column} FROM ${source})
     WHERE ${column} IS NOT NULL GROUP BY ${column} LIMIT ${most + 1}`,
  )
  if (rows.length > most) return undefined
  return rows.flatMap(([value]) => (typeof value === 'string' ? [value] : []))
}

function isText({ type }: Field): boolean {
  return type.kind === 'utf8' || type.kind === 'largeUtf8' || type.kind === 'utf8View'
}
