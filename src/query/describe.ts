import { bindings, type Connection, type Parameters, type Statement } from './duckdb.ts'
import { readType, type DuckColumn, type DuckType } from './result-types.ts'

/** The type that DuckDB gives a parameter it has no type for yet, as what a client binds to it most. */
const UNTYPED_PARAMETER: DuckType = { kind: 'plain', id: bindings.Type.VARCHAR }

/**
 * The columns that a statement gives, without running it. With parameters it is bound to their values, which
 * decide types (`coalesce($1, 1)` is an INTEGER or a DOUBLE) and sometimes all there is to know (`SELECT $1`);
 * without values they are taken for NULLs.
 *
 * @param sql - of the statement, on the same connection
 */
export async function statementColumns(
  connection: Connection,
  statement: Statement,
  sql: string,
  parameters: Parameters | undefined,
): Promise<DuckColumn[]> {
  const prepared = preparedColumns(statement)
  if (prepared !== null && (statement.parameterCount === 0 || isExplain(statement))) return prepared
  // LIMIT 0 plans to an empty result, whatever stands before it.
  const probe = await connection.prepare(`SELECT * FROM (${sql}\n) LIMIT 0`)
  try {
    probe.bind(parameters ?? Array.from({ length: statement.parameterCount }, () => null))
    const result = await probe.execute()
    return indexes(bindings.column_count(result)).map((index) => ({
      // As a subquery it had to have different names.
      name: prepared?.[index]?.name ?? bindings.column_name(result, index),
      type: readType(bindings.column_logical_type(result, index)),
    }))
  } catch (error) {
    throw connection.failed(error)
  } finally {
    probe.close()
  }
}

/**
 * True where the values of the parameters cannot change the columns, only their types can: the engine has bound every
 * function without them, and it refuses to where one asks for a value, as `struct_extract(s, $1)` does.
 */
export function isIndependentOfValues(statement: Statement): boolean {
  return preparedColumns(statement) !== null
}

/** The parameters of a statement, by position or by name, with the types that DuckDB expects. */
export function statementParameters(statement: Statement): DuckColumn[] {
  return indexes(statement.parameterCount).map((index) => ({
    name: bindings.parameter_name(statement.handle, index + 1),
    type: parameterType(statement, index + 1),
  }))
}

/** Null while a parameter without a type leaves the columns open. */
function preparedColumns(statement: Statement): DuckColumn[] | null {
  const { handle } = statement
  const ids = indexes(statement.columnCount).map((index) =>
    bindings.prepared_statement_column_type(handle, index),
  )
  if (ids.includes(bindings.Type.INVALID)) return null
  return indexes(statement.columnCount).map((index) => ({
    name: bindings.prepared_statement_column_name(handle, index),
    type: readType(bindings.prepared_statement_column_logical_type(handle, index)),
  }))
}

function parameterType(statement: Statement, position: number): DuckType {
  try {
    const type = readType(bindings.param_logical_type(statement.handle, position))
    return type.kind === 'plain' && type.id === bindings.Type.INVALID ? UNTYPED_PARAMETER : type
  } catch {
    return UNTYPED_PARAMETER
  }
}

function isExplain(statement: Statement): boolean {
  return bindings.prepared_statement_type(statement.handle) === bindings.StatementType.EXPLAIN
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
