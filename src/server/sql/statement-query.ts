import { messages } from '../../../flight/index.ts'
import { pollRead } from '../polls/poll-read.ts'
import { decodePollName } from '../polls/polls.ts'
import type { ReadCommand } from './command.ts'
import { decodeStatement, statementOf } from './statement.ts'
import { readOf } from './write.ts'
import { transactionName } from './transaction-name.ts'

/** A query that is run once, in a transaction or by itself. */
export const statementQuery: ReadCommand = {
  typeName: messages.CommandStatementQuery.typeName,
  read(value, services, context) {
    const { query, transactionId } = messages.CommandStatementQuery.decode(value)
    const text = { sql: query, transaction: transactionName(transactionId), parameters: null }
    return readOf(statementOf(text, services, context), services, context, false)
  },
}

/** The ticket of a statement. */
export const statementTicket: ReadCommand = {
  typeName: messages.TicketStatementQuery.typeName,
  read(value, services, context) {
    const { statementHandle } = messages.TicketStatementQuery.decode(value)
    const name = decodePollName(statementHandle)
    if (name !== undefined) return pollRead(name, services, context)
    return readOf(decodeStatement(statementHandle), services, context, true)
  },
}
