import { messages } from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { metadataRead, required, schemaOf, UTF8 } from './metadata.ts'
import { CATALOG } from './names.ts'

const { typeName } = messages.CommandGetCatalogs
const SCHEMA = schemaOf(required('catalog_name', UTF8))

/** The catalogs: the lake is one. */
export const getCatalogs: ReadCommand = {
  typeName,
  read: (value) => metadataRead({ typeName, value }, SCHEMA, () => [[CATALOG]]),
}
