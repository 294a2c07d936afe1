import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { type ArrowType, type Field, type Schema, encodeSchema } from '../../../flight/ipc/schema.ts'
import { Catalog, type CatalogOptions } from '../../../src/store/catalog/catalog.ts'
import type { Change } from '../../../src/store/catalog/commit.ts'
import { Database } from '../../../src/store/catalog/database.ts'
import type { CatalogState, NewPart } from '../../../src/store/catalog/state.ts'

export const INT64: ArrowType = { kind: 'int', bitWidth: 64, signed: true }
export const UTF8: ArrowType = { kind: 'utf8' }
export const FLOAT64: ArrowType = { kind: 'float', bitWidth: 64 }

/** A folder for one test, as a data directory has it. */
export interface Place {
  readonly file: string
  readonly options: { -readonly [K in keyof CatalogOptions]: CatalogOptions[K] }
  /** Another connection, as another process would have it. Closed with the test. */
  open(): Catalog
  /** The file itself, for SQL. Closed with the test. */
  database(): Database
}

export function makePlace(t: TestContext, historyMs = 0): Place {
  const folder = mkdtempSync(path.join(tmpdir(), 'sterna-catalog-'))
  const file = path.join(folder, 'catalog.sqlite')
  const dataPath = path.join(folder, 'cold')
  mkdirSync(dataPath)
  t.after(() => rmSync(folder, { recursive: true }))
  const options = { dataPath, historyMs }
  return {
    file,
    options,
    open() {
      const catalog = Catalog.open(file, options)
      t.after(() => catalog.close())
      return catalog
    },
    database() {
      const database = Database.open(file, 'wal')
      t.after(() => database.close())
      return database
    },
  }
}

export function field(name: string, type: ArrowType, children: readonly Field[] = []): Field {
  return { name, nullable: true, type, dictionary: null, children, metadata: new Map() }
}

export function schemaOf(
  columns: Readonly<Record<string, ArrowType>>,
  metadata: Readonly<Record<string, string>> = {},
): Schema {
  const fields = Object.entries(columns).map(([name, type]) => field(name, type))
  return { fields, metadata: new Map(Object.entries(metadata)) }
}

/** What most tests put: prices by time. */
export const TICKS = schemaOf({ ts: INT64, symbol: UTF8 })

export function ref(key: string, schema = 'main'): DatasetRef {
  return { schema, key }
}

/** A part of 10 rows whose first column, a number, lies between `min` and `max`. */
export function part(name: string, min = 0, max = 9): NewPart {
  const known = { nullCount: 0, containsNan: null, compressedBytes: 50 }
  return {
    path: name,
    rows: 10,
    fileBytes: 1000,
    footerBytes: 300,
    arrowBytes: 5000,
    tier: 'warm',
    columns: [
      { name: 'ts', fieldId: 1, min: String(min), max: String(max), ...known },
      { name: 'symbol', fieldId: 2, min: 'A', max: 'Z', ...known },
    ],
  }
}

export type Put = Extract<Change, { kind: 'put' }>

export function put(
  dataset: DatasetRef,
  parts: readonly NewPart[],
  mode: Put['mode'] = 'replace',
  schema = TICKS,
): Put {
  return { kind: 'put', ref: dataset, schemaHeader: encodeSchema(schema), schema, parts, mode }
}

/** A state as plain values, to compare two that were made in different ways. */
export function plain(state: CatalogState): unknown {
  return state
    .list()
    .map((dataset) => ({ ...dataset, schemaHeader: Buffer.from(dataset.schemaHeader).toString('hex') }))
}

/** Paths of the parts of a dataset, in order. */
export function paths(state: CatalogState, dataset: DatasetRef): string[] {
  return state.get(dataset)?.parts.map((found) => found.path) ?? []
}
