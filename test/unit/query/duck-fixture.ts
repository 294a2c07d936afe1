import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Duck } from '../../../src/query/duck.ts'
import type { Connection } from '../../../src/query/duckdb.ts'
import type { Storage } from '../../../src/query/storage-types.ts'

export interface DuckFixture {
  readonly duck: Duck
  readonly connection: Connection
  /** Where SQL may read and write. */
  readonly directory: string
  /** Beside it, where it may not. */
  readonly outside: string
}

/**
 * A DuckDB of its own over an empty data directory; both are gone after `scope`: a test, or `node:test` itself for
 * all tests of a file.
 */
export async function openDuck(
  scope: { after(end: () => void): void },
  options: { memoryLimit?: string } = {},
): Promise<DuckFixture> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'sterna-duck-')))
  const directory = path.join(root, 'cold')
  const outside = path.join(root, 'outside')
  const tempDirectory = path.join(root, 'tmp')
  for (const folder of [directory, outside, tempDirectory]) mkdirSync(folder)
  const duck = await Duck.open({
    threads: 2,
    tempDirectory,
    dataDirectory: directory,
    allowedDirectories: [],
    ...options,
  })
  const connection = await duck.connect()
  scope.after(() => {
    connection.close()
    duck.close()
    rmSync(root, { recursive: true })
  })
  return { duck, connection, directory, outside }
}

/**
 * All values of stored columns, by column and row, in the form of the golden JSON: integers, and what is stored as
 * one, as text of the integer that Arrow has; bytes as hex.
 *
 * @param source - a table in SQL
 */
export async function storedValues(
  connection: Connection,
  columns: readonly Storage[],
  source: string,
): Promise<unknown[][]> {
  const list = columns.map((column) => `to_json(${golden(column, quote(column.field.name))})`)
  const rows = await connection.run(`SELECT ${list.join(', ')} FROM ${source}`)
  return columns.map((_, index) =>
    rows.map((row) => {
      const json = row[index]
      return typeof json === 'string' ? (JSON.parse(json) as unknown) : null
    }),
  )
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function golden(storage: Storage, value: string): string {
  const { layout, field, children } = storage
  const [child] = children
  const factor = layout.kind === 'scale' ? layout.factor : 1
  switch (layout.kind) {
    case 'bool':
    case 'text':
      return value
    case 'half':
      return `${value}::DOUBLE`
    case 'bytes':
    case 'fixedBytes':
      return `lower(hex(${value}))`
    case 'list':
    case 'fixedList':
      return child === undefined ? value : `list_transform(${value}, lambda item: ${golden(child, 'item')})`
    case 'map':
      return child === undefined
        ? value
        : `list_transform(map_entries(${value}), lambda item: ${golden(child, 'item')})`
    case 'struct': {
      // The entries of a map have these names in DuckDB, whatever Arrow called them.
      const names = storage.sql === '' ? ['key', 'value'] : children.map((part) => part.field.name)
      const parts = children.map((part, index) => {
        const name = names[index] ?? ''
        return `${quote(name)} := ${golden(part, `struct_extract(${value}, '${name}')`)}`
      })
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`
    }
    default:
      if (field.type.kind === 'float') return `${value}::DOUBLE`
      return factor === 1
        ? `(${integer(storage.sql, value)})::VARCHAR`
        : `(${integer(storage.sql, value)} // ${factor})::VARCHAR`
  }
}

/** The integer behind a value, in the unit of its type. */
function integer(type: string, value: string): string {
  if (type.startsWith('DECIMAL')) return `replace(${value}::VARCHAR, '.', '')::HUGEINT`
  switch (type) {
    case 'DATE':
      return `${value} - DATE '1970-01-01'`
    case 'TIMESTAMP_MS':
      return `epoch_ms(${value})`
    case 'TIMESTAMP_NS':
      return `epoch_ns(${value})`
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ':
      return `epoch_us(${value})`
    default:
      return value
  }
}
