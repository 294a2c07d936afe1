import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Database } from './database.ts'
import { liveAt } from './live.ts'
import { datasetName } from './names.ts'

/** A query with a name, as the lake keeps it. */
export interface CatalogView {
  readonly viewId: number
  readonly ref: DatasetRef
  readonly sql: string
  /** Of its columns; empty for those of the query. */
  readonly names: readonly string[]
  readonly comment: string | null
}

/** What is said of a table and its columns. */
export interface TableComments {
  readonly table: string | null
  /** By the names of columns. */
  readonly columns: ReadonlyMap<string, string>
}

/** What a snapshot has beside its datasets. Immutable. */
export interface CatalogObjects {
  /** What is said of each schema, by its name. */
  readonly schemas: ReadonlyMap<string, string | null>
  /** By {@link datasetName}. */
  readonly views: ReadonlyMap<string, CatalogView>
  /** By the id of the table. */
  readonly comments: ReadonlyMap<number, TableComments>
}

/** The dialect of views that SQL here can read. */
export const VIEW_DIALECT = 'duckdb'

/** Reads what a snapshot has beside its datasets: four scans of tables with few rows. */
export function loadObjects(db: Database, at: number): CatalogObjects {
  const tags = new Map(
    db.all<[number, string]>(
      `SELECT object_id, value FROM ducklake_tag t
       WHERE key = 'comment' AND value IS NOT NULL AND ${liveAt('t')}`,
      at,
    ),
  )
  const schemas = db.all<[number, string]>(
    `SELECT schema_id, schema_name FROM ducklake_schema s WHERE ${liveAt('s')}`,
    at,
  )
  const views = db.all<[number, string, string, string, string | null]>(
    `SELECT v.view_id, s.schema_name, v.view_name, v.sql, v.column_aliases
     FROM ducklake_view v JOIN ducklake_schema s ON s.schema_id = v.schema_id AND ${liveAt('s')}
     WHERE ${liveAt('v')} AND v.dialect = ?2`,
    at,
    VIEW_DIALECT,
  )
  const found = new Map<string, CatalogView>()
  for (const [viewId, schema, key, sql, aliases] of views) {
    const ref = { schema, key }
    const names = namesOf(aliases ?? '')
    found.set(datasetName(ref), { viewId, ref, sql, names, comment: tags.get(viewId) ?? null })
  }
  return {
    schemas: new Map(schemas.map(([id, name]) => [name, tags.get(id) ?? null])),
    views: found,
    comments: loadComments(db, tags, at),
  }
}

function loadComments(
  db: Database,
  tags: ReadonlyMap<number, string>,
  at: number,
): Map<number, TableComments> {
  const columns = new Map<number, Map<string, string>>()
  const rows = db.all<[number, string, string]>(
    `SELECT t.table_id, c.column_name, t.value FROM ducklake_column_tag t
     JOIN ducklake_column c ON c.table_id = t.table_id AND c.column_id = t.column_id AND ${liveAt('c')}
     WHERE t.key = 'comment' AND t.value IS NOT NULL AND ${liveAt('t')}`,
    at,
  )
  for (const [tableId, name, text] of rows) {
    columns.set(tableId, (columns.get(tableId) ?? new Map<string, string>()).set(name, text))
  }
  const ids = new Set([...tags.keys(), ...columns.keys()])
  return new Map(
    [...ids].map((id) => [id, { table: tags.get(id) ?? null, columns: columns.get(id) ?? new Map() }]),
  )
}

/** A list of names in quotes, as the lake keeps those of a view's columns. */
export function quotedNames(names: readonly string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')
}

function namesOf(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"/g)].map(([, name = '']) => name.replaceAll('""', '"'))
}
