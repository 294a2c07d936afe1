import { randomUUID } from 'node:crypto'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Logger } from '../telemetry/log.ts'

/** What grpc-js takes as the error of a call. */
export interface CallStatus {
  readonly code: number
  readonly details: string
}

/**
 * The status a client sees for anything thrown: the one conversion at the edge. The text ends in `[CODE]`, because
 * many clients show only text. An unexpected error gets a reference number, and its cause goes to the log alone.
 */
export function statusOf(thrown: unknown, rpc: string, log: Logger): CallStatus {
  const error = SternaError.from(thrown)
  let text = error.message
  if (error.code === 'BUG') {
    const reference = randomUUID().slice(0, 8)
    text = `${text}, reference ${reference}`
    log.error({ rpc, reference, err: error.cause ?? error }, 'call.bug')
  } else if (error.code !== 'CANCELLED') {
    log.info({ rpc, code: error.code, message: text, err: error.cause }, 'call.failed')
  }
  // encodeURI, which grpc-js puts the text through, throws on lone surrogates.
  const safe = text.slice(0, LIMITS.errorMessageCharsMax).toWellFormed()
  return { code: error.grpc, details: safe.endsWith(`[${error.code}]`) ? safe : `${safe} [${error.code}]` }
}
