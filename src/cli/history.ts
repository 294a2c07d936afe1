import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addAnswerOptions, printAnswer } from './answer.ts'
import { parseWhole } from './compact.ts'
import { countOf } from './progress.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'
import { renderTable } from './table.ts'

interface HistoryOptions extends AnswerOptions {
  readonly schema: string
  readonly limit: number
}

interface Version {
  readonly version: number
  readonly time: string
  readonly change: string
  readonly rows: number
  readonly parts: number
  readonly size_bytes: number
  readonly message: string | null
}

/** `sterna history KEY` */
export function addHistory(program: Command): void {
  addAnswerOptions(
    program
      .command('history')
      .description('list the versions of a dataset that can be read')
      .argument('<key>', 'the dataset')
      .option('--schema <name>', 'schema of the dataset', 'main')
      .option('--limit <count>', 'so many at most, the newest first', (text) => parseWhole(text, 1), 100),
  ).action(showHistory)
}

/** `sterna rollback KEY VERSION` */
export function addRollback(program: Command): void {
  addServerOption(
    program
      .command('rollback')
      .description('make a dataset what it was in a version')
      .argument('<key>', 'the dataset')
      .argument('<version>', 'the version, as "sterna history" lists it', (text) => parseWhole(text, 0))
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(rollBack)
}

async function showHistory(key: string, options: HistoryOptions): Promise<void> {
  const { schema, limit } = options
  const answer = (await withClient(options, (client) =>
    callAction(client, 'history', { key, schema, limit }),
  )) as { readonly versions: readonly Version[] }
  printAnswer(options, answer, ({ versions }) => sheet(versions))
}

function sheet(versions: readonly Version[]): string[] {
  return renderTable(
    [
      { name: 'version', alignRight: true },
      { name: 'time' },
      { name: 'change' },
      { name: 'rows', alignRight: true },
      { name: 'parts', alignRight: true },
      { name: 'on disk', alignRight: true },
      { name: 'message' },
    ],
    versions.map((version) => [
      String(version.version),
      version.time,
      version.change,
      version.rows.toLocaleString('en-US'),
      String(version.parts),
      formatBytes(version.size_bytes),
      version.message ?? '',
    ]),
  )
}

async function rollBack(
  key: string,
  version: number,
  options: ServerOptions & { readonly schema: string },
): Promise<void> {
  const { schema } = options
  const summary = (await withClient(options, (client) =>
    callAction(client, 'rollback', { key, schema, version }),
  )) as { readonly version: number; readonly rows: number }
  const rows = countOf(summary.rows, 'row')
  console.log(`${key}: version ${summary.version} has the ${rows} of version ${version}`)
}
