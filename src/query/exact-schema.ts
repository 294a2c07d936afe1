import type { ArrowType, Field, Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { Connection } from './duckdb.ts'
import { toldSchema } from './foreign-reader.ts'

/** A column of a Parquet file, or a group or value in one, as DuckDB tells of it. */
interface Element {
  readonly children: number
  /** As the format has it, in DuckDB's words. */
  readonly logicalType: string
  /** What DuckDB reads it as. */
  readonly sqlType: string
  readonly precision: number
  readonly scale: number
}

const SIGNED_BITS: ReadonlyMap<string, 8 | 16 | 32 | 64> = new Map([
  ['TINYINT', 8],
  ['SMALLINT', 16],
  ['INTEGER', 32],
  ['BIGINT', 64],
])

/** In the words of DuckDB, which has the bits as a character, a line feed among them. */
const UNSIGNED = /^IntType\(.*isSigned=0\)$/s

/** DuckDB's decimals have at most these digits; it reads others as DOUBLE. */
const DECIMAL_DIGITS_MAX = 38

/**
 * The schema in which a Parquet file has to be read so that its values stay what they are. SQL bends some of them: it
 * cuts nanoseconds off of instants in UTC and of times of day, takes unsigned integers for signed ones where only the
 * newer of the two type systems of the format has them, and decimals of more than 38 digits for floating-point numbers.
 *
 * @param file - quoted, as a table function takes it
 * @param derived - what SQL makes of its columns: those that it does not bend have these types, but for dictionaries
 * @returns null where SQL bends nothing
 * @throws {@link SternaError} TYPE_UNSUPPORTED naming a column that has such values inside of lists or structs, and
 * whose type the file does not tell, or one that SQL takes from the path of the file
 */
export async function exactSchema(
  connection: Connection,
  file: string,
  derived: Schema,
): Promise<Schema | null> {
  const columns = columnsOf(await elementsOf(connection, file))
  const types = derived.fields.map((_, index) =>
    (columns[index] ?? []).flatMap((element) => exactType(element) ?? []),
  )
  if (types.every(({ length }) => length === 0)) return null
  const beyond = derived.fields[columns.length]
  if (beyond !== undefined) {
    const problem = `Column '${beyond.name}' is in the names of folders only`
    throw new SternaError(
      'TYPE_UNSUPPORTED',
      `${problem}, beside values in the file that SQL cannot hold exactly`,
    )
  }
  const told = await toldSchema(connection, file)
  const fields = derived.fields.map((field, index): Field => {
    const hint = told?.fields.find(({ name }) => name === field.name)
    const [type] = types[index] ?? []
    if (hint !== undefined && (type !== undefined || hasDictionary(hint))) return hint
    if (type === undefined) return field
    if (field.children.length === 0) return { ...field, type }
    const problem = `Column '${field.name}' has values inside of lists or structs that SQL cannot hold exactly`
    throw new SternaError('TYPE_UNSUPPORTED', `${problem}, and the file does not tell its Arrow type`)
  })
  return { fields, metadata: derived.metadata }
}

/** The type that holds what SQL would bend; null where it bends nothing. */
function exactType({ logicalType, sqlType, precision, scale }: Element): ArrowType | null {
  if (logicalType.includes('NANOS=NanoSeconds')) {
    if (sqlType === 'TIMESTAMP WITH TIME ZONE') return { kind: 'timestamp', unit: 'ns', timezone: 'UTC' }
    return sqlType === 'TIME' ? { kind: 'time', unit: 'ns', bitWidth: 64 } : null
  }
  const bitWidth = SIGNED_BITS.get(sqlType)
  if (bitWidth !== undefined && UNSIGNED.test(logicalType)) return { kind: 'int', bitWidth, signed: false }
  return precision > DECIMAL_DIGITS_MAX ? { kind: 'decimal', precision, scale, bitWidth: 256 } : null
}

async function elementsOf(connection: Connection, file: string): Promise<Element[]> {
  const rows = await connection.run(
    `SELECT coalesce(num_children, 0), logical_type, duckdb_type, coalesce(precision, 0),
       coalesce(scale, 0)
     FROM parquet_schema(${file}) ORDER BY column_id`,
  )
  return rows.map(([children, logicalType, sqlType, precision, scale]) => ({
    children: Number(children),
    logicalType: textOf(logicalType),
    sqlType: textOf(sqlType),
    precision: Number(precision),
    scale: Number(scale),
  }))
}

/** The elements of each column, it first: the file lists them depth first, behind one for all. */
function columnsOf([, ...elements]: readonly Element[]): Element[][] {
  const columns: Element[][] = []
  while (elements.length > 0) {
    let end = 0
    for (let left = 1; left > 0; left--) left += elements[end++]?.children ?? 0
    columns.push(elements.splice(0, end))
  }
  return columns
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function hasDictionary({ dictionary, children }: Field): boolean {
  return dictionary !== null || children.some(hasDictionary)
}
