import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { FlightClient, type FlightClientOptions } from '../client/flight-client.ts'
import { CommandError, fileError } from './failure.ts'
import { readPassword } from './user.ts'

/** Options of every command that talks to a running server. */
export interface ServerOptions {
  readonly server: string
  readonly tlsCa?: string
  readonly user?: string
}

/** Adds `--server`, `--tls-ca` and `--user` to a command. */
export function addServerOption(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'server to talk to').env('STERNA_SERVER').default('grpc://127.0.0.1:8815'),
    )
    .addOption(new Option('--tls-ca <file>', 'certificates to trust with grpc+tls, PEM').env('STERNA_TLS_CA'))
    .addOption(
      new Option('--user <name>', 'log in; the password is asked for, or in STERNA_PASSWORD').env(
        'STERNA_USER',
      ),
    )
}

/** Runs `work` with a client, and closes that afterwards. @throws CommandError USAGE on a malformed address */
export async function withClient<T>(
  options: ServerOptions,
  work: (client: FlightClient) => Promise<T>,
): Promise<T> {
  const client = openClient(options.server, await clientOptions(options))
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/**
 * The JSON that an action answers with.
 *
 * @param request - the action's body; nothing for none
 */
export async function callAction(client: FlightClient, type: string, request?: object): Promise<unknown> {
  const parts: Uint8Array[] = []
  for await (const part of client.action(type, request === undefined ? '' : JSON.stringify(request))) {
    parts.push(part)
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
}

async function clientOptions({ tlsCa, user }: ServerOptions): Promise<FlightClientOptions> {
  return {
    ...(tlsCa !== undefined && { tlsRootCertificates: await readCertificates(tlsCa) }),
    ...(user !== undefined && {
      login: {
        user,
        password: process.env['STERNA_PASSWORD'] ?? (await readPassword(`Password of ${user}: `)),
      },
    }),
  }
}

async function readCertificates(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw fileError('FILE_UNREADABLE', file, error)
  }
}

function openClient(server: string, options: FlightClientOptions): FlightClient {
  try {
    return new FlightClient(server, options)
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError('USAGE', error.message, { cause: error })
    throw error
  }
}
