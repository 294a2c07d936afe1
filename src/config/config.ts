import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { errnoOf, SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import {
  environmentName,
  flagName,
  type LogLevel,
  SETTING_PATHS,
  type Settings,
  settingsSchema,
} from './settings.ts'

/** DuckDB's share of the memory: the cache, the puts in flight and the page cache need the rest. */
const MEMORY_SHARE = 0.4

/** Every setting of a server, complete. `docs/config.md` explains each. */
export interface ServerConfig {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly dataDir: string
  /** Bytes of frames the cache may hold. */
  readonly cacheSize: number
  /** Bytes DuckDB may use. */
  readonly memoryLimit: number
  /** Threads of DuckDB. */
  readonly threads: number
  /** Zstd levels, 1-22. */
  readonly compressionLevel: { readonly put: number; readonly compact: number }
  readonly append: {
    /** When an appended batch counts as stored. */
    readonly durability: 'fsync' | 'interval' | 'none'
    /** Of durability `interval`: how often the disk is asked to follow. */
    readonly syncMs: number
    /** A log becomes a part when it has so many rows and so many bytes, or when its oldest row is so old. */
    readonly flushRows: number
    readonly flushSize: number
    readonly flushMs: number
    /** Ids under which batches are known again: how many, and how long. */
    readonly idsMax: number
    readonly idsMs: number
  }
  /** How long snapshots of the past can be read, in ms; 0 for the current one only. */
  readonly history: number
  readonly compaction: {
    /** Whether parts are joined and sorted in the background. */
    readonly mode: 'on' | 'off'
    /** How long no rows have to come to a dataset before all of it is compacted. */
    readonly quietMs: number
    /** Of one thread; bytes read and written. */
    readonly cpuPercent: number
    readonly bytesPerSecond: number
  }
  /** Which rows go by themselves, of datasets whose keys match and that are told nothing else. */
  readonly retention: readonly {
    readonly keys: string
    /** Milliseconds; bytes of files. */
    readonly age?: number | undefined
    readonly size?: number | undefined
    readonly column?: string | undefined
  }[]
  /** Folders whose Parquet files may be adopted as they are, by any user. */
  readonly adoptFrom: readonly string[]
  readonly logLevel: LogLevel
  /** How long a stopping server waits for calls to end. */
  readonly drainMs: number
  /** SQL statements that run at once. */
  readonly queryLimit: number
  /** How often rollups take in what their sources got. */
  readonly rollupRefreshMs: number
  /** Arrow bytes of a put that become one part. */
  readonly partSize: number
  /** Bytes of the largest message a client may send. */
  readonly receiveMessageMax: number
  /** Users and their passwords; without the file nobody is asked. Default: `users` in the data directory. */
  readonly usersFile: string
  /** Whether a server without users may listen beyond loopback. */
  readonly allowAnonymous: boolean
  /** Files of the certificate chain and its key, PEM; undefined for plain text. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

/** Settings by their names in {@link ServerConfig}; sizes as bytes or text such as `2GB`. */
export interface ConfigFlags {
  readonly host?: string | undefined
  readonly port?: number | string | undefined
  readonly dataDir?: string | undefined
  readonly cacheSize?: number | string | undefined
  readonly memoryLimit?: number | string | undefined
  readonly threads?: number | undefined
  readonly compressionLevel?: { readonly put?: number; readonly compact?: number } | undefined
  readonly append?:
    | {
        readonly durability?: string | undefined
        readonly syncMs?: number | undefined
        readonly flushRows?: number | undefined
        readonly flushSize?: number | string | undefined
        readonly flushMs?: number | undefined
        readonly idsMax?: number | undefined
        readonly idsMs?: number | undefined
      }
    | undefined
  readonly history?: number | string | undefined
  readonly compaction?:
    | {
        readonly mode?: string | undefined
        readonly quietMs?: number | undefined
        readonly cpuPercent?: number | undefined
        readonly bytesPerSecond?: number | string | undefined
      }
    | undefined
  readonly retention?:
    | readonly {
        readonly keys: string
        readonly age?: number | string | undefined
        readonly size?: number | string | undefined
        readonly column?: string | undefined
      }[]
    | undefined
  readonly adoptFrom?: readonly string[] | undefined
  readonly logLevel?: string | undefined
  readonly drainMs?: number | undefined
  readonly queryLimit?: number | undefined
  readonly rollupRefreshMs?: number | undefined
  readonly partSize?: number | string | undefined
  readonly receiveMessageMax?: number | string | undefined
  readonly usersFile?: string | undefined
  readonly allowAnonymous?: boolean | undefined
  readonly tls?: { readonly cert?: string | undefined; readonly key?: string | undefined } | undefined
}

interface Source {
  /** What the source calls a field. */
  readonly label: (path: readonly PropertyKey[]) => string
  /** Where it stands, as the end of a sentence: ` in sterna.toml`. */
  readonly place: string
}

/**
 * The configuration of a server: defaults, over them the file, the environment (`STERNA_…`) and the flags.
 *
 * @param sources - `file`: path of a TOML file; `env`: usually `process.env`.
 * @throws SternaError CONFIG_INVALID naming the source and the field.
 */
export function loadConfig(sources: {
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: ConfigFlags
}): ServerConfig {
  const { file, env, flags } = sources
  const layers = [
    file === undefined ? {} : check(readToml(file), { label: dotted, place: ` in ${file}` }),
    check(readEnvironment(env), { label: environmentName, place: ' in the environment' }),
    check(snakeKeys(flags), { label: flagName, place: '' }),
  ]
  const chosen = Object.assign({}, ...layers.map(withoutUndefined)) as Settings
  const section = (name: 'compression_level' | 'append' | 'compaction' | 'tls'): object =>
    Object.assign({}, ...layers.map((layer) => withoutUndefined(layer[name] ?? {}))) as object
  const append = section('append') as NonNullable<Settings['append']>
  const compaction = section('compaction') as NonNullable<Settings['compaction']>
  return {
    host: chosen.host ?? '127.0.0.1',
    port: chosen.port ?? 8815,
    dataDir: chosen.data_dir ?? './data',
    cacheSize: chosen.cache_size ?? LIMITS.cacheBytesMax,
    memoryLimit: chosen.memory_limit ?? Math.floor(memoryBytes() * MEMORY_SHARE),
    threads: chosen.threads ?? availableParallelism(),
    compressionLevel: {
      put: LIMITS.compressionLevelPut,
      compact: LIMITS.compressionLevelCompact,
      ...section('compression_level'),
    },
    append: {
      durability: append.durability ?? 'fsync',
      syncMs: append.sync_ms ?? LIMITS.logSyncMs,
      flushRows: append.flush_rows ?? LIMITS.logFlushRows,
      flushSize: append.flush_size ?? LIMITS.logFlushBytes,
      flushMs: append.flush_ms ?? LIMITS.logFlushMs,
      idsMax: append.ids_max ?? LIMITS.logIdsMax,
      idsMs: append.ids_ms ?? LIMITS.logIdsMs,
    },
    history: chosen.history ?? 0,
    compaction: {
      mode: compaction.mode ?? 'on',
      quietMs: compaction.quiet_ms ?? LIMITS.compactQuietMs,
      cpuPercent: compaction.cpu_percent ?? LIMITS.jobCpuPercent,
      bytesPerSecond: compaction.bytes_per_second ?? LIMITS.jobBytesPerSecond,
    },
    retention: chosen.retention ?? [],
    adoptFrom: (chosen.adopt_from ?? []).map((folder) => resolve(folder)),
    logLevel: chosen.log_level ?? 'info',
    drainMs: chosen.drain_ms ?? LIMITS.drainMs,
    queryLimit: chosen.query_limit ?? LIMITS.queriesMax,
    rollupRefreshMs: chosen.rollup_refresh_ms ?? LIMITS.rollupRefreshMs,
    partSize: chosen.part_size ?? LIMITS.partArrowBytesTarget,
    receiveMessageMax: chosen.receive_message_max ?? LIMITS.receiveMessageBytesMax,
    usersFile: chosen.users_file ?? join(chosen.data_dir ?? './data', 'users'),
    allowAnonymous: chosen.allow_anonymous ?? false,
    tls: tlsFiles(section('tls')),
  }
}

function tlsFiles({ cert, key }: NonNullable<Settings['tls']>): ServerConfig['tls'] {
  if (cert !== undefined && key !== undefined) return { cert, key }
  if (cert === undefined && key === undefined) return undefined
  const missing = cert === undefined ? 'tls.cert' : 'tls.key'
  throw new SternaError('CONFIG_INVALID', `TLS needs a certificate and its key: ${missing} is missing`)
}

function readToml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof TomlError) {
      const place = `line ${error.line}, column ${error.column}`
      throw new SternaError('CONFIG_INVALID', `${file} is not valid TOML at ${place}`, { cause: error })
    }
    const errno = errnoOf(error) ?? 'unknown error'
    throw new SternaError('CONFIG_INVALID', `The configuration file ${file} cannot be read (${errno})`, {
      cause: error,
    })
  }
}

/** Only the variables of settings: others that start alike belong to the client commands, or to nobody. */
function readEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const raw: Record<string, unknown> = {}
  for (const path of SETTING_PATHS) {
    const value = env[environmentName(path)]
    const [name, key] = path
    if (value === undefined || name === undefined) continue
    raw[name] = key === undefined ? value : Object.assign(raw[name] ?? {}, { [key]: value })
  }
  return raw
}

function check(raw: unknown, source: Source): Settings {
  const parsed = settingsSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const message = parsed.error.issues.map((issue) => describeIssue(issue, source)).join('; ')
  throw new SternaError('CONFIG_INVALID', message)
}

function describeIssue(issue: z.core.$ZodIssue, { label, place }: Source): string {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `"${label([...issue.path, key])}"`)
    return `Unrecognized key${names.length > 1 ? 's' : ''} ${names.join(', ')}${place}`
  }
  return `Invalid ${label(issue.path)}${place}: ${issue.message}`
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.')
}

function snakeKeys(value: object): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]): [string, unknown] => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? snakeKeys(inner) : inner,
  ])
  return Object.fromEntries(entries)
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))
}

/** What this process may use: a container's limit where one is set. Without one Node answers 0 or 2^64. */
function memoryBytes(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
