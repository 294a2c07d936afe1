import {
  CancelResult,
  CancelStatus,
  DescriptorType,
  type FlightInfo,
  messages,
  packAny,
  parseDescriptor,
  parseTicket,
  unpackAnyAs,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { inMs } from '../polls/held-info.ts'
import { pollNameOf, type PollName } from '../polls/polls.ts'
import type { Services } from '../services.ts'
import { decodeStatement } from '../sql/statement.ts'
import { type Action, messageAction } from './action.ts'

export const cancelFlightInfo = messageAction(
  'CancelFlightInfo',
  'Cancels the statement of a FlightInfo, running or not begun',
  ({ info }, services) => {
    const { CANCEL_STATUS_CANCELLED, CANCEL_STATUS_NOT_CANCELLABLE } = CancelStatus
    return { status: cancel(info, services) ? CANCEL_STATUS_CANCELLED : CANCEL_STATUS_NOT_CANCELLABLE }
  },
)

/** Deprecated by the specification, and still what some drivers send. */
export const cancelQuery: Action = {
  type: 'CancelQuery',
  description:
    'Cancels a query; CancelFlightInfo is its successor. In: Any of ActionCancelQueryRequest. Out: Any of ActionCancelQueryResult',
  async *run(body, services) {
    const { info } = unpackAnyAs('ActionCancelQueryRequest', body)
    const result = cancel(messages.FlightInfo.decode(info), services)
      ? CancelResult.CANCEL_RESULT_CANCELLED
      : CancelResult.CANCEL_RESULT_NOT_CANCELLABLE
    yield packAny('ActionCancelQueryResult', { result })
  },
}

export const renewFlightEndpoint: Action = {
  type: 'RenewFlightEndpoint',
  description:
    'Gives an endpoint back, kept for another minute where it is of a polled query or one of several; others do not expire. In: RenewFlightEndpointRequest. Out: FlightEndpoint',
  async *run(body, services) {
    const { endpoint } = messages.RenewFlightEndpointRequest.decode(body)
    if (!endpoint?.ticket) throw new SternaError('REQUEST_INVALID', 'The endpoint to renew has no ticket')
    const poll = pollNameOf(parseTicket(endpoint.ticket.ticket))
    if (poll !== undefined) services.sql.polls.get(poll)
    const isPromised = poll !== undefined && poll.piece !== 'rest'
    const expirationTime = isPromised ? inMs(LIMITS.pollIdleMs) : null
    yield messages.FlightEndpoint.encode({ ...endpoint, expirationTime })
  },
}

/** @returns false where there is nothing to cancel: a dataset or metadata, which every read begins anew */
function cancel(info: FlightInfo | null, services: Services): boolean {
  const held = heldOf(info)
  if (held !== undefined) {
    services.sql.polls.cancel(held)
    return true
  }
  let isCancelled = false
  for (const { ticket } of info?.endpoint ?? []) {
    const request = ticket === null ? undefined : parseTicket(ticket.ticket)
    if (request?.kind !== 'flight-sql') continue
    if (request.typeName !== messages.TicketStatementQuery.typeName) continue
    const { statementHandle } = messages.TicketStatementQuery.decode(request.value)
    services.sql.executions.cancel(decodeStatement(statementHandle).id)
    isCancelled = true
  }
  return isCancelled
}

/** The result that is held for a FlightInfo: its descriptor names a polled query, its tickets pieces of either kind. */
function heldOf(info: FlightInfo | null): PollName | undefined {
  const ticket = info?.endpoint[0]?.ticket
  const piece = ticket ? pollNameOf(parseTicket(ticket.ticket)) : undefined
  const descriptor = info?.flightDescriptor
  if (piece !== undefined || !descriptor || descriptor.type !== DescriptorType.CMD) return piece
  return pollNameOf(parseDescriptor(descriptor))
}
