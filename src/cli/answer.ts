import type { Command } from 'commander'
import { addServerOption, type ServerOptions } from './server-connection.ts'

/** Options of commands that print what a server answers. */
export interface AnswerOptions extends ServerOptions {
  readonly json?: true
}

/** Adds `--json`, and what every command has that asks a server. */
export function addAnswerOptions(command: Command): Command {
  return addServerOption(command.option('--json', 'print JSON'))
}

/** As {@link addAnswerOptions}, of a command that takes datasets by a glob. */
export function addGlobOptions(command: Command): Command {
  return addAnswerOptions(command.argument('[glob]', 'only keys that match, such as "trades_*"', '*'))
}

/** Prints an answer as JSON, or as the lines that tell of it. */
export function printAnswer<T>(
  { json }: AnswerOptions,
  answer: T,
  linesOf: (answer: T) => readonly string[],
): void {
  console.log(json === true ? JSON.stringify(answer, null, 2) : linesOf(answer).join('\n'))
}
