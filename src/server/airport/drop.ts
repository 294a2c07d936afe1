import { z } from 'zod'
import { datasetRef } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { msgpackAction } from './action.ts'
import { define } from './define.ts'
import { textField } from './messages.ts'
import { assertCatalog, storedSchema } from './names.ts'

const requestSchema = z.object({
  type: textField,
  catalog_name: textField,
  schema_name: textField,
  name: textField,
  ignore_not_found: z.boolean(),
})

export const dropTable = msgpackAction(
  'drop_table',
  'Drops a table. In: {type, catalog_name, schema_name, name, ignore_not_found}. Out: nothing',
  requestSchema,
  (request, { store, airport }, context) => {
    assertCatalog(request.catalog_name)
    const ref = datasetRef(storedSchema(request.schema_name), request.name, 'DESCRIPTOR_MALFORMED')
    try {
      store.drop(ref)
    } catch (error) {
      const isMissing = error instanceof SternaError && error.code === 'DATASET_NOT_FOUND'
      if (!isMissing || !request.ignore_not_found) throw error
    }
    airport.hasWritten(context)
    return undefined
  },
)

export const dropSchema = msgpackAction(
  'drop_schema',
  'Drops a schema that has no tables. In: {type, catalog_name, schema_name, name, ignore_not_found}. Out: nothing',
  requestSchema,
  async ({ catalog_name: catalog, name, ignore_not_found: ifExists }, services, context) => {
    assertCatalog(catalog)
    const schema = storedSchema(name)
    await define([{ kind: 'drop-schema', schema, ifExists, isCascade: false }], services, context)
    return undefined
  },
)
