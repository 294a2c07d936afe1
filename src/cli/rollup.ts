import type { Command } from 'commander'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface RollupOptions extends ServerOptions {
  readonly schema: string
}

/** `sterna rollup KEY SQL` */
export function addRollup(program: Command): void {
  addServerOption(
    program
      .command('rollup')
      .description('make a dataset whose rows are those of a query over another one, whatever that gets')
      .argument('<key>', 'the new dataset')
      .argument(
        '<sql>',
        'such as "SELECT time_bucket(INTERVAL \'1 minute\', ts) AS ts, max(price) FROM ticks GROUP BY ALL"',
      )
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(rollup)
}

async function rollup(key: string, sql: string, options: RollupOptions): Promise<void> {
  const { schema } = options
  const made = (await withClient(options, (client) =>
    callAction(client, 'rollup', { key, schema, sql }),
  )) as {
    readonly source: { readonly key: string }
    readonly order: readonly string[]
  }
  console.log(`${key}: a rollup of ${made.source.key}, by ${made.order.join(', ')}`)
}
