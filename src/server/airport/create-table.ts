import { z } from 'zod'
import {
  datasetRef,
  decapsulate,
  encodeSchema,
  type Field,
  messages,
  parseSchema,
  type Schema,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { schemaFrame } from '../read.ts'
import { msgpackAction } from './action.ts'
import { bytesField, textField } from './messages.ts'
import { assertCatalog, storedSchema } from './names.ts'
import { isTable, tableInfo } from './tables.ts'

const textsField = z.array(textField)

/** What the client sends of `CREATE TABLE`; constraints that nothing here would keep are refused. */
const requestSchema = z.object({
  catalog_name: textField,
  schema_name: textField,
  table_name: textField,
  arrow_schema: bytesField,
  on_conflict: textField.pipe(z.enum(['error', 'ignore', 'replace'])),
  not_null_constraints: z.array(z.union([z.bigint(), z.number()]).transform(Number)),
  unique_constraints: z.array(z.unknown()),
  check_constraints: textsField,
  primary_key_columns: textsField,
  unique_columns: textsField,
  multi_key_primary_keys: textsField,
  extra_constraints: textsField,
})

export const createTable = msgpackAction(
  'create_table',
  'Makes a table. In: {catalog_name, schema_name, table_name, arrow_schema, on_conflict, …}. Out: FlightInfo',
  requestSchema,
  async (request, { store, airport }, context) => {
    assertCatalog(request.catalog_name)
    assertNoConstraints(request)
    const ref = datasetRef(storedSchema(request.schema_name), request.table_name, 'DESCRIPTOR_MALFORMED')
    const exists = store.list().some((known) => known.ref.schema === ref.schema && known.ref.key === ref.key)
    if (exists && request.on_conflict === 'ignore')
      return messages.FlightInfo.encode(tableInfo(store.get(ref), store))
    const schema = withNotNull(parseSchema(decapsulate(request.arrow_schema)), request.not_null_constraints)
    if (!isTable({ schema })) {
      throw new SternaError('TYPE_UNSUPPORTED', 'A table needs columns, of types that DuckDB has')
    }
    const mode = request.on_conflict === 'replace' ? 'replace' : 'create'
    const put = store.beginPut(ref, mode, schemaFrame(encodeSchema(schema)))
    try {
      await put.commit(Promise.resolve())
    } catch (error) {
      await put.abort()
      throw error
    }
    airport.hasWritten(context)
    return messages.FlightInfo.encode(tableInfo(store.get(ref), store))
  },
)

/** @throws SternaError NOT_IMPLEMENTED naming the first constraint */
function assertNoConstraints(request: z.infer<typeof requestSchema>): void {
  const { check_constraints: checks, primary_key_columns: key, multi_key_primary_keys: keys } = request
  const uniques = [...request.unique_columns, ...request.extra_constraints]
  const kinds = [
    ['CHECK', checks],
    ['PRIMARY KEY', [...key, ...keys]],
    ['UNIQUE', uniques],
  ] as const
  for (const [kind, [first]] of kinds) {
    if (first === undefined) continue
    throw new SternaError(
      'NOT_IMPLEMENTED',
      `A table here has no ${kind} constraint; there is one on ${first}`,
    )
  }
}

/** @param notNull - places of columns. @throws SternaError REQUEST_INVALID */
function withNotNull(schema: Schema, notNull: readonly number[]): Schema {
  const unknown = notNull.find((index) => schema.fields[index] === undefined)
  if (unknown !== undefined) {
    const count = schema.fields.length
    throw new SternaError('REQUEST_INVALID', `NOT NULL on column ${unknown}; the table has ${count}`)
  }
  const fields = schema.fields.map((field: Field, index) => {
    return notNull.includes(index) ? { ...field, nullable: false } : field
  })
  return { ...schema, fields }
}
