import type { Command } from 'commander'
import { encodeTicket } from '../../flight/index.ts'
import { addOutputOptions, deliver, type OutputOptions } from './output.ts'
import { addServerOption, type ServerOptions, withClient } from './server-connection.ts'

interface QueryOptions extends ServerOptions, OutputOptions {}

/** `sterna query SQL` */
export function addQuery(program: Command): void {
  const command = program
    .command('query')
    .description('run SQL and print the result, or write it to a file')
    .argument('<sql>', 'one SELECT; every dataset is a table by its key')
  addServerOption(addOutputOptions(command)).action(query)
}

async function query(sql: string, options: QueryOptions): Promise<void> {
  const ticket = encodeTicket({ kind: 'sql', sql })
  await withClient(options, (client) =>
    deliver({ frames: client.get(ticket), label: 'query', rowsExpected: undefined }, options),
  )
}
