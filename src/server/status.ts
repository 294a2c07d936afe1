import { randomUUID } from 'node:crypto'
import type { Metadata } from '@grpc/grpc-js'
import { GRPC_STATUS } from '../../flight/status.ts'
import { type ErrorCode, SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'

/** What grpc-js takes as the error of a call. */
export interface CallStatus {
  readonly code: number
  readonly details: string
  /** Trailers that go with it. */
  readonly metadata?: Metadata
}

/**
 * The status a client sees for anything thrown: the one conversion at the edge. The text ends in `[CODE]`, because
 * many clients show only text. An unexpected error gets a reference number, and its cause goes to the log alone.
 */
export function statusOf(thrown: unknown, rpc: string, log: Logger): CallStatus {
  const error = SternaError.from(thrown)
  if (error.code === 'BUG') {
    const reference = randomUUID().slice(0, 8)
    log.error({ rpc, reference, err: error.cause ?? error }, 'call.bug')
    return toStatus(error, `${error.message}, reference ${reference}`)
  }
  if (error.code !== 'CANCELLED') {
    log.info({ rpc, code: error.code, message: error.message, err: error.cause }, 'call.failed')
  }
  return toStatus(error)
}

/** The status of an error whose text is for the client. */
export function toStatus(error: SternaError, text = error.message): CallStatus {
  // encodeURI, which grpc-js puts the text through, throws on lone surrogates.
  const safe = text.slice(0, LIMITS.errorMessageCharsMax).toWellFormed()
  return { code: error.grpc, details: safe.endsWith(`[${error.code}]`) ? safe : `${safe} [${error.code}]` }
}

/** A status that grpc-js makes by itself, and what it is in our words. */
interface ForeignStatus {
  readonly code: number
  readonly text: RegExp
  readonly error: ErrorCode
  /** By default grpc-js's own text. */
  readonly says?: string
}

/** First match wins. */
const FOREIGN: readonly ForeignStatus[] = [
  {
    code: GRPC_STATUS.DEADLINE_EXCEEDED,
    text: /./,
    error: 'DEADLINE_EXCEEDED',
    says: 'The deadline of the call passed before it ended',
  },
  { code: GRPC_STATUS.RESOURCE_EXHAUSTED, text: /larger than/, error: 'LIMIT_EXCEEDED' },
  { code: GRPC_STATUS.UNIMPLEMENTED, text: /request message/, error: 'MESSAGE_MALFORMED' },
  { code: GRPC_STATUS.INTERNAL, text: /decompress/, error: 'MESSAGE_MALFORMED' },
  { code: GRPC_STATUS.INTERNAL, text: /grpc-timeout/, error: 'MESSAGE_MALFORMED' },
  { code: GRPC_STATUS.UNIMPLEMENTED, text: /./, error: 'NOT_IMPLEMENTED' },
]

/** A status with a code at the end of its text: as it is where it has one, or says OK. */
export function codedStatus<T extends CallStatus>(status: T): T {
  const { code, details } = status
  if (code === GRPC_STATUS.OK || /\[[A-Z_]+\]$/.test(details)) return status
  const known = FOREIGN.find((foreign) => foreign.code === code && foreign.text.test(details))
  return { ...status, ...toStatus(new SternaError(known?.error ?? 'BUG', known?.says ?? details)) }
}
