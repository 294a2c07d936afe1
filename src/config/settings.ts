import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { parseBytes } from './bytes.ts'
import { parseDuration } from './duration.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** What the log may be told to show, from most to least. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** A number, or the same as text, which is all that the environment and the command line have. */
function number(expected: string, parse: (text: string) => number | undefined, min: number, max: number) {
  const error = `expected ${expected}`
  return z.preprocess(
    (value) => (typeof value === 'string' ? (parse(value) ?? value) : value),
    z.int({ error }).min(min, { error }).max(max, { error }),
  )
}

function whole(min: number, max: number) {
  return number(
    `a whole number from ${min} to ${max}`,
    (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
    min,
    max,
  )
}

function size(minText: string, min: number, maxText?: string, max: number = Number.MAX_SAFE_INTEGER) {
  const range = maxText === undefined ? `of at least ${minText}` : `from ${minText} to ${maxText}`
  return number(`a size ${range}, such as 2GB or 512MiB`, parseBytes, min, max)
}

function duration(max: string, maxMs: number) {
  return number(`a time from 0 to ${max}, such as 7d or 12h`, parseDuration, 0, maxMs)
}

function text(expected: string) {
  return z.string({ error: `expected ${expected}` }).min(1, { error: `expected ${expected}` })
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** When an appended batch counts as stored. */
export const DURABILITIES = ['fsync', 'interval', 'none'] as const

const DAY_MS = 86_400_000

const compressionLevel = whole(LIMITS.compressionLevelMin, LIMITS.compressionLevelMax)

/**
 * What a configuration file may hold, by the names it has there; every key is optional. The environment's
 * names are the same in capitals after `STERNA_`, a section's joined by `_`.
 */
export const settingsSchema = z
  .strictObject({
    host: text('a host name or an address'),
    port: whole(0, 65_535),
    data_dir: text('a directory'),
    cache_size: size('0', 0),
    // Below this DuckDB cannot hold the buffers of one scan per thread.
    memory_limit: size('64MiB', 64 * MIB),
    threads: whole(1, 1024),
    compression_level: z.strictObject({ put: compressionLevel, compact: compressionLevel }).partial(),
    append: z
      .strictObject({
        durability: z.enum(DURABILITIES, { error: `expected one of ${DURABILITIES.join(', ')}` }),
        sync_ms: whole(1, 60_000),
        flush_rows: whole(1, 1_000_000_000),
        flush_size: size('64KiB', 64 * KIB, '128MiB', LIMITS.logBytesMax / 2),
        flush_ms: whole(100, DAY_MS),
        ids_max: whole(0, 1_000_000),
        ids_ms: whole(0, 7 * DAY_MS),
      })
      .partial(),
    history: duration('3650d', 3650 * DAY_MS),
    compaction: z
      .strictObject({
        mode: z.enum(['on', 'off'], { error: 'expected on or off' }),
        quiet_ms: whole(0, 30 * DAY_MS),
        cpu_percent: whole(1, 100),
        bytes_per_second: size('64KiB', 64 * KIB),
      })
      .partial(),
    retention: z.preprocess(
      (value) => (typeof value === 'string' ? (parseJson(value) ?? value) : value),
      z.array(
        z
          .strictObject({
            keys: text('a key, or a glob such as ticks_*'),
            age: duration('36500d', 36_500 * DAY_MS)
              .refine((ms) => ms > 0, 'expected a time of more than 0')
              .optional(),
            size: size('1', 1).optional(),
            column: text('a column').optional(),
          })
          .refine(
            (rule) => rule.age !== undefined || rule.size !== undefined,
            'expected an age, a size or both',
          ),
        { error: 'expected a list of rules' },
      ),
    ),
    adopt_from: z.preprocess(
      (value) => (typeof value === 'string' ? (parseJson(value) ?? [value]) : value),
      z.array(text('a folder'), { error: 'expected a list of folders' }),
    ),
    log_level: z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }),
    drain_ms: whole(0, 3_600_000),
    query_limit: whole(1, 1024),
    rollup_refresh_ms: whole(10, DAY_MS),
    part_size: size('1MiB', MIB),
    tls: z
      .strictObject({
        cert: text('a file with a certificate chain in PEM'),
        key: text('a file with its private key in PEM'),
      })
      .partial(),
    users_file: text('a file'),
    allow_anonymous: z.preprocess(
      (value) => (value === 'true' ? true : value === 'false' ? false : value),
      z.boolean({ error: 'expected true or false' }),
    ),
    // 2^31 - 1: no protobuf message may be longer.
    receive_message_max: size('64KiB', 64 * KIB, '2GiB - 1', 2 ** 31 - 1),
  })
  .partial()

export type Settings = z.output<typeof settingsSchema>

/** The path of every setting, outer name first: `['port']`, `['compression_level', 'put']`. */
export const SETTING_PATHS: readonly (readonly string[])[] = Object.entries(settingsSchema.shape).flatMap(
  ([name, schema]) => {
    const inner = schema.unwrap()
    return inner instanceof z.ZodObject ? Object.keys(inner.shape).map((key) => [name, key]) : [[name]]
  },
)

/** The environment variable that sets a field: `STERNA_CACHE_SIZE`, `STERNA_COMPRESSION_LEVEL_PUT`. */
export function environmentName(path: readonly PropertyKey[]): string {
  return `STERNA_${path.map(String).join('_').toUpperCase()}`
}

/** The flag of `sterna serve`: `--cache-size`. */
export function flagName(path: readonly PropertyKey[]): string {
  return `--${path.map(String).join('-').replaceAll('_', '-')}`
}
