import { encapsulate, encodeSchema, messages, packAny, unpackAnyAs } from '../../../flight/index.ts'
import { notSupported } from '../sql/unsupported.ts'
import { StatementRead, statementOf } from '../sql/statement.ts'
import { transactionName } from '../sql/transaction-name.ts'
import type { Action } from './action.ts'

export const createPreparedStatement: Action = {
  type: 'CreatePreparedStatement',
  description:
    'Prepares a query, with the types of its result and its parameters. In: Any of ActionCreatePreparedStatementRequest. Out: Any of ActionCreatePreparedStatementResult',
  async *run(body, services, context) {
    const { query, transactionId } = unpackAnyAs('ActionCreatePreparedStatementRequest', body)
    const transaction = transactionName(transactionId)
    const statement = statementOf({ sql: query, transaction, parameters: null }, services, context)
    const { schemaHeader, parameters } = await new StatementRead(statement, services, context).prepare()
    yield packAny('ActionCreatePreparedStatementResult', {
      preparedStatementHandle: services.sql.prepare(query, transaction, context),
      datasetSchema: encapsulate(schemaHeader),
      parameterSchema: encapsulate(encodeSchema(parameters)),
      isUpdate: false,
    })
  },
}

export const closePreparedStatement: Action = {
  type: 'ClosePreparedStatement',
  description: 'Frees a prepared statement. In: Any of ActionClosePreparedStatementRequest. Out: nothing',

  async *run(body, services) {
    const { preparedStatementHandle } = unpackAnyAs('ActionClosePreparedStatementRequest', body)
    services.sql.statements.end(preparedStatementHandle)
  },
}

export const createPreparedSubstraitPlan: Action = {
  type: 'CreatePreparedSubstraitPlan',
  description: 'Not supported: send SQL',
  run() {
    throw notSupported(messages.ActionCreatePreparedSubstraitPlanRequest.typeName, 'DoAction')
  },
}
