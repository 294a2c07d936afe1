import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import type { Frame } from '../../flight/index.ts'
import { parseSchema, schemasEqual } from '../../flight/ipc/schema.ts'
import { schemaDifference } from '../../flight/ipc/schema-difference.ts'
import type { FlightClient } from '../client/flight-client.ts'
import { CommandError, fileError } from './failure.ts'
import { keyOf, knownFormat } from './formats.ts'
import { putInput } from './put.ts'
import type { Input } from './read-file.ts'
import { countOf } from './progress.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface AdoptOptions extends ServerOptions {
  readonly key?: string
  readonly inPlace?: true
  readonly schema: string
}

/** `sterna adopt PATH...` */
export function addAdopt(program: Command): void {
  addServerOption(
    program
      .command('adopt')
      .description('import Parquet and CSV files, and folders of them, as new datasets')
      .argument('<path...>', 'files, or folders with files')
      .option('--key <key>', 'make one dataset of all files (default: one each, by its name without ending)')
      .option('--schema <name>', 'schema of the datasets', 'main')
      .option(
        '--in-place',
        'have the server on this machine take Parquet files as they are, without sending rows',
      ),
  ).action(adopt)
}

async function adopt(
  paths: readonly string[],
  { key, schema, inPlace, ...server }: AdoptOptions,
): Promise<void> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  const datasets = key === undefined ? byName(files) : new Map([[key, files]])
  await withClient(server, async (client) => {
    for (const [name, sources] of datasets) {
      if (inPlace === true) {
        await adoptInPlace(client, { key: name, schema }, sources)
        continue
      }
      const [first = '', ...others] = sources
      const label = others.length === 0 ? first : `${name} (${sources.length} files)`
      const input = { file: label, frames: joined(sources), share: () => undefined }
      await putInput(client, input, name, { schema, mode: 'create' })
    }
  })
}

/** Has a server take files as they are. @throws CommandError USAGE where one is not Parquet by its name */
async function adoptInPlace(
  client: FlightClient,
  dataset: { readonly key: string; readonly schema: string },
  sources: readonly string[],
): Promise<void> {
  const other = sources.find((file) => knownFormat(file) !== 'parquet')
  if (other !== undefined) {
    throw new CommandError('USAGE', `${other} is no Parquet file, and only those are taken in place`)
  }
  const files = sources.map((file) => path.resolve(file))
  const { rows, copied } = (await callAction(client, 'adopt', { ...dataset, files })) as {
    readonly rows: number
    readonly copied: number
  }
  const copies = copied === 0 ? '' : `, ${countOf(copied, 'file')} copied`
  console.log(`${dataset.key}: ${countOf(rows, 'row')} in place${copies}`)
}

/** The file, or those of a folder and the folders in it, by name. @throws CommandError USAGE where there are none */
async function filesOf(location: string): Promise<string[]> {
  try {
    if (!(await stat(location)).isDirectory()) {
      if (isTable(location)) return [location]
      throw new CommandError('USAGE', `${location} is neither Parquet nor CSV by its name`)
    }
    const found = await readdir(location, { recursive: true, withFileTypes: true })
    const files = found
      .filter((entry) => entry.isFile() && isTable(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
    if (files.length === 0) throw new CommandError('USAGE', `${location} holds no Parquet or CSV file`)
    return files.sort()
  } catch (error) {
    throw error instanceof CommandError ? error : fileError('FILE_UNREADABLE', location, error)
  }
}

function isTable(file: string): boolean {
  const format = knownFormat(file)
  return format === 'parquet' || format === 'csv'
}

/** @throws CommandError USAGE where two files have one name */
function byName(files: readonly string[]): Map<string, readonly string[]> {
  const datasets = new Map<string, readonly string[]>()
  for (const file of files) {
    const [other] = datasets.get(keyOf(file)) ?? []
    if (other !== undefined) {
      const problem = `${other} and ${file} would both be the dataset "${keyOf(file)}"`
      throw new CommandError('USAGE', `${problem}; --key makes one dataset of all files`)
    }
    datasets.set(keyOf(file), [file])
  }
  return datasets
}

/** The rows of all files in turn, under the schema of the first. @throws CommandError where one has another */
async function* joined(files: readonly string[]): AsyncGenerator<Frame, void, undefined> {
  // Loaded here: the other commands start without DuckDB.
  const { openInput } = await import('./read-file.ts')
  let first: ReturnType<typeof parseSchema> | undefined
  for (const file of files) {
    const input: Input = await openInput(file, knownFormat(file) ?? 'parquet')
    try {
      for await (const frame of input.frames) {
        if (frame.kind !== 'schema') {
          yield frame
          continue
        }
        const schema = parseSchema(frame.header)
        if (first === undefined) yield frame
        else if (!schemasEqual(first, schema, { metadata: false })) {
          const difference = schemaDifference(first, schema)
          const detail = difference
            ? `column ${difference.column} is ${difference.first} there and ${difference.second} here`
            : 'nested types differ'
          const problem = `${file} has other columns than ${files[0] ?? ''}: ${detail}`
          throw new CommandError('FILE_UNREADABLE', `${problem}; they cannot be one dataset`)
        }
        first ??= schema
      }
    } finally {
      await input.close()
    }
  }
}
