import { messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'

const SUBSTRAIT = 'Substrait plans are not supported; send SQL'
/** Commands of the specification that the server does not carry out, each with what to do instead. */
const REASONS: Readonly<Record<string, string>> = {
  [messages.CommandStatementSubstraitPlan.typeName]: SUBSTRAIT,
  [messages.ActionCreatePreparedSubstraitPlanRequest.typeName]: SUBSTRAIT,
}

/** Why a command, or this use of it, is refused. */
export function notSupported(typeName: string, rpc: string): SternaError {
  const name = typeName.slice(typeName.lastIndexOf('.') + 1).slice(0, 100)
  const reason = REASONS[typeName]
  return new SternaError(
    'NOT_IMPLEMENTED',
    reason === undefined ? `${name} is no command for ${rpc}` : `${name}: ${reason}`,
  )
}
