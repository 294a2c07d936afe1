import {
  type DestinationStream,
  destination,
  type LevelWithSilent,
  type Logger as PinoLogger,
  pino,
} from 'pino'

/** A log. Calls are `log.info({ facts }, 'subsystem.event')`; an error goes under `err`. */
export type Logger = PinoLogger

const STDERR = 2

/** What a reader that stands still may hold back before lines are dropped: the server must not wait for it. */
const QUEUE_BYTES_MAX = 1024 * 1024

/** Facts that must not stand in a log, wherever a caller put them. */
const SECRETS = ['authorization', 'password', 'token', 'cookie', 'secret']

/**
 * Opens the log: one JSON object a line on standard error, time in ISO 8601 UTC; `authorization`, `password`
 * and their like are replaced in the facts and one level below.
 *
 * @param stream - where to write instead.
 */
export function openLog(level: LevelWithSilent, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    stream ?? destination({ fd: STDERR, sync: false, maxLength: QUEUE_BYTES_MAX }),
  )
}

/** The log of one subsystem: `store`, `server`, `query`. */
export function logFor(log: Logger, subsystem: string): Logger {
  return log.child({ subsystem })
}
