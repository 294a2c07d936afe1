import { resolve } from 'node:path'
import { type ConfigFlags, type ServerConfig, loadConfig } from './config/config.ts'
import { Duck } from './query/duck.ts'
import type { DuckOptions } from './query/duck-instance.ts'
import { WriteEngine } from './query/write/write-engine.ts'
import { QueryEngine } from './query/engine.ts'
import { createForeignReader } from './query/foreign-reader.ts'
import { createPartWriter } from './query/part-writer.ts'
import { SqlMemory } from './query/sql-memory.ts'
import { AirportState } from './server/airport/state.ts'
import { Authenticator } from './server/auth/authenticator.ts'
import { UserFile } from './server/auth/user-file.ts'
import { FlightServer } from './server/flight-server.ts'
import { SqlState } from './server/sql/state.ts'
import { readTlsPair } from './server/tls.ts'
import type { Disk } from './store/disk/disk.ts'
import { Store } from './store/store.ts'
import { EventLoopMonitor } from './telemetry/event-loop.ts'
import { type Logger, logFor, openLog } from './telemetry/log.ts'

export { type Descriptor, FlightClient } from './client/flight-client.ts'
export { FlightError } from './client/flight-error.ts'
export { type ConfigFlags, type ServerConfig, loadConfig } from './config/config.ts'
import { SternaError } from './errors.ts'
export { ERRORS, type ErrorCode, SternaError } from './errors.ts'
export { LIMITS } from './limits.ts'

/** A running server. */
export interface SternaServer {
  readonly host: string
  readonly port: number
  /** What clients connect to: `grpc://HOST:PORT`, with TLS `grpc+tls://HOST:PORT`. */
  readonly url: string
  /**
   * Refuses new calls, waits up to `drainMs` (default: as configured) for those that run, and closes the lake.
   * Whatever was acknowledged is on disk before this is called, and stays there when it is not.
   */
  stop(options?: { drainMs?: number }): Promise<void>
}

/** What {@link createServer} takes besides the configuration. */
export interface ServerParts {
  /** Where the server logs; by default JSON lines on standard error. */
  readonly log?: Logger
  /** The file system of parts and logs; the local one unless a test puts another in its place. */
  readonly disk?: Disk
  /** `stock` turns off the tuning of grpc-js; for comparison. */
  readonly transport?: 'tuned' | 'stock'
}

/**
 * Opens the lake under `config.dataDir` and serves it over Arrow Flight.
 *
 * @param config - a complete configuration, or a few settings over the defaults
 * @returns once calls are accepted
 * @throws SternaError CONFIG_INVALID, DATA_DIR_LOCKED, DISK_FAILED, DATA_CORRUPT; Error when the port is taken
 *
 * @example
 * ```ts
 * const server = await createServer({ port: 0, dataDir: './data' })
 * console.log(server.url)
 * await server.stop()
 * ```
 */
export async function createServer(config: ConfigFlags = {}, parts: ServerParts = {}): Promise<SternaServer> {
  const settings: ServerConfig = loadConfig({ env: {}, flags: config })
  const tls = settings.tls && (await readTlsPair(settings.tls))
  const log = parts.log ?? openLog(settings.logLevel)
  const users = await usersOf(settings)
  const store = await Store.open(
    { ...settings, dataDir: resolve(settings.dataDir), ...(parts.disk && { disk: parts.disk }) },
    logFor(log, 'store'),
  )
  const closers: (() => Promise<void> | void)[] = [() => store.close()]
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close; close = closers.pop()) await close()
  }
  try {
    const openDuck = (options: Pick<DuckOptions, 'threads' | 'memoryLimit' | 'memoryName'>): Promise<Duck> =>
      Duck.open({
        memoryLimit: `${settings.memoryLimit}B`,
        ...options,
        tempDirectory: store.directories.tmp,
        dataDirectory: store.directories.cold,
        allowedDirectories: [],
      })
    const { threads } = settings
    const duck = await openDuck({ threads })
    closers.push(() => duck.close())
    const encoder = await openDuck({ threads: 1 })
    closers.push(() => encoder.close())
    const memory = new SqlMemory({
      shared: duck,
      bytesMax: settings.memoryLimit,
      open: (bytes, memoryName) => openDuck({ threads, memoryLimit: `${bytes}B`, memoryName }),
    })
    closers.push(() => memory.close())
    store.writeWith(createPartWriter(encoder))
    store.inspectWith(createForeignReader(encoder))
    const engine = new QueryEngine({
      duck,
      lake: store,
      comparer: store,
      dataDirectory: store.directories.root,
      queriesMax: settings.queryLimit,
    })
    closers.push(() => engine.close())
    store.refreshWith((lake, ref, signal) => engine.readDataset(ref, {}, { lake, signal, isWrite: true }))
    closers.push(() => store.upkeep.endRefreshes())
    const sql = new SqlState(store, memory)
    closers.push(() => sql.close())
    const airport = new AirportState(store)
    closers.push(() => airport.close())
    const eventLoop = new EventLoopMonitor()
    closers.push(() => eventLoop.close())
    const services = {
      store,
      engine,
      writes: new WriteEngine(engine),
      sql,
      airport,
      authenticator: new Authenticator(users),
      eventLoop,
      log: logFor(log, 'server'),
      startedMs: Date.now(),
    }
    const server = new FlightServer(services, {
      receiveMessageBytesMax: settings.receiveMessageMax,
      transport: parts.transport ?? 'tuned',
    })
    const port = await server.listen(settings.host, settings.port, tls)
    closers.push(() => server.stop(0))
    if (users === null) log.warn({ host: settings.host }, 'server.open_to_anyone')
    const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
    return {
      host: settings.host,
      port,
      url: `${tls === undefined ? 'grpc' : 'grpc+tls'}://${host}:${port}`,
      stop: async (options = {}) => {
        const drainMs = options.drainMs ?? settings.drainMs
        await server.stop(drainMs)
        await store.upkeep.endRefreshes()
        if (drainMs > 0) await store.flushAll()
        await Promise.all([duck.interruptAll(), encoder.interruptAll(), closeAll()])
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** @returns null for an open server. @throws SternaError CONFIG_INVALID where that would be open to the network */
async function usersOf({ usersFile, host, allowAnonymous }: ServerConfig): Promise<UserFile | null> {
  const users = await UserFile.open(usersFile)
  if (users === null && !isLoopback(host) && !allowAnonymous) {
    throw new SternaError(
      'CONFIG_INVALID',
      `Without users anyone who reaches ${host} could read and write: add some with "sterna user add NAME", or set allow_anonymous`,
    )
  }
  return users
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
