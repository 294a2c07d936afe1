import { messages } from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { matchesLike } from './like.ts'
import { metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'
import { CATALOG } from './names.ts'

const { typeName } = messages.CommandGetDbSchemas
const SCHEMA = schemaOf(nullable('catalog_name', UTF8), required('db_schema_name', UTF8))

/** The schemas, those without tables included. */
export const getDbSchemas: ReadCommand = {
  typeName,
  read(value, services) {
    const { catalog, dbSchemaFilterPattern } = messages.CommandGetDbSchemas.decode(value)
    return metadataRead({ typeName, value }, SCHEMA, () => {
      if (catalog !== null && catalog !== CATALOG) return []
      return [...services.store.objects.schemas.keys()]
        .filter((schema) => matchesLike(dbSchemaFilterPattern, schema))
        .sort()
        .map((schema) => [CATALOG, schema])
    })
  },
}
