import { z } from 'zod'
import { datasetRef, decapsulate, type Field, messages, parseSchema } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { columnTypes } from '../../query/write/compose.ts'
import type { Alteration } from '../../query/write/write-statement.ts'
import type { Action } from '../actions/action.ts'
import { msgpackAction } from './action.ts'
import { define, writtenName } from './define.ts'
import { bytesField, textField } from './messages.ts'
import { assertCatalog, storedSchema } from './names.ts'
import { tableInfo } from './tables.ts'

const tableFields = { catalog: textField, schema: textField, name: textField }

/** One ALTER TABLE. @param alterationOf - what the fields beside the table's name say */
function alteration<S extends z.ZodRawShape>(
  type: string,
  fields: S,
  alterationOf: (request: z.infer<z.ZodObject<S>>) => Alteration,
): Action {
  const names = ['catalog', 'schema', 'name', 'ignore_not_found', ...Object.keys(fields)]
  const described = `ALTER TABLE. In: {${names.join(', ')}}. Out: FlightInfo`
  return msgpackAction(
    type,
    described,
    z.object(tableFields).and(z.object(fields)),
    async (request, services, context) => {
      assertCatalog(request.catalog)
      const ref = datasetRef(storedSchema(request.schema), request.name, 'DESCRIPTOR_MALFORMED')
      const alterations = [alterationOf(request)]
      const table = writtenName(ref)
      await define([{ kind: 'alter-table', table, ifExists: false, alterations }], services, context)
      return messages.FlightInfo.encode(tableInfo(services.store.get(ref), services.store))
    },
  )
}

/** The one field of a schema that a column's name and type come in. @throws SternaError REQUEST_INVALID */
function columnOf(schema: Uint8Array): { readonly field: Field; readonly type: string } {
  const { fields, metadata } = parseSchema(decapsulate(schema))
  const [field, ...others] = fields
  if (field === undefined || others.length > 0) {
    throw new SternaError('REQUEST_INVALID', `The schema of a column has ${fields.length} fields`)
  }
  const [type = 'VARCHAR'] = columnTypes({ fields, metadata })
  return { field, type }
}

const alterations: readonly Action[] = [
  alteration('add_column', { column_schema: bytesField, if_column_not_exists: z.boolean() }, (request) => {
    const { field, type } = columnOf(request.column_schema)
    const column = { name: field.name, type, isNullable: field.nullable }
    return { kind: 'add', column, ifNotExists: request.if_column_not_exists }
  }),
  alteration('remove_column', { removed_column: textField, if_column_exists: z.boolean() }, (request) => {
    return { kind: 'drop', column: request.removed_column, ifExists: request.if_column_exists }
  }),
  alteration('rename_column', { old_name: textField, new_name: textField }, (request) => {
    return { kind: 'rename', column: request.old_name, name: request.new_name }
  }),
  alteration('change_column_type', { column_schema: bytesField, expression: textField }, (request) => {
    const { field, type } = columnOf(request.column_schema)
    return { kind: 'type', column: field.name, type, using: request.expression }
  }),
  alteration('set_not_null', { column_name: textField }, (request) => {
    return { kind: 'nullable', column: request.column_name, isNullable: false }
  }),
  alteration('drop_not_null', { column_name: textField }, (request) => {
    return { kind: 'nullable', column: request.column_name, isNullable: true }
  }),
]

/** What the client sends for statements that the lake has nothing for. */
const REFUSED: Readonly<Record<string, string>> = {
  rename_table: 'ALTER TABLE … RENAME',
  set_default: 'ALTER TABLE … SET DEFAULT',
  add_constraint: 'ALTER TABLE … ADD CONSTRAINT',
  add_field: 'ALTER TABLE … ADD COLUMN of a struct',
  remove_field: 'ALTER TABLE … DROP COLUMN of a struct',
  rename_field: 'ALTER TABLE … RENAME COLUMN of a struct',
  table_function_flight_info: 'A table function',
}

const refusals = Object.entries(REFUSED).map(([type, what]): Action => ({
  type,
  description: `${what}: refused (airport)`,
  async *run() {
    throw new SternaError('NOT_IMPLEMENTED', `${what} is not supported by the airport protocol here`)
  },
}))

export const alterActions: readonly Action[] = [...alterations, ...refusals]
