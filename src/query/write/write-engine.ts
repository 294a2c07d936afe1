import type { Frame } from '../../../flight/frame.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../../flight/request.ts'
import { SternaError } from '../../errors.ts'
import type { Lake, PinnedDataset, PinnedLake, StagedPart, WritableLake } from '../../store/parts.ts'
import { shown } from '../gate/message.ts'
import { allNullable } from '../gate/plain-columns.ts'
import { MAIN_SCHEMA } from '../gate/tables.ts'
import type { ParameterRow } from '../parameters.ts'
import type { QueryDescription, QueryRequest, QueryResult } from '../query.ts'
import { applyChanges, writeResult } from './apply-changes.ts'
import * as compose from './compose.ts'
import { parseWrite } from './parse.ts'
import { alteredTable } from './alter.ts'
import {
  comment,
  createSchema,
  createView,
  type Definition,
  dropSchema,
  dropViews,
  newRef,
  typedSchema,
} from './definitions.ts'
import { readChanges, type RowChanges } from './row-changes.ts'
import { findTable, requireTable } from './tables.ts'
import type { ColumnDeclaration, WriteStatement } from './write-statement.ts'
import { framesTable, partsTable, WriteLake } from './write-lake.ts'

/** What runs the queries that a statement is made of. */
interface Queries {
  run(request: QueryRequest): Promise<QueryResult>
  describe(request: QueryRequest): Promise<QueryDescription>
}

/** Rows bound to the parameters of a statement. */
export interface BoundRows {
  readonly schema: Schema
  readonly frames: readonly Frame[]
  /** Each as the parameters of one run. @throws SternaError TYPE_UNSUPPORTED, IPC_MALFORMED */
  readonly rows: () => Promise<readonly ParameterRow[]>
}

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
  readonly lake: WritableLake
  readonly signal: AbortSignal
}

type Of<K extends WriteStatement['kind']> = Extract<WriteStatement, { kind: K }>

