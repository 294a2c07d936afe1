import type { Field } from '../../flight/ipc/schema.ts'
import type { ColumnStats, WrittenPart } from '../store/parts.ts'
import { quoteName, quoteText, type Connection } from './duckdb.ts'
import type { Encodings, Leaf } from './parquet-copy.ts'
import { MAP_CHILDREN, type FieldId } from './storage-types.ts'

/**
 * What to write a part with instead, or null when it holds every value and everyone can read it:
 *
 * - DuckDB takes 0.0 and -0.0 for one value of a Parquet dictionary, and keeps the one it met first.
 * - pyarrow reads an Arrow dictionary only from pages with a Parquet dictionary or plain ones, not from the packed
 *   ones of version 2, which DuckDB takes for few repeats and for nulls alone.
 * - DuckDB packs 32-bit integers and their differences in 33 bits where they are that large; Parquet has 32, so that
 *   no other program can read the column.
 *
 * @param file - what was written, and the table in SQL that it was written from
 */
export async function betterEncodings(
  connection: Connection,
  file: { readonly path: string; readonly source: string },
  leaves: readonly Leaf[],
  written: WrittenPart,
): Promise<Encodings | null> {
  const maybeZero = leaves.map((leaf, index) => isFloat(leaf.node.field) && spansZero(written.columns[index]))
  const isDictionary = leaves.map((leaf) => isTextDictionary(leaf.node.field))
  const isWide = leaves.map((leaf, index) => hasWideDifferences(leaf.node.field, written.columns[index]))
  if (![maybeZero, isDictionary, isWide].some((flags) => flags.includes(true))) return null
  const used = await encodingUse(connection, file.path)
  const needsPlain = leaves.some((_, index) => {
    const use = used.get(index)
    return (
      (isDictionary[index] === true && use?.allDictionary === false) ||
      (isWide[index] === true && use?.anyDelta === true)
    )
  })
  const suspects = leaves.filter(
    (_, index) => maybeZero[index] === true && used.get(index)?.anyDictionary === true,
  )
  const hasZeros = await hasNegativeZero(connection, file.source, suspects)
  if (!needsPlain && !hasZeros) return null
  return {
    hasDictionaries: !hasZeros,
    parquetVersion:
      needsPlain || (hasZeros && (isDictionary.includes(true) || isWide.includes(true))) ? 1 : 2,
  }
}

function isFloat({ type }: Field): boolean {
  return type.kind === 'float'
}

function isTextDictionary({ type, dictionary }: Field): boolean {
  return dictionary !== null && /utf8|binary/i.test(type.kind)
}

/** True unless the statistics show that no zero is in it; they have no bounds where all is null or NaN. */
function spansZero(stats: ColumnStats | undefined): boolean {
  if (stats === undefined || stats.min === null || stats.max === null) return true
  return !(Number.parseFloat(stats.min) > 0 || Number.parseFloat(stats.max) < 0)
}

/** True where a value of a 32-bit column, or the difference of two, may not fit the signed numbers that Parquet has. */
function hasWideDifferences({ type }: Field, stats: ColumnStats | undefined): boolean {
  const isInt = type.kind === 'int' && type.bitWidth === 32
  if (!isInt && !(type.kind === 'date' && type.unit === 'day')) return false
  const { min, max } = stats ?? { min: null, max: null }
  if (min === null || max === null) return false
  // A date of four digits of year is far from the ends.
  if (!isInt) return ![min, max].every((date) => DATE.test(date))
  const low = Number(min)
  const high = Number(max)
  // Unsigned ones from 2^31 on are negative in Parquet; DuckDB writes the first value of a page as the positive one.
  return (!type.signed && high >= 2 ** 31) || high - low >= 2 ** 31
}

const DATE = /^\d{4}-\d\d-\d\d$/

interface EncodingUse {
  /** Every row group has a Parquet dictionary for the column. */
  readonly allDictionary: boolean
  readonly anyDictionary: boolean
  readonly anyDelta: boolean
}

async function encodingUse(connection: Connection, path: string): Promise<Map<number, EncodingUse>> {
  const rows = await connection.run(
    `SELECT column_id, bool_and(encodings LIKE '%DICTIONARY%'), bool_or(encodings LIKE '%DICTIONARY%'),
       bool_or(encodings LIKE '%DELTA_BINARY_PACKED%')
     FROM parquet_metadata(${quoteText(path)}) GROUP BY column_id`,
  )
  return new Map(
    rows.map(([column, allDictionary, anyDictionary, anyDelta]) => [
      Number(column),
      {
        allDictionary: allDictionary === true,
        anyDictionary: anyDictionary === true,
        anyDelta: anyDelta === true,
      },
    ]),
  )
}

async function hasNegativeZero(
  connection: Connection,
  source: string,
  leaves: readonly Leaf[],
): Promise<boolean> {
  const columns = new Set(leaves.map((leaf) => leaf.column))
  const tests = Array.from(columns, (column) => negativeZeroTest(column, quoteName(column.name))).filter(
    (test) => test !== null,
  )
  if (tests.length === 0) return false
  const [[found] = []] = await connection.run(`SELECT bool_or(${tests.join(' OR ')}) FROM ${source}`)
  return found === true
}

/** SQL that is true for a row that holds a negative zero in `expression`; null where no float can be in it. */
function negativeZeroTest(node: FieldId, expression: string, depth = 0): string | null {
  const { kind } = node.field.type
  if (kind === 'float') return `(signbit(${expression}) AND ${expression} = 0)`
  const tests = node.children.map((child) => {
    if (kind === 'struct') {
      return negativeZeroTest(child, `struct_extract(${expression}, ${quoteText(child.name)})`, depth)
    }
    const values = kind === 'map' ? `${MAP_VALUES[child.name] ?? ''}(${expression})` : expression
    const value = `value_${depth}`
    const test = negativeZeroTest(child, value, depth + 1)
    return test === null ? null : `len(list_filter(${values}, lambda ${value}: ${test})) > 0`
  })
  const present = tests.filter((test) => test !== null)
  return present.length === 0 ? null : `(${present.join(' OR ')})`
}

const MAP_VALUES: Readonly<Record<string, string>> = {
  [MAP_CHILDREN[0]]: 'map_keys',
  [MAP_CHILDREN[1]]: 'map_values',
}
