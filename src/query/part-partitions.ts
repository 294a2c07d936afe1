import type { Schema } from '../../flight/ipc/schema.ts'
import type { PartitionRows, TimeLimit } from '../store/parts.ts'
import { type Partition, type PartitionBy, partitionTransforms } from '../store/partitions.ts'
import { type Connection, quoteName } from './duckdb.ts'
import { storageOf } from './storage-types.ts'
import { timeLiteral } from './time-literal.ts'

/** The partitions of the rows of a table in SQL, in their order; the table gives them as they stand. */
export async function partitionsOf(
  connection: Connection,
  schema: Schema,
  by: PartitionBy,
  source: string,
): Promise<PartitionRows[]> {
  const values = valuesOf(schema, by)
  const keys = values.map((_, index) => `v${index}`)
  const rows = await connection.run(
    `SELECT ${keys.join(', ')}, min(row), max(row), count(*)
     FROM (SELECT ${values.map((value, index) => `${value} AS v${index}`).join(', ')}, row_number() OVER () - 1 AS row
       FROM ${source})
     GROUP BY ${keys.join(', ')} ORDER BY ${keys.map((key) => `${key} NULLS LAST`).join(', ')}`,
  )
  return rows.map((row) => {
    const numbers = row.slice(0, keys.length)
    const [first, last, count] = row.slice(keys.length).map(Number)
    return {
      value: numbers.includes(null) ? null : numbers.map(Number),
      first: first ?? 0,
      last: last ?? 0,
      rows: count ?? 0,
    }
  })
}

/** A condition in SQL that holds for the rows of a partition. */
export function partitionCondition(schema: Schema, { by, value }: Partition): string {
  return valuesOf(schema, by)
    .map((expression, index) => `${expression} IS NOT DISTINCT FROM ${value?.[index] ?? 'NULL'}`)
    .join(' AND ')
}

/** A condition in SQL that holds for the rows that are older than a limit. */
export function olderCondition({ fields }: Schema, { column, time }: TimeLimit): string {
  const field = fields.find(({ name }) => name === column)
  if (field === undefined) throw new Error('A limit is of a column that the parts have')
  return `${quoteName(column)} < ${timeLiteral(field, 'before', time)}`
}

/** Instants are told apart in UTC, whatever the zone of the machine. */
function valuesOf(schema: Schema, by: PartitionBy): string[] {
  const storage = storageOf(schema).find(({ field }) => field.name === by.column)
  const name = quoteName(by.column)
  const time = storage?.sql === 'TIMESTAMPTZ' ? `(${name} AT TIME ZONE 'UTC')` : `CAST(${name} AS TIMESTAMP)`
  return partitionTransforms(by).map((transform) => `${transform}(${time})`)
}
