import { GRPC_STATUS, WireError, type WireErrorCode } from '../flight/status.ts'

interface ErrorKind {
  /** The gRPC status that a client sees. */
  readonly grpc: number
  /** True where the same call may succeed later, unchanged. */
  readonly retry: boolean
}

/**
 * Every error a client can meet. Overload is UNAVAILABLE, never RESOURCE_EXHAUSTED: pyarrow turns the latter
 * into a ValueError. `docs/errors.md` explains each; a test keeps the two in step.
 */
export const ERRORS = {
  MESSAGE_MALFORMED: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  DESCRIPTOR_MALFORMED: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  TICKET_MALFORMED: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  IPC_MALFORMED: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  TYPE_UNSUPPORTED: { grpc: GRPC_STATUS.UNIMPLEMENTED, retry: false },
  KEY_INVALID: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  REQUEST_INVALID: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  SCHEMA_MISSING: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  SCHEMA_MISMATCH: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  DATASET_NOT_FOUND: { grpc: GRPC_STATUS.NOT_FOUND, retry: false },
  VERSION_NOT_FOUND: { grpc: GRPC_STATUS.NOT_FOUND, retry: false },
  HANDLE_NOT_FOUND: { grpc: GRPC_STATUS.NOT_FOUND, retry: false },
  DATASET_EXISTS: { grpc: GRPC_STATUS.ALREADY_EXISTS, retry: false },
  ACTION_UNKNOWN: { grpc: GRPC_STATUS.UNIMPLEMENTED, retry: false },
  NOT_IMPLEMENTED: { grpc: GRPC_STATUS.UNIMPLEMENTED, retry: false },
  SQL_INVALID: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  SQL_FORBIDDEN: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  SQL_FAILED: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  UNAUTHENTICATED: { grpc: GRPC_STATUS.UNAUTHENTICATED, retry: false },
  LIMIT_EXCEEDED: { grpc: GRPC_STATUS.RESOURCE_EXHAUSTED, retry: false },
  COMMIT_CONFLICT: { grpc: GRPC_STATUS.ABORTED, retry: true },
  DATA_CORRUPT: { grpc: GRPC_STATUS.DATA_LOSS, retry: false },
  DISK_FULL: { grpc: GRPC_STATUS.UNAVAILABLE, retry: true },
  DISK_FAILED: { grpc: GRPC_STATUS.UNAVAILABLE, retry: true },
  LOG_FAILED: { grpc: GRPC_STATUS.UNAVAILABLE, retry: false },
  DATA_DIR_LOCKED: { grpc: GRPC_STATUS.FAILED_PRECONDITION, retry: false },
  CONFIG_INVALID: { grpc: GRPC_STATUS.INVALID_ARGUMENT, retry: false },
  SERVER_BUSY: { grpc: GRPC_STATUS.UNAVAILABLE, retry: true },
  SERVER_STOPPING: { grpc: GRPC_STATUS.UNAVAILABLE, retry: true },
  CANCELLED: { grpc: GRPC_STATUS.CANCELLED, retry: false },
  DEADLINE_EXCEEDED: { grpc: GRPC_STATUS.DEADLINE_EXCEEDED, retry: true },
  BUG: { grpc: GRPC_STATUS.INTERNAL, retry: false },
} as const satisfies Record<string, ErrorKind> & Record<WireErrorCode, ErrorKind>

export type ErrorCode = keyof typeof ERRORS

/** The one error of the server. Its message is safe for the client: names, sizes, limits; never values or paths. */
export class SternaError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SternaError'
    this.code = code
  }

  get grpc(): number {
    return ERRORS[this.code].grpc
  }

  /**
   * Any thrown value as a SternaError. An unknown one becomes BUG and keeps its cause, for the log only.
   */
  static from(thrown: unknown): SternaError {
    if (thrown instanceof SternaError) return thrown
    if (thrown instanceof WireError) return new SternaError(thrown.code, thrown.message, { cause: thrown })
    if (thrown instanceof Error && thrown.name === 'AbortError') {
      return new SternaError('CANCELLED', 'The call was cancelled', { cause: thrown })
    }
    const errno = errnoOf(thrown) ?? ''
    const reason = DISK_REASONS.get(errno)
    if (reason !== undefined) {
      const text = `The data directory cannot be used: ${reason} (${errno})`
      return new SternaError('DISK_FAILED', text, { cause: thrown })
    }
    if (errno === 'ENOSPC' || errno === 'EDQUOT') {
      return new SternaError('DISK_FULL', 'The disk of the data directory is full', { cause: thrown })
    }
    return new SternaError('BUG', 'Internal error', { cause: thrown })
  }
}

/** What the operating system can have against a file of the data directory. Paths stay in the log. */
const DISK_REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'its permissions do not allow it'],
  ['EBUSY', 'a file is in use'],
  ['EFBIG', 'a file would be larger than the file system or the limit of the process allows'],
  ['EIO', 'the disk reports an error'],
  ['EISDIR', 'a folder stands where a file should'],
  ['ELOOP', 'its links go in a circle'],
  ['EMFILE', 'the server has as many files open as it may'],
  ['ENAMETOOLONG', 'its path is too long'],
  ['ENFILE', 'the system has as many files open as it can'],
  ['ENODEV', 'its disk is gone'],
  ['ENOENT', 'a file or folder of it is gone'],
  ['ENOTDIR', 'a file stands where a folder should'],
  ['ENXIO', 'its disk is gone'],
  ['EPERM', 'the system does not allow it'],
  ['EROFS', 'its file system is read-only'],
  ['ESTALE', 'its network file system was mounted anew'],
  ['EXDEV', 'its folders are on different file systems'],
])

/** The name that the operating system gives an error (`ENOENT`); undefined for any other error. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
