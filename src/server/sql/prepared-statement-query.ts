import { messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { boundRows, readParameters } from './bound-rows.ts'
import type { PutCommand, ReadCommand } from './command.ts'
import { statementOf } from './statement.ts'
import { readOf } from './write.ts'

const { typeName } = messages.CommandPreparedStatementQuery

/** A prepared query with the values that were bound last. */
export const preparedStatementQuery: ReadCommand = {
  typeName,
  read(value, services, context) {
    const { preparedStatementHandle } = messages.CommandPreparedStatementQuery.decode(value)
    const statement = services.sql.statements.get(preparedStatementHandle)
    return readOf(statementOf(statement, services, context), services, context, false)
  },
}

/**
 * Binds values: one run of the statement for each row of the client's batches. They replace those bound before.
 *
 * @throws SternaError HANDLE_NOT_FOUND, LIMIT_EXCEEDED, TYPE_UNSUPPORTED, IPC_MALFORMED
 */
export const preparedStatementBind: PutCommand = {
  typeName,
  async put(value, requests, services) {
    const { preparedStatementHandle } = messages.CommandPreparedStatementQuery.decode(value)
    services.sql.statements.get(preparedStatementHandle)
    const parameters = await readParameters(requests, LIMITS.boundParametersBytesMax)
    if (parameters === null) throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
    // What cannot be bound is refused here, where it was sent.
    await (await boundRows(parameters))?.rows()
    services.sql.bind(preparedStatementHandle, parameters)
    return messages.DoPutPreparedStatementResult.encode({ preparedStatementHandle })
  },
}
