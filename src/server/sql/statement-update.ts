import { messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { parseWrite } from '../../query/write/write-engine.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'
import { boundRows, readParameters } from './bound-rows.ts'
import type { PutCommand } from './command.ts'
import { memoryOf, statementOf, type StatementText } from './statement.ts'
import { transactionName } from './transaction-name.ts'
import { runWrite } from './write.ts'

/** A statement that writes, run at once. */
export const statementUpdate: PutCommand = {
  typeName: messages.CommandStatementUpdate.typeName,
  async put(value, requests, services, context) {
    const { query, transactionId } = messages.CommandStatementUpdate.decode(value)
    const transaction = transactionName(transactionId)
    await drained(requests)
    return run({ sql: query, transaction, parameters: null }, services, context)
  },
}

/** A prepared statement that writes, once for each row of the client's batches, all of them as one commit. */
export const preparedStatementUpdate: PutCommand = {
  typeName: messages.CommandPreparedStatementUpdate.typeName,
  async put(value, requests, services, context) {
    const { preparedStatementHandle } = messages.CommandPreparedStatementUpdate.decode(value)
    const statement = services.sql.statements.get(preparedStatementHandle)
    const sent = await readParameters(requests, LIMITS.updateParametersBytesMax)
    return run({ ...statement, parameters: sent ?? statement.parameters }, services, context)
  },
}

/** A stream without batches is to come to its end. */
async function drained(requests: AsyncIterable<Buffer>): Promise<void> {
  const messages = requests[Symbol.asyncIterator]()
  while ((await messages.next()).done !== true);
}

async function run(text: StatementText, services: Services, context: CallContext): Promise<Uint8Array> {
  const write = parseWrite(text.sql)
  if (write === null) {
    throw new SternaError('SQL_INVALID', 'The statement gives rows and writes none: ask for it as a query')
  }
  await context.confirmed()
  const statement = statementOf({ ...text, parameters: null }, services, context)
  const { id, sql, schema, timeZone, transaction, timeoutMs } = statement
  const memory = memoryOf(statement, services)
  const bound = text.parameters === null ? null : await boundRows(text.parameters)
  const { signal, end } = services.sql.executions.begin(id, context.signal, timeoutMs)
  try {
    const input = { sql, schema, timeZone, memory, transaction, signal, ...(bound !== null && { bound }) }
    const rows = await runWrite(write, input, services, context)
    return messages.DoPutUpdateResult.encode({ recordCount: rows ?? 0 })
  } finally {
    end()
  }
}
