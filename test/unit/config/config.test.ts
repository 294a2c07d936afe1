// Goal: each setting comes from the source that has the last word, and a mistake is refused with the name of its
// source and field. Method: real files in a temporary folder, environments as objects.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { type ConfigFlags, loadConfig } from '../../../src/config/config.ts'
import { SternaError } from '../../../src/errors.ts'
import { LIMITS } from '../../../src/limits.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sterna-config-'))
after(() => rmSync(folder, { recursive: true }))

function fileWith(text: string): string {
  const file = path.join(folder, 'sterna.toml')
  writeFileSync(file, text)
  return file
}

/** The message of the refusal, with the folder taken out. */
function refusal(sources: { text?: string; env?: Record<string, string>; flags?: ConfigFlags }): string {
  const { text, env = {}, flags = {} } = sources
  try {
    loadConfig({ file: text === undefined ? undefined : fileWith(text), env, flags })
  } catch (error) {
    assert.ok(error instanceof SternaError)
    assert.equal(error.code, 'CONFIG_INVALID')
    return error.message.replaceAll(folder + path.sep, '')
  }
  return assert.fail('nothing was refused')
}

test('without any source the defaults hold', () => {
  const { memoryLimit, ...config } = loadConfig({ env: {}, flags: {} })
  assert.deepEqual(config, {
    host: '127.0.0.1',
    port: 8815,
    dataDir: './data',
    cacheSize: LIMITS.cacheBytesMax,
    threads: availableParallelism(),
    compressionLevel: { put: LIMITS.compressionLevelPut, compact: LIMITS.compressionLevelCompact },
    append: {
      durability: 'fsync',
      syncMs: LIMITS.logSyncMs,
      flushRows: LIMITS.logFlushRows,
      flushSize: LIMITS.logFlushBytes,
      flushMs: LIMITS.logFlushMs,
      idsMax: LIMITS.logIdsMax,
      idsMs: LIMITS.logIdsMs,
    },
    history: 0,
    compaction: {
      mode: 'on',
      quietMs: LIMITS.compactQuietMs,
      cpuPercent: LIMITS.jobCpuPercent,
      bytesPerSecond: LIMITS.jobBytesPerSecond,
    },
    retention: [],
    adoptFrom: [],
    logLevel: 'info',
    drainMs: LIMITS.drainMs,
    queryLimit: LIMITS.queriesMax,
    rollupRefreshMs: LIMITS.rollupRefreshMs,
    partSize: LIMITS.partArrowBytesTarget,
    receiveMessageMax: LIMITS.receiveMessageBytesMax,
    tls: undefined,
    usersFile: 'data/users',
    allowAnonymous: false,
  })
  assert.ok(memoryLimit > 0 && memoryLimit < totalmem() / 2, String(memoryLimit))
})

test('the environment goes over the file, and flags over both', () => {
  const config = loadConfig({
    file: fileWith('host = "::1"\nport = 1\ncache_size = "1GB"\n[compression_level]\nput = 1\ncompact = 9\n'),
    env: { STERNA_PORT: '2', STERNA_CACHE_SIZE: '2GB', STERNA_COMPRESSION_LEVEL_COMPACT: '12' },
    flags: { port: '3', dataDir: 'lake', logLevel: undefined },
  })
  assert.equal(config.host, '::1')
  assert.equal(config.port, 3)
  assert.equal(config.cacheSize, 2_000_000_000)
  assert.equal(config.dataDir, 'lake')
  assert.equal(config.logLevel, 'info')
  assert.deepEqual(config.compressionLevel, { put: 1, compact: 12 })
})

