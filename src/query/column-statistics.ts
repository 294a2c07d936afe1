import type { ArrowType, Field, Schema } from '../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../flight/request.ts'
import { quoteName } from './duckdb.ts'

/** Types whose values have an order that everybody agrees on. */
const ORDERED: ReadonlySet<ArrowType['kind']> = new Set([
  'bool',
  'int',
  'float',
  'decimal',
  'utf8',
  'largeUtf8',
  'utf8View',
  'date',
  'time',
  'timestamp',
])

const BOOL: ArrowType = { kind: 'bool' }
const UINT64: ArrowType = { kind: 'int', bitWidth: 64, signed: false }

/**
 * The SQL of what the values of a column are like, in one row: `min`, `max` in its own type, null for a type without
 * order; `has_not_null`, `has_null`; `distinct_count`, an estimate.
 */
export function statisticsQuery(
  ref: DatasetRef,
  field: Field,
): { readonly sql: string; readonly target: Schema } {
  const name = quoteName(field.name)
  const isOrdered = ORDERED.has(field.type.kind)
  const bound: Field = { ...field, nullable: true, dictionary: null, metadata: new Map() }
  const column = (title: string, type: ArrowType): Field => ({ ...bound, name: title, type, children: [] })
  const fields = [
    isOrdered ? { ...bound, name: 'min' } : column('min', BOOL),
    isOrdered ? { ...bound, name: 'max' } : column('max', BOOL),
    column('has_not_null', BOOL),
    column('has_null', BOOL),
    column('distinct_count', UINT64),
  ]
  const items = [
    isOrdered ? `min(${name}) AS "min"` : 'CAST(NULL AS BOOLEAN) AS "min"',
    isOrdered ? `max(${name}) AS "max"` : 'CAST(NULL AS BOOLEAN) AS "max"',
    `count(${name}) > 0 AS has_not_null`,
    `count(*) > count(${name}) AS has_null`,
    `CAST(approx_count_distinct(${name}) AS UBIGINT) AS distinct_count`,
  ]
  const sql = `SELECT ${items.join(', ')} FROM ${quoteName(ref.schema)}.${quoteName(ref.key)}`
  return { sql, target: { fields, metadata: new Map() } }
}
