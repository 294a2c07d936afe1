import type { Field, Schema } from '../../flight/ipc/schema.ts'
import { LIMITS } from '../limits.ts'
import { storedFields } from '../store/parts.ts'
import { type Connection, quoteName } from './duckdb.ts'

/** Length of all values of a column that are kept for a part: what 256 names of contracts take. */
const VALUES_CHARS_MAX = 16_384

/** The values but null of the columns of texts that have few, by name: a part without the one looked for is not opened. */
export async function distinctTexts(
  connection: Connection,
  schema: Schema,
  source: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const { name } of storedFields(schema).filter(isText)) {
    const column = quoteName(name)
    // Ends at the first value too many, so that a column of ids costs next to nothing.
    const rows = await connection.run(
      `SELECT ${column} FROM (SELECT ${column} FROM ${source}) WHERE ${column} IS NOT NULL
       GROUP BY ${column} LIMIT ${LIMITS.distinctValuesMax + 1}`,
    )
    const values = rows.flatMap(([value]) => (typeof value === 'string' ? [value] : [])).sort()
    const chars = values.reduce((sum, value) => sum + value.length, 0)
    if (values.length <= LIMITS.distinctValuesMax && chars <= VALUES_CHARS_MAX) found.set(name, values)
  }
  return found
}

/**
 * True where bloom filters pay: for texts of many values, such as the ids of orders. They take 1 % of a file, and
 * nobody looks for a price; few values are in the catalog.
 */
export function isLookedUp(schema: Schema, values: ReadonlyMap<string, unknown>): boolean {
  return storedFields(schema).some((field) => isText(field) && !values.has(field.name))
}

function isText({ type }: Field): boolean {
  return type.kind === 'utf8' || type.kind === 'largeUtf8' || type.kind === 'utf8View'
}
