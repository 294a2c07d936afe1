import { type Command, Option } from 'commander'
import { FlightClient } from '../client/flight-client.ts'
import { CommandError } from './failure.ts'

/** Options of every command that talks to a running server. */
export interface ServerOptions {
  readonly server: string
}

/** Adds `--server` to a command. */
export function addServerOption(command: Command): Command {
  return command.addOption(
    new Option('--server <url>', 'server to talk to').env('STERNA_SERVER').default('grpc://127.0.0.1:8815'),
  )
}

/** Runs `work` with a client, and closes that afterwards. @throws CommandError USAGE on a malformed address */
export async function withClient<T>(
  { server }: ServerOptions,
  work: (client: FlightClient) => Promise<T>,
): Promise<T> {
  const client = openClient(server)
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

function openClient(server: string): FlightClient {
  try {
    return new FlightClient(server)
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError('USAGE', error.message, { cause: error })
    throw error
  }
}
