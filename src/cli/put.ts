import path from 'node:path'
import { type Command, Option } from 'commander'
import type { FlightClient } from '../client/flight-client.ts'
import { CommandError } from './failure.ts'
import { type Format, formatOf, formatOption, keyOf } from './formats.ts'
import { countOf, Progress } from './progress.ts'
import type { Input } from './read-file.ts'
import { addServerOption, type ServerOptions, withClient } from './server-connection.ts'

interface PutOptions extends ServerOptions {
  readonly key?: string
  readonly schema: string
  readonly mode: string
  readonly format?: Format
}

/** `sterna put FILE...` */
export function addPut(program: Command): void {
  const command = program
    .command('put')
    .description('store files as datasets, one each')
    .argument('<file...>', 'CSV, Parquet, JSON Lines, Arrow IPC file (Feather v2) or Arrow IPC stream')
    .option('--key <key>', 'key of the dataset (default: the name of the file without its ending)')
    .option('--schema <name>', 'schema of the dataset', 'main')
    .addOption(
      new Option('--mode <mode>', 'what to do with a dataset that exists: replace it, add to it, or refuse')
        .choices(['replace', 'append', 'create'])
        .default('replace'),
    )
    .addOption(formatOption('format of the files (default: by their names)'))
  addServerOption(command).action(put)
}

async function put(files: readonly string[], options: PutOptions): Promise<void> {
  if (options.key !== undefined && files.length > 1) {
    throw new CommandError('USAGE', `--key names one dataset, and there are ${files.length} files`)
  }
  const formats = files.map((file) => formatOf(file, options.format))
  // Loaded here: the other commands start without DuckDB.
  const { openInput } = await import('./read-file.ts')
  await withClient(options, async (client) => {
    for (const [index, file] of files.entries()) {
      const input = await openInput(file, formats[index] ?? 'csv')
      try {
        await putInput(client, input, options.key ?? keyOf(file), options)
      } finally {
        await input.close()
      }
    }
  })
}

/** Sends all rows of an input as one put, and says how many they were. */
export async function putInput(
  client: FlightClient,
  input: Omit<Input, 'close'>,
  key: string,
  { schema, mode }: Pick<PutOptions, 'schema' | 'mode'>,
): Promise<void> {
  const progress = new Progress(path.basename(input.file), true)
  let rows = 0
  let bytes = 0
  async function* counting() {
    for await (const frame of input.frames) {
      rows += frame.rows
      bytes += frame.byteLength
      progress.update({ rows, bytes, share: input.share() })
      yield frame
    }
  }
  try {
    await client.put({ cmd: JSON.stringify({ key, schema, mode }) }, counting())
  } finally {
    progress.stop()
  }
  console.log(`${key}: ${countOf(rows, 'row')}`)
}
