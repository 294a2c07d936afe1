/** Starts the real server as a process of its own, on a free port and a data directory that goes with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from './project-root.ts'

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
  /** Resolves with the exit code, or the signal that has ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** Everything the server has logged. */
  log(): string
  /** Ends it as an operator would. @returns the exit code */
  stop(): Promise<number | null>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

export interface StartOptions {
  /** Default: a new directory, removed by {@link withServer}. */
  readonly dataDir?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A program, with its arguments, that runs the server in its place. */
  readonly under?: readonly string[]
  /** `stock`: grpc-js as it comes. Takes no `args`. */
  readonly transport?: 'tuned' | 'stock'
}

/** A new empty directory for one test. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sterna-test-'))
}

/** @throws Error with the server's log when it does not come up */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const dataDir = options.dataDir ?? (await temporaryDirectory())
  const [program = '', ...args] = [...(options.under ?? []), ...serverCommand(dataDir, options)]
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const url = await listeningUrl(child, () => log)
  // Not 'exit', after which the last lines of its log may still come.
  const exited = once(child, 'close')
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await exited
    }
    return child.exitCode
  }
  return {
    url,
    port: Number(new URL(url).port),
    dataDir,
    pid: child.pid ?? 0,
    ended: exited.then(() => child.exitCode ?? child.signalCode),
    log: () => log,
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
  }
}

/** Runs `work` with a fresh server and leaves nothing behind. */
export async function withServer<T>(
  work: (server: RunningServer) => Promise<T>,
  options: StartOptions = {},
): Promise<T> {
  const server = await startServer(options)
  try {
    return await work(server)
  } finally {
    await server.stop()
    if (options.dataDir === undefined) await rm(server.dataDir, { recursive: true, force: true })
  }
}

function serverCommand(dataDir: string, { transport, args = [] }: StartOptions): string[] {
  return transport === 'stock'
    ? [process.execPath, join(projectRoot, 'dist', 'test', 'support', 'serve-stock.js'), dataDir]
    : [join(projectRoot, 'bin', 'sterna'), 'serve', '--port', '0', '--data-dir', dataDir, ...args]
}

function listeningUrl(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const match = /^listening on (grpc\S*:\/\/\S+)$/m.exec(output)
      if (match?.[1]) resolve(match[1])
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`The server did not come up:\n${output}\n${log()}`)))
  })
}
