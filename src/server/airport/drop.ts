import { z } from 'zod'
import { datasetRef } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { msgpackAction } from './action.ts'
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

/** A schema without tables is none, so that dropping it changes nothing. */
export const dropSchema = msgpackAction(
  'drop_schema',
  'Drops a schema that has no tables. In: {type, catalog_name, schema_name, name, ignore_not_found}. Out: nothing',
  requestSchema,
  ({ catalog_name: catalog, name }, { store }) => {
    assertCatalog(catalog)
    const schema = storedSchema(name)
    const tables = store.list().filter(({ ref }) => ref.schema === schema)
    const [first] = tables
    if (first === undefined) return undefined
    throw new SternaError(
      'REQUEST_INVALID',
      `The schema "${name}" has ${tables.length} tables, "${first.ref.key}" among them: drop those first`,
    )
  },
)
