import type { Schema } from '../../../flight/ipc/schema.ts'
import type { Lake, WritableLake } from '../../store/parts.ts'
import type { QueryRequest } from '../query.ts'
import { change, changeQuery, truncate } from './change.ts'
import { alterTable, createTable, definitionOf, dropTables } from './define-table.ts'
import { comment, createSchema, createView, dropSchema, dropViews } from './definitions.ts'
import { type BoundRows, insert, insertBound, insertQuery } from './insert.ts'
import { parseWrite } from './parse.ts'
import { type Of, type Queries, Run } from './run.ts'
import { findTable } from './tables.ts'
import { WriteLake } from './write-lake.ts'
import type { WriteStatement } from './write-statement.ts'

export { parseWrite }
export type { BoundRows, WriteStatement }

/** One statement that writes. */
export interface WriteRequest {
  readonly sql: string
  readonly parameters?: QueryRequest['parameters']
  /** Runs it once for each row. */
  readonly bound?: BoundRows | undefined
  /** The schema of tables that name none; `main` when absent. */
  readonly schema?: string | undefined
  /** In which times with a zone are computed. */
  readonly timeZone?: string | undefined
  /** In which its queries run; that of everybody when absent. */
  readonly memory?: QueryRequest['memory']
  readonly lake: WritableLake
  readonly signal: AbortSignal
}

/**
 * Carries out SQL that writes. A statement is taken apart only as far as its own words go; its expressions and queries
 * become SELECTs, which go through the gate as any other, and whose rows are written as parts.
 */
export class WriteEngine {
  readonly #queries: Queries

  constructor(queries: Queries) {
    this.#queries = queries
  }

  /**
   * Runs a statement in a transaction, which has all of it or nothing.
   *
   * @returns how many rows it has written, changed or deleted; null where it defines something
   * @throws {@link SternaError} as the gate refuses it; SQL_FAILED naming the column for a value that does not fit;
   * COMMIT_CONFLICT; NOT_IMPLEMENTED
   */
  async execute(statement: WriteStatement, request: WriteRequest): Promise<number | null> {
    const { bound, lake, schema, timeZone, signal, parameters, memory } = request
    const queries: Queries = {
      run: (query) => this.#queries.run({ ...query, memory }),
      describe: (query) => this.#queries.describe({ ...query, memory }),
    }
    const run = new Run(queries, { lake, schema, timeZone, signal, parameters })
    if (bound === undefined) return execute(statement, run)
    const together = statement.kind === 'insert' ? await insertBound(statement, run, bound) : null
    if (together !== null) return together
    let rows: number | null = 0
    for (const row of await bound.rows()) {
      const bare = new Run(queries, { lake, schema, timeZone, signal, parameters: row })
      const written = await execute(statement, bare)
      rows = written === null || rows === null ? null : rows + written
    }
    return rows
  }

  /** The parameters that a statement takes. Never runs it. @throws as {@link execute}, but for what only values tell */
  async describe(statement: WriteStatement, schema: string | undefined, lake: Lake): Promise<Schema> {
    const run = new Run(this.#queries, { lake, schema })
    const sql = await describedQuery(statement, run)
    if (sql === null) return { fields: [], metadata: new Map() }
    const table =
      'table' in statement ? run.pinned((pinned) => findTable(pinned, statement.table, schema)) : undefined
    const tables = table === undefined ? {} : { target: { ...table, parts: [], log: null } }
    const described = await this.#queries.describe({
      ...run.request(sql),
      lake: new WriteLake(lake, tables),
    })
    return described.parameters
  }
}

function execute(statement: WriteStatement, run: Run): Promise<number | null> {
  switch (statement.kind) {
    case 'insert':
      return insert(statement, run)
    case 'update':
    case 'delete':
    case 'merge':
      return change(statement, run)
    case 'truncate':
      return truncate(statement, run)
    case 'create-table':
      return createTable(statement, run)
    case 'drop-table':
      return dropTables(statement, run)
    case 'alter-table':
      return alterTable(statement, run)
    default:
      return define(statement, run)
  }
}

async function define(
  statement: Of<'create-view' | 'drop-view' | 'create-schema' | 'drop-schema' | 'comment'>,
  run: Run,
): Promise<null> {
  const definition = definitionOf(run)
  if (statement.kind === 'create-view') await createView(statement, definition)
  else if (statement.kind === 'drop-view') dropViews(statement, definition)
  else if (statement.kind === 'create-schema') createSchema(statement, definition)
  else if (statement.kind === 'drop-schema') dropSchema(statement, definition)
  else comment(statement, definition)
  return null
}

/** The query of a statement that has all its parameters; null where it can have none. */
async function describedQuery(statement: WriteStatement, run: Run<Lake>): Promise<string | null> {
  switch (statement.kind) {
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge': {
      const found = run.table(statement.table)
      const target = { name: found.ref.key, schema: found.schema, hasParts: false }
      return statement.kind === 'insert'
        ? insertQuery(statement, target, run)
        : changeQuery(statement, target, run)
    }
    case 'create-table':
      return 'query' in statement.content ? statement.content.query : null
    default:
      return null
  }
}
