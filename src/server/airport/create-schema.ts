import { z } from 'zod'
import { datasetRef } from '../../../flight/index.ts'
import { msgpackAction } from './action.ts'
import { schemaContents } from './list-schemas.ts'
import { pack, textField } from './messages.ts'
import { assertCatalog, storedSchema } from './names.ts'

/** A schema of the lake is there once it has a table, so that there is nothing to write down. */
export const createSchema = msgpackAction(
  'create_schema',
  'A schema for tables to come. In: {catalog_name, schema, comment, tags}. Out: {sha256, url, serialized}',
  z.object({ catalog_name: textField, schema: textField }),
  async ({ catalog_name: catalog, schema }) => {
    assertCatalog(catalog)
    // The name is checked where all names are; that of the table is any.
    datasetRef(storedSchema(schema), 'table', 'DESCRIPTOR_MALFORMED')
    return pack(await schemaContents([]))
  },
)
