import { messages } from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { metadataRead, required, schemaOf, UTF8 } from './metadata.ts'
import { TABLE_TYPE, VIEW_TYPE } from './names.ts'

const { typeName } = messages.CommandGetTableTypes
const SCHEMA = schemaOf(required('table_type', UTF8))

/** The types of tables: datasets and views. */
export const getTableTypes: ReadCommand = {
  typeName,
  read: (value) => metadataRead({ typeName, value }, SCHEMA, () => [[TABLE_TYPE], [VIEW_TYPE]]),
}
