import { CloseSessionResultStatus } from '../../../flight/index.ts'
import { currentOptions, setOption } from '../sql/session-options.ts'
import { messageAction } from './action.ts'

/** A value of which nothing is set unsets the option. */
export const setSessionOptions = messageAction(
  'SetSessionOptions',
  'Sets catalog, schema, query_timeout (seconds), memory_limit (such as 256MB), endpoints (of a large result) or time_zone (of the tz database) for the statements of a session, which its cookie or else its connection names',
  async ({ sessionOptions }, services, context) => {
    const session = services.sql.sessions.open(context)
    const errors = new Map<string, { value: number }>()
    for (const [name, value] of sessionOptions) {
      const error = await setOption(session, name, value, services)
      if (error !== null) errors.set(name, { value: error })
    }
    return { errors }
  },
)

export const getSessionOptions = messageAction(
  'GetSessionOptions',
  'Tells the catalog and the schema of a session, and what else it has set',
  (_, { sql }, context) => ({ sessionOptions: currentOptions(sql.sessions.find(context)) }),
)

export const closeSession = messageAction(
  'CloseSession',
  'Ends a session with its options, prepared statements and transactions',
  (_, { sql }, context) => {
    sql.closeSession(context)
    return { status: CloseSessionResultStatus.CLOSED }
  },
)