/** A statement on its way, with what its queries need. */
interface Run {
  readonly lake: WritableLake
  readonly schema: string | undefined
  readonly timeZone: string | undefined
  readonly signal: AbortSignal
  readonly parameters: QueryRequest['parameters']
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
    const { lake, schema, timeZone, signal, bound, parameters } = request
    const run = { lake, schema, timeZone, signal, parameters }
    if (bound === undefined) return this.#execute(statement, run)
    const together = statement.kind === 'insert' ? await this.#insertBound(statement, run, bound) : null
    if (together !== null) return together
    let rows: number | null = 0
    for (const row of await bound.rows()) {
      const written = await this.#execute(statement, { ...run, parameters: row })
      rows = written === null || rows === null ? null : rows + written
    }
    return rows
  }

  /** The parameters that a statement takes. Never runs it. @throws as {@link execute}, but for what only values tell */
  async describe(statement: WriteStatement, schema: string | undefined, lake: Lake): Promise<Schema> {
    const pinned = lake.pin()
    try {
      const sql = await this.#describedQuery(statement, schema, lake, pinned)
      if (sql === null) return { fields: [], metadata: new Map() }
      const table = 'table' in statement ? findTable(pinned, statement.table, schema) : undefined
      const tables = table === undefined ? {} : { target: { ...table, parts: [], log: null } }
      const request = { sql, schema, lake: new WriteLake(lake, tables), isOnce: true }
      return (await this.#queries.describe(request)).parameters
    } finally {
      pinned.release()
    }
  }

  #execute(statement: WriteStatement, run: Run): Promise<number | null> {
    switch (statement.kind) {
      case 'insert':
        return this.#insert(statement, run)
      case 'update':
      case 'delete':
      case 'merge':
        return this.#change(statement, run)
      case 'truncate':
        return this.#truncate(statement, run)
      case 'create-table':
        return this.#createTable(statement, run)
      case 'drop-table':
        return this.#dropTables(statement, run)
      case 'alter-table':
        return this.#alterTable(statement, run)
      default:
        return this.#define(statement, run)
    }
  }

  async #define(
    statement: Of<'create-view' | 'drop-view' | 'create-schema' | 'drop-schema' | 'comment'>,
    run: Run,
  ): Promise<null> {
    const definition = this.#definition(run)
    if (statement.kind === 'create-view') await createView(statement, definition)
    else if (statement.kind === 'drop-view') dropViews(statement, definition)
    else if (statement.kind === 'create-schema') createSchema(statement, definition)
    else if (statement.kind === 'drop-schema') dropSchema(statement, definition)
    else comment(statement, definition)
    return null
  }

  #definition({ lake, schema }: Run): Definition {
    return { lake, schema, describe: (request) => this.#queries.describe({ ...request, isOnce: true }) }
  }

  async #insert(statement: Of<'insert'>, run: Run): Promise<number> {
    const { ref, schema } = this.#table(run, statement.table)
    const sql = await this.#insertQuery(statement, { name: ref.key, schema, hasParts: true }, run)
    return this.#append(ref, schema, await this.#run(run, sql, schema), run)
  }

  /** All rows in one query, where the statement is a row of values; null where it is not. */
  async #insertBound(statement: Of<'insert'>, run: Run, bound: BoundRows): Promise<number | null> {
    const [row, ...others] = statement.query === null ? [] : (compose.valuesOf(statement.query) ?? [])
    if (row === undefined || others.length > 0 || statement.isByName) return null
    const { ref, schema } = this.#table(run, statement.table)
    const target = { name: ref.key, schema, hasParts: true }
    const places = insertPlaces(target, statement.columns, row.length, null)
    const query = compose.boundRows(row, itemTypes(schema, places, row.length))
    if (query === null) return null
    const fields = bound.schema.fields.map((field, index): Field => ({
      ...field,
      name: compose.parameterName(index),
    }))
    const parameters = framesTable('parameters', { ...bound.schema, fields }, bound.frames)
    const sql = compose.insertQuery(target, query, row.length, places)
    const request = { ...this.#request(run, sql), target: schema, parameters: undefined }
    const lake = new WriteLake(run.lake, { parameters })
    return this.#append(ref, schema, await this.#queries.run({ ...request, lake }), run)
  }

  async #append(
    ref: DatasetRef,
    schema: Schema,
    result: QueryResult,
    { lake, signal }: Run,
  ): Promise<number> {
    const parts = await writeResult(lake, { ref, schema, place: 'end', signal }, result)
    if (parts.length > 0) lake.change(ref, new Map(), parts)
    return rowsOf(parts)
  }

  async #insertQuery(
    { columns, isByName, query }: Of<'insert'>,
    target: compose.Target,
    run: Pick<Run, 'schema'> & { readonly lake: Lake; readonly parameters?: QueryRequest['parameters'] },
  ): Promise<string> {
    const { schema } = target
    if (query === null) return compose.insertQuery(target, 'SELECT NULL', 1, [])
    const values = compose.valuesOf(query)
    if (values !== null) {
      const count = values[0]?.length ?? 0
      const places = insertPlaces(target, columns, count, null)
      const typed = compose.typedValues(values, itemTypes(schema, places, count))
      return compose.insertQuery(target, typed, count, places)
    }
    const described = await this.#queries.describe({
      sql: query,
      schema: run.schema,
      lake: run.lake,
      parameters: run.parameters,
    })
    const names = described.schema.fields.map(({ name }) => name)
    const places = insertPlaces(target, columns, names.length, isByName ? names : null)
    return compose.insertQuery(target, query, names.length, places)
  }

  async #change(statement: Of<'update' | 'delete' | 'merge'>, run: Run): Promise<number> {
    const found = this.#table(run, statement.table)
    const { ref, schema, parts } = await run.lake.settle(found.ref)
    const target = { name: ref.key, schema, hasParts: parts.length > 0 }
    const isWhole = statement.kind === 'delete' && statement.where === null && statement.using === null
    if (isWhole) return this.#truncate(statement, run)
    const sql = await this.#changeQuery(statement, target, run)
    const lake = new WriteLake(run.lake, { target: partsTable('target', schema, parts) })
    const result = await this.#queries.run({ ...this.#request(run, sql), lake })
    const changes = await readChanges(run.lake, result, run.signal)
    if (changes.rows === 0) return 0
    await this.#apply(statement, { ref, schema, parts }, changes, run)
    return changes.rows
  }

  async #changeQuery(
    statement: Of<'update' | 'delete' | 'merge'>,
    target: compose.Target,
    run: Pick<Run, 'schema'> & { readonly lake: Lake },
  ): Promise<string> {
    if (statement.kind === 'update') return compose.updateQuery(target, statement)
    if (statement.kind === 'delete') return compose.deleteQuery(target, statement)
    const sql = `SELECT * FROM ${statement.source} AS sterna_source`
    const { schema } = await this.#queries.describe({ sql, schema: run.schema, lake: run.lake })
    return compose.mergeQuery(
      target,
      statement,
      schema.fields.map(({ name }) => name),
    )
  }

  async #apply(
    statement: Of<'update' | 'delete' | 'merge'>,
    { ref, schema, parts }: Pick<PinnedDataset, 'ref' | 'schema' | 'parts'>,
    changes: RowChanges,
    run: Run,
  ): Promise<void> {
    const { lake, signal } = run
    const changesOnly = new WriteLake(lake, { changes: changes.table })
    if (statement.kind === 'merge') await this.#assertOnce(ref, changesOnly, signal)
    const changed = changedColumns(statement, { name: ref.key, schema, hasParts: true })
    await applyChanges(this.#queries, { ref, schema, parts, lake, signal }, changes, changed)
  }

  /** @throws SternaError SQL_FAILED where a row of the table would be changed by two of the source */
  async #assertOnce(ref: DatasetRef, lake: Lake, signal: AbortSignal): Promise<void> {
    const result = await this.#queries.run({ sql: compose.TWICE_QUERY, lake, signal, isOnce: true })
    try {
      const { done } = await result.frames.next()
      if (done === true) return
      throw new SternaError(
        'SQL_FAILED',
        `Several rows of the source match one row of "${ref.key}", which a MERGE can change only once`,
      )
    } finally {
      result.close()
    }
  }

  async #truncate({ table }: Pick<Of<'truncate'>, 'table'>, run: Run): Promise<number> {
    const { ref } = this.#table(run, table)
    const { parts, rows } = await run.lake.settle(ref)
    run.lake.change(ref, new Map(parts.map(({ path }) => [path, []])), [])
    return rows
  }

  async #createTable(statement: Of<'create-table'>, run: Run): Promise<number | null> {
    const { table, content, exists, isTemporary } = statement
    const { temporarySchema } = run.lake
    if (isTemporary && temporarySchema === null) {
      throw new SternaError(
        'NOT_IMPLEMENTED',
        'Temporary tables need a session of Flight SQL, with which they end',
      )
    }
    const name = isTemporary ? { schema: temporarySchema, name: table.name } : table
    const known = this.#pinned(run, (pinned) => {
      const found = findTable(pinned, name, run.schema)
      // A temporary table hides one of the lake, and is none.
      return !isTemporary && name.schema === null && found?.ref.schema === temporarySchema
        ? findTable(pinned, { ...name, schema: run.schema ?? MAIN_SCHEMA })
        : found
    })
    if (known !== undefined && exists === 'keep') return 'columns' in content ? null : 0
    if (known !== undefined && exists === 'refuse') {
      throw new SternaError('DATASET_EXISTS', `Table "${shown(table.name)}" exists already`)
    }
    const ref = known?.ref ?? newRef(name, run.schema)
    const isReplace = exists === 'replace'
    if ('columns' in content) {
      run.lake.create(ref, await this.#declared(content.columns, run), [], isReplace)
      return null
    }
    // As in SQL: a table that is made of a query takes its types, not what is NOT NULL.
    const schema = allNullable((await this.#describeQuery(content.query, run)).schema)
    const named = content.names === null ? schema : renamed(schema, content.names)
    if (!content.hasRows) {
      run.lake.create(ref, named, [], isReplace)
      return 0
    }
    const result = await this.#run(run, content.query, schema)
    const parts = await writeResult(
      run.lake,
      { ref, schema: named, place: 'whole', signal: run.signal },
      result,
    )
    run.lake.create(ref, named, parts, isReplace)
    return rowsOf(parts)
  }

  /** The Arrow schema of declared columns. */
  async #declared(columns: readonly ColumnDeclaration[], run: Run): Promise<Schema> {
    const types = columns.map(({ type }) => type)
    const schema = await typedSchema(types, this.#definition(run))
    const fields = schema.fields.map((field, index) => {
      const { name = field.name, isNullable = true } = columns[index] ?? {}
      return { ...field, name, nullable: isNullable }
    })
    return { ...schema, fields }
  }

  async #alterTable({ table, ifExists, alterations }: Of<'alter-table'>, run: Run): Promise<null> {
    const found = this.#pinned(run, (pinned) => findTable(pinned, table, run.schema))
    if (found === undefined && ifExists) return null
    const { ref, schema, parts } = await run.lake.settle((found ?? this.#table(run, table)).ref)
    const definition = this.#definition(run)
    const altered = await alteredTable(ref.key, schema, alterations, (types) =>
      typedSchema(types, definition),
    )
    const lake = new WriteLake(run.lake, { target: partsTable('target', schema, parts) })
    const request = { ...this.#request(run, altered.query), lake, target: altered.schema }
    const result = await this.#queries.run(request)
    const rows = { ref, schema: altered.schema, place: 'whole', signal: run.signal } as const
    run.lake.alter(ref, altered.schema, await writeResult(run.lake, rows, result), altered.renamed)
    return null
  }

  async #dropTables({ tables, ifExists }: Of<'drop-table'>, run: Run): Promise<null> {
    for (const name of tables) {
      const found = this.#pinned(run, (pinned) => findTable(pinned, name, run.schema))
      if (found !== undefined) run.lake.drop(found.ref)
      else if (!ifExists) this.#table(run, name)
    }
    return null
  }

  async #describedQuery(
    statement: WriteStatement,
    schema: string | undefined,
    lake: Lake,
    pinned: PinnedLake,
  ): Promise<string | null> {
    switch (statement.kind) {
      case 'insert':
      case 'update':
      case 'delete':
      case 'merge': {
        const found = requireTable(pinned, statement.table, schema)
        const target = { name: found.ref.key, schema: found.schema, hasParts: false }
        return statement.kind === 'insert'
          ? this.#insertQuery(statement, target, { schema, lake })
          : this.#changeQuery(statement, target, { schema, lake })
      }
      case 'create-table':
        return 'query' in statement.content ? statement.content.query : null
      default:
        return null
    }
  }

  #run(run: Run, sql: string, target: Schema): Promise<QueryResult> {
    return this.#queries.run({ ...this.#request(run, sql), target })
  }

  #describeQuery(
    sql: string,
    { schema, timeZone, lake, parameters, signal }: Run,
  ): Promise<QueryDescription> {
    return this.#queries.describe({ sql, schema, timeZone, lake, parameters, signal })
  }

  #request({ schema, timeZone, lake, parameters, signal }: Run, sql: string): QueryRequest {
    return { sql, schema, timeZone, lake, parameters, signal, isOnce: true }
  }

  #table(run: Run, name: Of<'insert'>['table']): PinnedDataset {
    return this.#pinned(run, (pinned) => requireTable(pinned, name, run.schema))
  }

  #pinned<T>({ lake }: Run, look: (pinned: PinnedLake) => T): T {
    const pinned = lake.pin()
    try {
      return look(pinned)
    } finally {
      pinned.release()
    }
  }
}

