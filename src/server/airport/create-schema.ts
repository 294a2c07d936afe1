import { z } from 'zod'
import { msgpackAction } from './action.ts'
import { define } from './define.ts'
import { schemaContents } from './list-schemas.ts'
import { optionalText, pack, textField } from './messages.ts'
import { assertCatalog, storedSchema } from './names.ts'

export const createSchema = msgpackAction(
  'create_schema',
  'Makes a schema. In: {catalog_name, schema, comment, tags}. Out: {sha256, url, serialized}',
  z.object({ catalog_name: textField, schema: textField, comment: optionalText }),
  async ({ catalog_name: catalog, schema: shown, comment }, services, context) => {
    assertCatalog(catalog)
    const schema = storedSchema(shown)
    const said = { kind: 'comment', on: { kind: 'schema', schema }, text: comment } as const
    const made = { kind: 'create-schema', schema, ifNotExists: false } as const
    await define(comment === '' ? [made] : [made, said], services, context)
    return pack(await schemaContents([], services.store))
  },
)
