import { encapsulate, encodeSchema, messages } from '../../../flight/index.ts'
import { withSqlMetadata } from './column-metadata.ts'
import type { ReadCommand } from './command.ts'
import { matchesLike } from './like.ts'
import { metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'
import { CATALOG, TABLE_TYPE } from './names.ts'

const { typeName } = messages.CommandGetTables
const COLUMNS = [
  nullable('catalog_name', UTF8),
  nullable('db_schema_name', UTF8),
  required('table_name', UTF8),
  required('table_type', UTF8),
]
const SCHEMA = schemaOf(...COLUMNS)
const SCHEMA_WITH_SCHEMAS = schemaOf(...COLUMNS, required('table_schema', { kind: 'binary' }))

/** The datasets, by schema and key, each with its Arrow schema if that is asked for. */
export const getTables: ReadCommand = {
  typeName,
  read(value, services) {
    const filter = messages.CommandGetTables.decode(value)
    const { catalog, dbSchemaFilterPattern, tableNameFilterPattern, tableTypes, includeSchema } = filter
    return metadataRead({ typeName, value }, includeSchema ? SCHEMA_WITH_SCHEMAS : SCHEMA, () => {
      if (catalog !== null && catalog !== CATALOG) return []
      if (tableTypes.length > 0 && !tableTypes.includes(TABLE_TYPE)) return []
      return services.store
        .list()
        .filter(
          ({ ref }) =>
            matchesLike(dbSchemaFilterPattern, ref.schema) && matchesLike(tableNameFilterPattern, ref.key),
        )
        .map(({ ref, schema }) => {
          const row = [CATALOG, ref.schema, ref.key, TABLE_TYPE]
          if (!includeSchema) return row
          const name = { catalog: CATALOG, schema: ref.schema, table: ref.key }
          return [...row, encapsulate(encodeSchema(withSqlMetadata(schema, name)))]
        })
    })
  },
}
