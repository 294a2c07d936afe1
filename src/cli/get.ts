import type { Command } from 'commander'
import { type DatasetRequest, encodeTicket } from '../../flight/index.ts'
import { parseWhole } from './compact.ts'
import { addOutputOptions, deliver, type OutputOptions } from './output.ts'
import { addServerOption, type ServerOptions, withClient } from './server-connection.ts'

interface GetOptions extends ServerOptions, OutputOptions {
  readonly schema: string
  readonly columns?: string[]
  readonly where?: string
  readonly start?: string
  readonly end?: string
  readonly limit?: number
}

/** `sterna get KEY` */
export function addGet(program: Command): void {
  const command = program
    .command('get')
    .description('print a dataset, or write it to a file')
    .argument('<key>', 'the dataset')
    .option('--schema <name>', 'schema of the dataset', 'main')
    .option('--columns <names>', 'only these columns, separated by commas', (text) => text.split(','))
    .option('--where <condition>', 'only rows for which this SQL condition holds')
    .option('--start <time>', 'only rows from this time on')
    .option('--end <time>', 'only rows before this time')
    .option('--limit <rows>', 'at most this many rows', (text) => parseWhole(text, 0))
  addServerOption(addOutputOptions(command)).action(get)
}

async function get(key: string, options: GetOptions): Promise<void> {
  const { schema, columns, where, start, end, limit } = options
  const request: DatasetRequest = {
    kind: 'dataset',
    dataset: { schema, key },
    ...(columns !== undefined && { columns }),
    ...(where !== undefined && { where }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(limit !== undefined && { limit }),
  }
  const isWhole = where === undefined && start === undefined && end === undefined && limit === undefined
  await withClient(options, async (client) => {
    const { totalRecords } = await client.info({ path: [schema, key] })
    const rowsExpected = isWhole && totalRecords >= 0 ? totalRecords : undefined
    await deliver({ frames: client.get(encodeTicket(request)), label: key, rowsExpected }, options)
  })
}
