import { airportScan } from '../airport/scan.ts'
import type { PutCommand, ReadCommand } from './command.ts'
import { getCatalogs } from './get-catalogs.ts'
import { getDbSchemas } from './get-db-schemas.ts'
import { keyCommands } from './get-keys.ts'
import { getSqlInfo } from './get-sql-info.ts'
import { getTableTypes } from './get-table-types.ts'
import { getTables } from './get-tables.ts'
import { getXdbcTypeInfo } from './get-xdbc-type-info.ts'
import { preparedStatementBind, preparedStatementQuery } from './prepared-statement-query.ts'
import { statementIngest } from './statement-ingest.ts'
import { statementQuery, statementTicket } from './statement-query.ts'
import { preparedStatementUpdate, statementUpdate } from './statement-update.ts'
import { notSupported } from './unsupported.ts'

/** What GetFlightInfo, GetSchema and DoGet know. */
const READS: readonly ReadCommand[] = [
  statementQuery,
  statementTicket,
  preparedStatementQuery,
  getCatalogs,
  getDbSchemas,
  getTables,
  getTableTypes,
  ...keyCommands,
  getSqlInfo,
  getXdbcTypeInfo,
  airportScan,
]

/** What DoPut knows. */
const PUTS: readonly PutCommand[] = [
  preparedStatementBind,
  preparedStatementUpdate,
  statementIngest,
  statementUpdate,
]

/** @throws SternaError NOT_IMPLEMENTED naming the command */
export function readCommand(typeName: string): ReadCommand {
  const command = READS.find((candidate) => candidate.typeName === typeName)
  if (command === undefined) throw notSupported(typeName, 'GetFlightInfo and DoGet')
  return command
}

/** @throws SternaError NOT_IMPLEMENTED naming the command */
export function putCommand(typeName: string): PutCommand {
  const command = PUTS.find((candidate) => candidate.typeName === typeName)
  if (command === undefined) throw notSupported(typeName, 'DoPut')
  return command
}
