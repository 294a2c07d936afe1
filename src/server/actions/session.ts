import { CloseSessionResultStatus, messages } from '../../../flight/index.ts'
import { currentOptions, setOption } from '../sql/session-options.ts'
import type { Action } from './action.ts'

/** A value of which nothing is set unsets the option. */
export const setSessionOptions: Action = {
  type: 'SetSessionOptions',
  description:
    'Sets catalog, schema, query_timeout (seconds), memory_limit (such as 256MB), endpoints (of a large result) or time_zone (of the tz database) for the statements of a session, which its cookie or else its connection names. In: SetSessionOptionsRequest. Out: SetSessionOptionsResult',
  async *run(body, services, context) {
    const { sessionOptions } = messages.SetSessionOptionsRequest.decode(body)
    const session = services.sql.sessions.open(context)
    const errors = new Map<string, { value: number }>()
    for (const [name, value] of sessionOptions) {
      const error = await setOption(session, name, value, services)
      if (error !== null) errors.set(name, { value: error })
    }
    yield messages.SetSessionOptionsResult.encode({ errors })
  },
}

export const getSessionOptions: Action = {
  type: 'GetSessionOptions',
  description:
    'Tells the catalog and the schema of a session, and what else it has set. In: GetSessionOptionsRequest. Out: GetSessionOptionsResult',
  async *run(body, services, context) {
    messages.GetSessionOptionsRequest.decode(body)
    const sessionOptions = currentOptions(services.sql.sessions.find(context))
    yield messages.GetSessionOptionsResult.encode({ sessionOptions })
  },
}

export const closeSession: Action = {
  type: 'CloseSession',
  description:
    'Ends a session with its options, prepared statements and transactions. In: CloseSessionRequest. Out: CloseSessionResult',
  async *run(body, services, context) {
    messages.CloseSessionRequest.decode(body)
    services.sql.closeSession(context)
    yield messages.CloseSessionResult.encode({ status: CloseSessionResultStatus.CLOSED })
  },
}
