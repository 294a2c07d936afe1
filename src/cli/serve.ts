import { type Command, Option } from 'commander'
import { loadConfig, type ServerConfig } from '../config/config.ts'
import { DURABILITIES, LOG_LEVELS } from '../config/settings.ts'
import type { SternaServer } from '../index.ts'
import { SternaError } from '../errors.ts'
import { CommandError } from './failure.ts'
import { putEventLoopFirst } from './thread-priority.ts'

interface ServeOptions {
  readonly host?: string
  readonly port?: string
  readonly dataDir?: string
  readonly cacheSize?: string
  readonly memoryLimit?: string
  readonly history?: string
  readonly adoptFrom?: readonly string[]
  readonly logLevel?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly appendDurability?: string
  readonly config?: string
}

/**
 * How long the queries that run may take to be interrupted after the second signal. An exit while one computes would
 * wait for its end: libuv joins its threads.
 */
const CUT_MS = 200

/** `sterna serve` */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a server until SIGTERM or SIGINT')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for a free one (default: 8815)')
    .option('--data-dir <directory>', 'directory of the lake (default: ./data)')
    .option('--cache-size <size>', 'memory for cached batches, such as 2GB (default: 2GiB)')
    .option('--memory-limit <size>', 'memory for SQL, such as 4GB (default: 40 % of the memory)')
    .option('--history <time>', 'how long past versions can be read, such as 7d (default: 0)')
    .option('--adopt-from <folder...>', 'folders whose Parquet files may become parts as they are')
    .option('--tls-cert <file>', 'certificate chain in PEM: serve over TLS')
    .option('--tls-key <file>', 'private key of the certificate, PEM')
    .option('--config <file>', 'TOML file with these and further settings')
    .addOption(
      new Option('--log-level <level>', 'least weight of a log line (default: info)').choices(LOG_LEVELS),
    )
    .addOption(
      new Option(
        '--append-durability <when>',
        'when an appended batch is acknowledged: on the disk, or written (default: fsync)',
      ).choices(DURABILITIES),
    )
    .addHelpText(
      'after',
      '\nSettings also come from the environment, such as STERNA_DATA_DIR; see docs/config.md.',
    )
    .action(serve)
}

/**
 * Serves until the first SIGTERM or SIGINT, then lets calls end. A second signal ends them too, and the process with
 * 1: what was acknowledged is on disk before that.
 */
async function serve({
  config: file,
  tlsCert,
  tlsKey,
  appendDurability,
  ...rest
}: ServeOptions): Promise<void> {
  const tls = { cert: tlsCert, key: tlsKey }
  const flags = { ...rest, tls, append: { durability: appendDurability } }
  const config = loadConfig({ file, env: process.env, flags })
  const starting = start(config)
  let exitCode = 0
  const stopping = onSignals(() => {
    exitCode = 1
    starting.then((server) => server.stop({ drainMs: 0 })).catch(() => undefined)
    setTimeout(() => process.exit(1), CUT_MS)
  })
  const server = await starting
  putEventLoopFirst()
  console.log(`listening on ${server.url}`)
  await stopping
  await server.stop({ drainMs: config.drainMs })
  process.exit(exitCode)
}

/** @returns when the first signal comes; every later one calls `again` */
function onSignals(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let isFirst = true
    const onSignal = (): void => {
      if (!isFirst) again()
      isFirst = false
      resolve()
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
}

async function start(config: ServerConfig): Promise<SternaServer> {
  // Loaded here: the other commands start without the engines.
  const { createServer } = await import('../index.ts')
  try {
    return await createServer(config)
  } catch (error) {
    const { code, message } = SternaError.from(error)
    if (code === 'BUG') throw new CommandError('START_FAILED', startProblem(config, error), { cause: error })
    const isDirectory = code.startsWith('DISK_') || code.startsWith('DATA_')
    throw new SternaError(code, isDirectory ? `${message} (${config.dataDir})` : message, { cause: error })
  }
}

function startProblem({ host, port, dataDir }: ServerConfig, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  if (/^E(EXIST|NOTDIR)\b.* mkdir /.test(text))
    return `${dataDir} cannot be the data directory: a file is in the way`
  if (text.includes('EADDRINUSE')) return `Port ${port} of ${host} is in use by another process`
  if (text.includes('EADDRNOTAVAIL')) return `${host} is no address of this machine`
  if (text.includes('EACCES')) return `Listening on port ${port} of ${host} is not permitted`
  return `The server cannot start: ${text}`
}
