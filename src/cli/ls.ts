import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addGlobOptions, printAnswer } from './answer.ts'
import { countOf } from './progress.ts'
import { callAction, withClient } from './server-connection.ts'
import { renderTable } from './table.ts'

/** What the actions `list` and `describe` tell of a dataset. */
export interface DatasetSummary {
  readonly key: string
  readonly schema: string
  readonly rows: number
  readonly parts: number
  readonly size_bytes: number
  readonly arrow_size_bytes: number
  readonly compression_ratio: number | null
  readonly version: number
}

/** `sterna ls [GLOB]` */
export function addLs(program: Command): void {
  addGlobOptions(program.command('ls').description('list datasets')).action(ls)
}

async function ls(glob: string, options: AnswerOptions): Promise<void> {
  const datasets = (await withClient(options, (client) =>
    callAction(client, 'list', { glob }),
  )) as DatasetSummary[]
  printAnswer(options, datasets, listing)
}

function listing(datasets: readonly DatasetSummary[]): string[] {
  const columns = [
    { name: 'key' },
    { name: 'rows', alignRight: true },
    { name: 'parts', alignRight: true },
    { name: 'on disk', alignRight: true },
    { name: 'ratio', alignRight: true },
    { name: 'version', alignRight: true },
  ]
  const rows = datasets.map((dataset) => [
    nameOf(dataset),
    dataset.rows.toLocaleString('en-US'),
    dataset.parts.toLocaleString('en-US'),
    formatBytes(dataset.size_bytes),
    formatRatio(dataset.compression_ratio),
    String(dataset.version),
  ])
  const rowCount = datasets.reduce((sum, { rows: count }) => sum + count, 0)
  const bytes = datasets.reduce((sum, { size_bytes: size }) => sum + size, 0)
  const summary = `${countOf(datasets.length, 'dataset')}, ${countOf(rowCount, 'row')}, ${formatBytes(bytes)}`
  return [...(datasets.length === 0 ? [] : renderTable(columns, rows)), summary]
}

/** The key, with its schema in front where that is not the usual one. */
export function nameOf({ schema, key }: Pick<DatasetSummary, 'schema' | 'key'>): string {
  return schema === 'main' ? key : `${schema}.${key}`
}

/** How many times smaller than in memory a dataset is on disk. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? '-' : `${ratio.toFixed(1)}×`
}
