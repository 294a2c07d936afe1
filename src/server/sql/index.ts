import type { PutCommand, ReadCommand } from './command.ts'
import { preparedStatementBind, preparedStatementQuery } from './prepared-statement-query.ts'
import { statementQuery, statementTicket } from './statement-query.ts'
import { notSupported } from './unsupported.ts'

/** What GetFlightInfo, GetSchema and DoGet know. */
const READS: readonly ReadCommand[] = [statementQuery, statementTicket, preparedStatementQuery]

/** What DoPut knows. */
const PUTS: readonly PutCommand[] = [preparedStatementBind]

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
