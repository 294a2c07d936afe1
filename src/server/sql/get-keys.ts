import { type ArrowType, messages } from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { INT32, metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'

const UINT8: ArrowType = { kind: 'int', bitWidth: 8, signed: false }

const PRIMARY_KEYS = schemaOf(
  nullable('catalog_name', UTF8),
  nullable('db_schema_name', UTF8),
  required('table_name', UTF8),
  required('column_name', UTF8),
  nullable('key_name', UTF8),
  required('key_sequence', INT32),
)

const FOREIGN_KEYS = schemaOf(
  nullable('pk_catalog_name', UTF8),
  nullable('pk_db_schema_name', UTF8),
  required('pk_table_name', UTF8),
  required('pk_column_name', UTF8),
  nullable('fk_catalog_name', UTF8),
  nullable('fk_db_schema_name', UTF8),
  required('fk_table_name', UTF8),
  required('fk_column_name', UTF8),
  required('key_sequence', INT32),
  nullable('fk_key_name', UTF8),
  nullable('pk_key_name', UTF8),
  required('update_rule', UINT8),
  required('delete_rule', UINT8),
)

/** Keys of tables: a lake has none, so that each of these commands answers with its columns and no row. */
export const keyCommands: readonly ReadCommand[] = [
  noKeys('CommandGetPrimaryKeys', PRIMARY_KEYS),
  noKeys('CommandGetExportedKeys', FOREIGN_KEYS),
  noKeys('CommandGetImportedKeys', FOREIGN_KEYS),
  noKeys('CommandGetCrossReference', FOREIGN_KEYS),
]

function noKeys(
  name:
    | 'CommandGetPrimaryKeys'
    | 'CommandGetExportedKeys'
    | 'CommandGetImportedKeys'
    | 'CommandGetCrossReference',
  schema: typeof PRIMARY_KEYS,
): ReadCommand {
  const { typeName } = messages[name]
  return {
    typeName,
    read(value) {
      messages[name].decode(value)
      return metadataRead({ typeName, value }, schema, () => [])
    },
  }
}
