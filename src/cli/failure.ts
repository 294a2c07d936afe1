import { CommanderError } from 'commander'
import { FlightError } from '../client/flight-error.ts'
import { errnoOf, SternaError } from '../errors.ts'

/** What can be wrong on this side of the connection only. `docs/cli.md` lists them. */
export type CommandErrorCode = 'USAGE' | 'FILE_UNREADABLE' | 'FILE_UNWRITABLE' | 'START_FAILED'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** A command that cannot do what it was asked to. */
export class CommandError extends Error {
  readonly code: CommandErrorCode

  constructor(code: CommandErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.code = code
  }
}

/** Tells on standard error, in one line, why a command failed. @returns the exit code */
export function reportFailure(thrown: unknown): number {
  if (isClosedPipe(thrown)) return 0
  // Commander has told by itself; help and version are no failures.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : EXIT_USAGE
  process.stderr.write(`${failureLine(thrown)}\n`)
  return thrown instanceof CommandError && thrown.code === 'USAGE' ? EXIT_USAGE : EXIT_FAILURE
}

/** Whether the reader of our output has seen enough, as `head` does; that is no failure. */
export function isClosedPipe(thrown: unknown): boolean {
  return errnoOf(thrown) === 'EPIPE'
}

/** `sterna: message [CODE]`, without line breaks. */
export function failureLine(thrown: unknown): string {
  const { code, message } = failureOf(thrown)
  return `sterna: ${message.replace(/\s*\n\s*/g, ' ').trim()} [${code}]`
}

function failureOf(thrown: unknown): { code: string; message: string } {
  if (thrown instanceof CommandError || thrown instanceof FlightError) return thrown
  const error = SternaError.from(thrown)
  // Here the user and the operator are one: what the server would keep in its log helps.
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return { code: error.code, message: error.code === 'BUG' ? error.message + cause : error.message }
}

/** What the system says of a file that cannot be opened, as a sentence about it. */
export function fileError(
  code: 'FILE_UNREADABLE' | 'FILE_UNWRITABLE',
  file: string,
  thrown: unknown,
): CommandError {
  const errno = errnoOf(thrown) ?? ''
  const reason = REASONS.get(errno) ?? (thrown instanceof Error ? thrown.message : String(thrown))
  const verb = code === 'FILE_UNREADABLE' ? 'read' : 'written'
  return new CommandError(code, `${file} cannot be ${verb}: ${reason}`, { cause: thrown })
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of its path is no directory'],
  ['ENOSPC', 'the disk is full'],
  ['EROFS', 'the file system is read-only'],
])
