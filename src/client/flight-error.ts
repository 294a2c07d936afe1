import type { ServiceError } from '@grpc/grpc-js'
import { GRPC_STATUS } from '../../flight/status.ts'
import { type ErrorCode, ERRORS } from '../errors.ts'

/** What a server answered instead of a result, or why none answered. */
export class FlightError extends Error {
  /** Sterna's code, such as `DATASET_NOT_FOUND`, where the server named one; else the gRPC status: `UNAVAILABLE`. */
  readonly code: string
  /** The gRPC status code. */
  readonly grpc: number
  /** True where the same call may succeed later, unchanged. */
  readonly retry: boolean

  constructor(code: string, grpc: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FlightError'
    this.code = code
    this.grpc = grpc
    this.retry = isSternaCode(code) ? ERRORS[code].retry : grpc === GRPC_STATUS.UNAVAILABLE
  }

  /** The error of a call to the server at `url`; what is no error of gRPC comes back as it is. */
  static from(thrown: unknown, url: string): Error {
    if (!isServiceError(thrown)) return thrown instanceof Error ? thrown : new Error(String(thrown))
    const grpc: number = thrown.code
    const [, message, code] = /^([\s\S]*) \[([A-Z_]+)\]$/.exec(thrown.details) ?? []
    if (message !== undefined && code !== undefined) {
      return new FlightError(code, grpc, message, { cause: thrown })
    }
    const isUnavailable = grpc === GRPC_STATUS.UNAVAILABLE
    const details = thrown.details === '' ? 'no reason given' : thrown.details
    const text = isUnavailable ? `No server answers at ${url}: ${reasonOf(details)}` : details
    return new FlightError(statusName(grpc), grpc, text, { cause: thrown })
  }
}

function statusName(code: number): string {
  return Object.entries(GRPC_STATUS).find(([, number]) => number === code)?.[0] ?? 'UNKNOWN'
}

/** Out of grpc-js's long text only what the system said, such as `connect ECONNREFUSED 127.0.0.1:8815`. */
function reasonOf(details: string): string {
  return /(?:connect|getaddrinfo) [A-Z_]+ \S+/.exec(details)?.[0].replace(/[.,)]+$/, '') ?? details
}

function isSternaCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'details' in thrown && 'code' in thrown && typeof thrown.code === 'number'
}
