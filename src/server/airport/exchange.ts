import {
  encodeSchema,
  type FlightDataView,
  type FlightDescriptor,
  makeFrame,
  messages,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import { clientRows } from '../client-rows.ts'
import { schemaFrame } from '../read.ts'
import type { Services } from '../services.ts'
import { deleteRows, updateRows } from './change.ts'
import { insertRows } from './insert.ts'
import { pack } from './messages.ts'
import type { RowExchange, RowOperation } from './row-exchange.ts'
import { describedTable } from './tables.ts'

const OPERATIONS: ReadonlyMap<string, RowOperation> = new Map([
  ['insert', insertRows],
  ['update', updateRows],
  ['delete', deleteRows],
])

/** What a DoExchange of DuckDB is about; undefined for those of other clients. */
export function operationOf({ metadata }: CallContext): string | undefined {
  const operation = metadata.get('airport-operation')[0]
  return operation === undefined ? undefined : String(operation)
}

/**
 * Runs one operation: the schema goes out before the first row is waited for, the number of changed rows last.
 *
 * @throws SternaError NOT_IMPLEMENTED naming an operation that there is not; SCHEMA_MISSING; and what it throws
 */
export async function airportExchange(
  name: string,
  descriptor: FlightDescriptor,
  views: AsyncIterable<FlightDataView>,
  response: ResponseStream,
  services: Services,
  context: CallContext,
): Promise<void> {
  const operation = OPERATIONS.get(name)
  if (operation === undefined) {
    throw new SternaError('NOT_IMPLEMENTED', `The airport operation "${name}" is not there`)
  }
  const table = describedTable(messages.FlightDescriptor.encode(descriptor))
  const rows = await clientRows(views)
  if (rows === null) throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
  const exchange: RowExchange = {
    schema: rows.schema,
    frames: rows.frames,
    isReturning: context.metadata.get('return-chunks')[0] === '1',
    begin: async (fields) => {
      await response.sendFrame(schemaFrame(encodeSchema({ fields, metadata: new Map() })))
      await response.flush()
    },
    answer: async (frame) => {
      await response.sendFrame(frame)
      await response.flush()
    },
  }
  const changed = await operation(table, exchange, services, context)
  await response.sendFrame(makeFrame(new Uint8Array(), [], { appMetadata: pack({ total_changed: changed }) }))
}