test('every setting can be given by the environment alone', () => {
  const config = loadConfig({
    env: {
      STERNA_HOST: '0.0.0.0',
      STERNA_PORT: '0',
      STERNA_DATA_DIR: '/var/lib/sterna',
      STERNA_CACHE_SIZE: '1GiB',
      STERNA_MEMORY_LIMIT: '3GB',
      STERNA_THREADS: '7',
      STERNA_COMPRESSION_LEVEL_PUT: '5',
      STERNA_COMPRESSION_LEVEL_COMPACT: '6',
      STERNA_APPEND_DURABILITY: 'interval',
      STERNA_APPEND_SYNC_MS: '20',
      STERNA_APPEND_FLUSH_ROWS: '100',
      STERNA_APPEND_FLUSH_SIZE: '1MiB',
      STERNA_APPEND_FLUSH_MS: '1000',
      STERNA_APPEND_IDS_MAX: '5',
      STERNA_APPEND_IDS_MS: '6000',
      STERNA_HISTORY: '7d',
      STERNA_COMPACTION_MODE: 'off',
      STERNA_COMPACTION_QUIET_MS: '70',
      STERNA_COMPACTION_CPU_PERCENT: '8',
      STERNA_COMPACTION_BYTES_PER_SECOND: '9MB',
      STERNA_RETENTION: '[{"keys": "ticks_*", "age": "90d", "size": "2GB", "column": "ts"}]',
      STERNA_ADOPT_FROM: '["/srv/exports", "/data"]',
      STERNA_LOG_LEVEL: 'debug',
      STERNA_DRAIN_MS: '99',
      STERNA_QUERY_LIMIT: '4',
      STERNA_ROLLUP_REFRESH_MS: '500',
      STERNA_PART_SIZE: '64MB',
      STERNA_RECEIVE_MESSAGE_MAX: '16MiB',
      STERNA_TLS_CERT: 'server.crt',
      STERNA_TLS_KEY: 'server.key',
      STERNA_USERS_FILE: '/etc/sterna/users',
      STERNA_ALLOW_ANONYMOUS: 'true',
    },
    flags: {},
  })
  assert.deepEqual(config, {
    host: '0.0.0.0',
    port: 0,
    dataDir: '/var/lib/sterna',
    cacheSize: 1_073_741_824,
    memoryLimit: 3_000_000_000,
    threads: 7,
    compressionLevel: { put: 5, compact: 6 },
    append: {
      durability: 'interval',
      syncMs: 20,
      flushRows: 100,
      flushSize: 1_048_576,
      flushMs: 1000,
      idsMax: 5,
      idsMs: 6000,
    },
    history: 604_800_000,
    compaction: { mode: 'off', quietMs: 70, cpuPercent: 8, bytesPerSecond: 9_000_000 },
    retention: [{ keys: 'ticks_*', age: 7_776_000_000, size: 2_000_000_000, column: 'ts' }],
    adoptFrom: ['/srv/exports', '/data'],
    logLevel: 'debug',
    drainMs: 99,
    queryLimit: 4,
    rollupRefreshMs: 500,
    partSize: 64_000_000,
    receiveMessageMax: 16_777_216,
    tls: { cert: 'server.crt', key: 'server.key' },
    usersFile: '/etc/sterna/users',
    allowAnonymous: true,
  })
})

test('variables that are no setting are left alone', () => {
  const env = { STERNA_SERVER: 'grpc://127.0.0.1:1', STERNA_TESTS: 'x', PATH: '/bin' }
  assert.equal(loadConfig({ env, flags: {} }).port, 8815)
})

test('a key of the file that is no setting is refused by name', () => {
  assert.equal(refusal({ text: 'cache_sise = 1' }), 'Unrecognized key "cache_sise" in sterna.toml')
  assert.equal(refusal({ text: 'a = 1\nb = 2' }), 'Unrecognized keys "a", "b" in sterna.toml')
  assert.equal(
    refusal({ text: '[compression_level]\nputt = 3' }),
    'Unrecognized key "compression_level.putt" in sterna.toml',
  )
})

test('a value out of range is refused with its source, its field and what is expected', () => {
  assert.equal(
    refusal({ text: 'port = 70000' }),
    'Invalid port in sterna.toml: expected a whole number from 0 to 65535',
  )
  assert.equal(
    refusal({ text: 'cache_size = "2 bananas"' }),
    'Invalid cache_size in sterna.toml: expected a size of at least 0, such as 2GB or 512MiB',
  )
  assert.equal(
    refusal({ text: '[compression_level]\nput = 23' }),
    'Invalid compression_level.put in sterna.toml: expected a whole number from 1 to 22',
  )
  assert.equal(
    refusal({ env: { STERNA_LOG_LEVEL: 'loud' } }),
    'Invalid STERNA_LOG_LEVEL in the environment: expected one of trace, debug, info, warn, error, fatal, silent',
  )
  assert.equal(
    refusal({ env: { STERNA_THREADS: '' } }),
    'Invalid STERNA_THREADS in the environment: expected a whole number from 1 to 1024',
  )
  assert.equal(
    refusal({ flags: { memoryLimit: '1MB' } }),
    'Invalid --memory-limit: expected a size of at least 64MiB, such as 2GB or 512MiB',
  )
  assert.equal(
    refusal({ flags: { receiveMessageMax: 2 ** 31 } }),
    'Invalid --receive-message-max: expected a size from 64KiB to 2GiB - 1, such as 2GB or 512MiB',
  )
})

test('a value of another kind is refused', () => {
  for (const text of [
    'port = 1.5',
    'port = true',
    'host = 1',
    'host = ""',
    'compression_level = 3',
    'data_dir = []',
  ]) {
    assert.match(refusal({ text }), /^Invalid (port|host|compression_level|data_dir) in sterna\.toml: /, text)
  }
})

test('every mistake of a source is named at once', () => {
  assert.equal(
    refusal({ env: { STERNA_PORT: 'x', STERNA_DRAIN_MS: '-1' } }),
    'Invalid STERNA_PORT in the environment: expected a whole number from 0 to 65535; ' +
      'Invalid STERNA_DRAIN_MS in the environment: expected a whole number from 0 to 3600000',
  )
})

test('a file that is no TOML is refused with the place of the mistake', () => {
  assert.equal(refusal({ text: 'port = 1\nhost = ' }), 'sterna.toml is not valid TOML at line 2, column 8')
})

test('a file that cannot be read is refused', () => {
  assert.throws(() => loadConfig({ file: path.join(folder, 'none.toml'), env: {}, flags: {} }), {
    code: 'CONFIG_INVALID',
    message: `The configuration file ${path.join(folder, 'none.toml')} cannot be read (ENOENT)`,
  })
})
