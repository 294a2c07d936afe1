import type { Command } from 'commander'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface DropOptions extends ServerOptions {
  readonly schema: string
}

/** `sterna drop KEY` */
export function addDrop(program: Command): void {
  addServerOption(
    program
      .command('drop')
      .description('drop a dataset')
      .argument('<key>', 'the dataset')
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(drop)
}

async function drop(key: string, options: DropOptions): Promise<void> {
  await withClient(options, (client) => callAction(client, 'drop', { key, schema: options.schema }))
  console.log(`${key}: dropped`)
}
