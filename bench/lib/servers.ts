import { join } from 'node:path'
import { type RunningServer, startServer } from '../../test/support/start-server.ts'

/** What the Python side of a bench has to know of a server. */
export interface ServerFacts {
  readonly url: string
  readonly pid: number
  readonly data_dir: string
}

/** Starts servers by name, each with its flags and a data directory below `folder`. */
export async function startServers<Name extends string>(
  folder: string,
  flags: Readonly<Record<Name, readonly string[]>>,
): Promise<{ servers: Record<Name, ServerFacts>; stop: () => Promise<void> }> {
  const entries = Object.entries(flags) as [Name, readonly string[]][]
  const running: RunningServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((server) => server.stop()))
  }
  const start = async ([name, args]: [Name, readonly string[]]): Promise<[Name, ServerFacts]> => {
    const options = { dataDir: join(folder, name), args: ['--log-level', 'warn', ...args] }
    const server = await startServer(options)
    running.push(server)
    return [name, { url: server.url, pid: server.pid, data_dir: server.dataDir }]
  }
  const started = await Promise.allSettled(entries.map(start))
  const failed = started.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const facts = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  return { servers: Object.fromEntries(facts) as Record<Name, ServerFacts>, stop }
}
