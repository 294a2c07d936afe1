import { z } from 'zod'
import { messages, type Schema } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { pushedFilter } from '../../query/pushed-filter/expressions.ts'
import { REUSE_CONNECTION } from '../locations.ts'
import { msgpackAction } from './action.ts'
import { bytesField, optionalText, pack } from './messages.ts'
import { scanTicket } from './scan.ts'
import { transactionOf } from './state.ts'
import { describedTable, namesRows } from './tables.ts'
import { momentOf } from './time-travel.ts'

/** DuckDB's `COLUMN_IDENTIFIER_ROW_ID`, and `COLUMN_IDENTIFIER_EMPTY` for a scan that only counts. */
const ROW_ID_COLUMN = 2n ** 64n - 1n
const NO_COLUMN = 2n ** 64n - 2n

const requestSchema = z.object({
  descriptor: bytesField,
  parameters: z.object({
    json_filters: optionalText,
    column_ids: z.array(z.union([z.bigint(), z.number().int().transform(BigInt)])),
    table_function_parameters: optionalText,
    table_function_input_schema: optionalText,
    at_unit: optionalText,
    at_value: optionalText,
  }),
})

/** One endpoint: DuckDB reads several at once, and their rows would come in no order. */
export const endpoints = msgpackAction(
  'endpoints',
  'Where rows of a table are read. In: {descriptor, parameters: {json_filters, column_ids, at_unit, at_value}}. Out: [FlightEndpoint]',
  requestSchema,
  ({ descriptor, parameters }, { airport }, context) => {
    const moment = momentOf(parameters.at_unit, parameters.at_value)
    if (parameters.table_function_parameters !== '') {
      throw new SternaError('NOT_IMPLEMENTED', 'There are no table functions')
    }
    const ref = describedTable(descriptor)
    const transaction = transactionOf(context)
    const { schema } = airport.look(transaction, ref, moment)
    const hasRowIds = parameters.column_ids.includes(ROW_ID_COLUMN)
    if (hasRowIds && !namesRows(schema)) {
      throw new SternaError('REQUEST_INVALID', `The table "${ref.key}" has a column "rowid", and no row ids`)
    }
    const filters = parameters.json_filters
    const ticket = scanTicket({
      ...ref,
      columns: columnsOf(parameters.column_ids, schema),
      rowIds: hasRowIds,
      where: filters === '' ? undefined : pushedFilter(filters, schema),
      transaction,
      moment,
    })
    const endpoint = { ticket: { ticket }, location: [{ uri: REUSE_CONNECTION }] }
    return pack([messages.FlightEndpoint.encode(endpoint)])
  },
)

/** @throws SternaError REQUEST_INVALID for a column that there is not */
function columnsOf(ids: readonly bigint[], { fields }: Schema): number[] {
  const columns = ids.filter((id) => id !== ROW_ID_COLUMN && id !== NO_COLUMN)
  const unknown = columns.find((id) => id < 0n || id >= fields.length)
  if (unknown === undefined) return columns.map(Number)
  throw new SternaError('REQUEST_INVALID', `There is no column ${unknown}; the table has ${fields.length}`)
}
