import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { quoteName } from '../duckdb.ts'
import { shown } from '../gate/message.ts'
import { foldName } from '../gate/tree.ts'
import { columnIndex, columnTypes } from './compose.ts'
import { TARGET } from './write-lake.ts'
import type { Alteration } from './write-statement.ts'

/** A table as an ALTER makes it. */
export interface AlteredTable {
  readonly schema: Schema
  /** Its rows, from those of the table as it is. */
  readonly query: string
  /** The new names of columns, by their old ones. */
  readonly renamed: ReadonlyMap<string, string>
}

interface AlteredColumn {
  readonly field: Field
  /** Of the column that it was; null for a new one. */
  readonly source: string | null
  /** Its values, in terms of the table as it is. */
  readonly value: string
}

/**
 * What a table becomes by alterations, one after the other. None of them changes a row that stays: added columns are
 * null, and a new type is a cast, which fails for a value that it does not have.
 *
 * @param typed - the fields of these types
 * @throws SternaError SQL_INVALID, DATASET_EXISTS for a name that is taken
 */
export async function alteredTable(
  name: string,
  schema: Schema,
  alterations: readonly Alteration[],
  typed: (types: readonly string[]) => Promise<Schema>,
): Promise<AlteredTable> {
  let columns = schema.fields.map((field): AlteredColumn => {
    return { field, source: field.name, value: quoteName(field.name) }
  })
  for (const alteration of alterations) columns = await altered(name, columns, alteration, typed)
  if (columns.length === 0)
    throw new SternaError('SQL_INVALID', `Table "${shown(name)}" keeps one column at least`)
  const changed = { ...schema, fields: distinctDictionaries(columns.map(({ field }) => field)) }
  const types = columnTypes(changed)
  const items = columns.map(
    ({ field, value }, index) => `CAST((${value}\n) AS ${types[index]}) AS ${quoteName(field.name)}`,
  )
  const renamed = new Map<string, string>()
  for (const { source, field } of columns) if (source !== null) renamed.set(source, field.name)
  return {
    schema: changed,
    query: `SELECT ${items.join(', ')} FROM ${TARGET} AS ${quoteName(name)}`,
    renamed,
  }
}

async function altered(
  name: string,
  columns: readonly AlteredColumn[],
  alteration: Alteration,
  typed: (types: readonly string[]) => Promise<Schema>,
): Promise<AlteredColumn[]> {
  const schema = { fields: columns.map(({ field }) => field), metadata: new Map<string, string>() }
  const has = (column: string): boolean =>
    schema.fields.some((field) => foldName(field.name) === foldName(column))
  if (alteration.kind === 'add') {
    const { column, ifNotExists } = alteration
    if (has(column.name) && ifNotExists) return [...columns]
    if (has(column.name)) throw taken(name, column.name)
    const field = { ...(await onlyField(column.type, typed)), name: column.name, nullable: column.isNullable }
    return [...columns, { field, source: null, value: 'NULL' }]
  }
  if (alteration.kind === 'drop' && alteration.ifExists && !has(alteration.column)) return [...columns]
  const index = columnIndex({ name, schema, hasParts: false }, alteration.column)
  if (alteration.kind === 'drop') return columns.filter((_, place) => place !== index)
  const change = async (column: AlteredColumn): Promise<AlteredColumn> => {
    const { field, value } = column
    switch (alteration.kind) {
      case 'rename': {
        const isOther = foldName(alteration.name) !== foldName(field.name)
        if (isOther && has(alteration.name)) throw taken(name, alteration.name)
        return { ...column, field: { ...field, name: alteration.name } }
      }
      case 'nullable':
        return { ...column, field: { ...field, nullable: alteration.isNullable } }
      case 'type': {
        const { name: kept, nullable, metadata } = field
        const type = await onlyField(alteration.type, typed)
        return {
          ...column,
          field: { ...type, name: kept, nullable, metadata },
          value: alteration.using ?? value,
        }
      }
    }
  }
  const changed: AlteredColumn[] = []
  for (const [place, column] of columns.entries())
    changed.push(place === index ? await change(column) : column)
  return changed
}

async function onlyField(type: string, typed: (types: readonly string[]) => Promise<Schema>): Promise<Field> {
  const [field] = (await typed([type])).fields
  if (field === undefined) throw new SternaError('SQL_INVALID', `"${shown(type)}" is no type`)
  return field
}

/** Columns of an ENUM come each with the first id. */
function distinctDictionaries(fields: readonly Field[]): Field[] {
  let next = 0n
  const ids = new Set<bigint>()
  return fields.map((field) => {
    if (field.dictionary === null) return field
    while (ids.has(next)) next += 1n
    const id = ids.has(field.dictionary.id) ? next : field.dictionary.id
    ids.add(id)
    return { ...field, dictionary: { ...field.dictionary, id } }
  })
}

function taken(table: string, column: string): SternaError {
  return new SternaError('DATASET_EXISTS', `Table "${shown(table)}" has a column "${shown(column)}" already`)
}
