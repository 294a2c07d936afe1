import { encapsulate, encodeSchema, messages, type Schema } from '../../../flight/index.ts'
import { wholeTable } from '../../query/dataset-query.ts'
import type { Services } from '../services.ts'
import { type Remarks, withSqlMetadata } from './column-metadata.ts'
import type { ReadCommand } from './command.ts'
import { matchesLike } from './like.ts'
import { metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'
import { CATALOG, TABLE_TYPE, VIEW_TYPE } from './names.ts'

const { typeName } = messages.CommandGetTables
const COLUMNS = [
  nullable('catalog_name', UTF8),
  nullable('db_schema_name', UTF8),
  required('table_name', UTF8),
  required('table_type', UTF8),
]
const SCHEMA = schemaOf(...COLUMNS)
const SCHEMA_WITH_SCHEMAS = schemaOf(...COLUMNS, required('table_schema', { kind: 'binary' }))

/** A dataset or a view. */
interface Table {
  readonly ref: { readonly schema: string; readonly key: string }
  readonly type: string
  /** Of a view only what describes its query tells. */
  readonly schema: () => Schema | Promise<Schema>
  readonly remarks: Remarks | undefined
}

/** The datasets and views, by schema and key, each with its Arrow schema if that is asked for. */
export const getTables: ReadCommand = {
  typeName,
  read(value, services) {
    const filter = messages.CommandGetTables.decode(value)
    const { catalog, dbSchemaFilterPattern, tableNameFilterPattern, tableTypes, includeSchema } = filter
    return metadataRead({ typeName, value }, includeSchema ? SCHEMA_WITH_SCHEMAS : SCHEMA, async () => {
      if (catalog !== null && catalog !== CATALOG) return []
      const found = tablesOf(services).filter(
        ({ ref, type }) =>
          (tableTypes.length === 0 || tableTypes.includes(type)) &&
          matchesLike(dbSchemaFilterPattern, ref.schema) &&
          matchesLike(tableNameFilterPattern, ref.key),
      )
      const rows = []
      for (const { ref, type, schema, remarks } of found) {
        const row = [CATALOG, ref.schema, ref.key, type]
        const name = { catalog: CATALOG, schema: ref.schema, table: ref.key }
        if (!includeSchema) rows.push(row)
        else rows.push([...row, encapsulate(encodeSchema(withSqlMetadata(await schema(), name, remarks)))])
      }
      return rows
    })
  },
}

function tablesOf({ store, engine }: Services): Table[] {
  const { views, comments } = store.objects
  const tables = store.list().map(({ ref, schema, tableId }): Table => {
    return { ref, type: TABLE_TYPE, schema: () => schema, remarks: comments.get(tableId) }
  })
  const named = [...views.values()].map((view): Table => {
    const remarks = { table: view.comment, columns: new Map<string, string>() }
    return { ref: view.ref, type: VIEW_TYPE, schema: () => viewSchema(view, engine), remarks }
  })
  if (named.length === 0) return tables
  const keyOf = ({ ref }: Table): string => `${ref.schema}\0${ref.key}`
  return [...tables, ...named].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Without columns where the view's query can no longer run: its tables have changed. */
async function viewSchema({ ref }: Pick<Table, 'ref'>, engine: Services['engine']): Promise<Schema> {
  try {
    return (await engine.describe({ sql: wholeTable(ref) })).schema
  } catch {
    return { fields: [], metadata: new Map() }
  }
}
