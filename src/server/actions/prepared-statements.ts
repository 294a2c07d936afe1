import { encapsulate, encodeSchema, messages, packAny, unpackAnyAs } from '../../../flight/index.ts'
import { parseWrite } from '../../query/write/write-engine.ts'
import { parameterSchema } from '../sql/parameter-schema.ts'
import { notSupported } from '../sql/unsupported.ts'
import { StatementRead, statementOf } from '../sql/statement.ts'
import { writeParameters } from '../sql/write.ts'
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
    const write = parseWrite(query)
    const { schemaHeader, parameters } =
      write === null
        ? await new StatementRead(statement, services, context).prepare()
        : { schemaHeader: null, parameters: await writeParameters(write, statement, services, context) }
    yield packAny('ActionCreatePreparedStatementResult', {
      preparedStatementHandle: services.sql.prepare(query, transaction, context),
      // Without a schema it is an update: so JDBC tells.
      datasetSchema: schemaHeader === null ? new Uint8Array() : encapsulate(schemaHeader),
      parameterSchema: encapsulate(encodeSchema(parameterSchema(parameters, context))),
      isUpdate: write !== null,
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