export { parseWrite }
export type { WriteStatement }

function rowsOf(parts: readonly StagedPart[]): number {
  return parts.reduce((sum, { written }) => sum + written.rows, 0)
}

function renamed(schema: Schema, names: readonly string[]): Schema {
  if (names.length !== schema.fields.length) {
    throw new SternaError(
      'SQL_INVALID',
      `The query gives ${schema.fields.length} columns, and ${names.length} names are written for them`,
    )
  }
  const fields = schema.fields.map((field, index) => ({ ...field, name: names[index] ?? field.name }))
  return { ...schema, fields }
}

/**
 * For each column of the table the place of the value that fills it; null where none does.
 *
 * @param names - of the query's columns, where they say which column they fill
 */
function insertPlaces(
  target: compose.Target,
  columns: readonly string[] | null,
  count: number,
  names: readonly string[] | null,
): (number | null)[] {
  const { fields } = target.schema
  const written = names ?? columns
  const expected = written?.length ?? fields.length
  if (count !== expected) {
    throw new SternaError(
      'SQL_INVALID',
      `The rows to insert have ${count} values; ${expected} columns of "${shown(target.name)}" are to be filled`,
    )
  }
  if (written === null) return fields.map((_, index) => index)
  const places = new Map(written.map((name, place) => [compose.columnIndex(target, name), place]))
  if (places.size < written.length) throw new SternaError('SQL_INVALID', 'A column is named twice')
  return fields.map((_, index) => places.get(index) ?? null)
}

/** The type of the column that each value fills. */
function itemTypes(schema: Schema, places: readonly (number | null)[], count: number): string[] {
  const types = compose.columnTypes(schema)
  return Array.from({ length: count }, (_, place) => types[places.indexOf(place)] ?? 'VARCHAR')
}

function changedColumns(
  statement: Of<'update' | 'delete' | 'merge'>,
  target: compose.Target,
): ReadonlySet<number> {
  if (statement.kind === 'delete') return new Set()
  if (statement.kind === 'update') {
    return new Set(statement.set.map(({ column }) => compose.columnIndex(target, column)))
  }
  return new Set(target.schema.fields.keys())
}
