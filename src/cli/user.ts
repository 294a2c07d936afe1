import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { loadConfig } from '../config/config.ts'
import { CommandError } from './failure.ts'

interface UserOptions {
  readonly dataDir?: string
  readonly usersFile?: string
  readonly config?: string
}

/** `sterna user add | remove | ls` */
export function addUser(program: Command): void {
  const user = program.command('user').description('who may use a server')
  addFileOptions(
    user
      .command('add')
      .description('add a user, or give one a new password, which is asked for or read from standard input')
      .argument('<name>', 'name of the user'),
  ).action(add)
  addFileOptions(
    user.command('remove').description('remove a user').argument('<name>', 'name of the user'),
  ).action(remove)
  addFileOptions(user.command('ls').description('list the users')).action(list)
}

function addFileOptions(command: Command): Command {
  return command
    .option('--data-dir <directory>', 'directory of the lake (default: ./data)')
    .option('--users-file <file>', 'file of the users (default: users in the data directory)')
    .option('--config <file>', 'TOML file with the settings of the server')
}

async function add(name: string, options: UserOptions): Promise<void> {
  const { UserFile } = await import('../server/auth/user-file.ts')
  await UserFile.setPassword(pathOf(options), name, await readPassword(`Password of ${name}: `))
  console.log(`${name}: may log in`)
}

async function remove(name: string, options: UserOptions): Promise<void> {
  const { UserFile } = await import('../server/auth/user-file.ts')
  if (!(await UserFile.remove(pathOf(options), name)))
    throw new CommandError('USAGE', `There is no user "${name}"`)
  console.log(`${name}: removed`)
}

async function list(options: UserOptions): Promise<void> {
  const { UserFile } = await import('../server/auth/user-file.ts')
  for (const name of await UserFile.names(pathOf(options))) console.log(name)
}

function pathOf({ config: file, ...flags }: UserOptions): string {
  return loadConfig({ file, env: process.env, flags }).usersFile
}

/** One line: from a terminal without showing it, else from standard input. */
export async function readPassword(prompt: string): Promise<string> {
  const isTerminal = process.stdin.isTTY
  if (isTerminal) process.stderr.write(prompt)
  const lines = createInterface({ input: process.stdin, terminal: isTerminal })
  try {
    for await (const line of lines) return line
  } finally {
    lines.close()
    if (isTerminal) process.stderr.write('\n')
  }
  throw new CommandError('USAGE', 'There was no password on standard input')
}
