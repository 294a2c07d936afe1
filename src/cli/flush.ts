import type { Command } from 'commander'
import { countOf } from './progress.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface FlushOptions extends ServerOptions {
  readonly schema: string
}

/** `sterna flush KEY` */
export function addFlush(program: Command): void {
  addServerOption(
    program
      .command('flush')
      .description('make a part of the rows that were appended to a dataset')
      .argument('<key>', 'the dataset')
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(flush)
}

async function flush(key: string, options: FlushOptions): Promise<void> {
  const { schema } = options
  const summary = (await withClient(options, (client) => callAction(client, 'flush', { key, schema }))) as {
    readonly rows: number
    readonly parts: number
  }
  console.log(`${key}: ${countOf(summary.rows, 'row')} in ${countOf(summary.parts, 'part')}`)
}
