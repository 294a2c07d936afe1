import { Metadata } from '@grpc/grpc-js'
import { GRPC_STATUS } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { toStatus } from '../status.ts'
import { pack } from './messages.ts'

/**
 * What DuckDB raises for a mistake of its user, by status. It knows three exceptions, and takes any other name for an
 * error of its own; without details a failure is an I/O error with its text, which suits what may pass.
 */
const EXCEPTIONS: ReadonlyMap<number, string> = new Map([
  [GRPC_STATUS.INVALID_ARGUMENT, 'InvalidInputException'],
  [GRPC_STATUS.NOT_FOUND, 'InvalidInputException'],
  [GRPC_STATUS.ALREADY_EXISTS, 'InvalidInputException'],
  [GRPC_STATUS.UNIMPLEMENTED, 'InvalidInputException'],
  [GRPC_STATUS.UNAUTHENTICATED, 'PermissionException'],
  [GRPC_STATUS.PERMISSION_DENIED, 'PermissionException'],
])

/**
 * `StatusCode::Invalid` of Arrow C++, which reads details only where this says what the status is to it. It also takes
 * the failure for final: an I/O error, as it would be else, is tried five times more.
 */
const ARROW_INVALID = '4'

/** Source: `AirportErrorExtraInfo` in the extension's `airport_macros.hpp`. Nothing for calls of other clients. */
export function airportDetails(thrown: unknown, request: Metadata): { metadata?: Metadata } {
  if (request.get('airport-user-agent').length === 0) return {}
  const error = SternaError.from(thrown)
  const exception = EXCEPTIONS.get(error.grpc)
  if (exception === undefined) return {}
  const metadata = new Metadata()
  const details = pack({ exception_type: exception, message: toStatus(error).details })
  metadata.set('x-arrow-status', ARROW_INVALID)
  metadata.set('grpc-status-details-bin', Buffer.from(details))
  return { metadata }
}
