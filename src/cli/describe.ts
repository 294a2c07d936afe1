import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addAnswerOptions, printAnswer } from './answer.ts'
import { type DatasetSummary, formatRatio, nameOf } from './ls.ts'
import { callAction, withClient } from './server-connection.ts'
import { renderTable } from './table.ts'

interface Description extends DatasetSummary {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[]
  readonly options: Readonly<Record<string, unknown>>
  readonly rollup: {
    readonly sql: string
    readonly source: { readonly schema: string; readonly key: string }
    readonly watermark: string | null
    readonly lag_ms: number | null
  } | null
  readonly metadata: Readonly<Record<string, string>>
  readonly part_list: readonly {
    readonly name: string
    readonly rows: number
    readonly size_bytes: number
    readonly arrow_size_bytes: number
    readonly tier: string
    readonly version: number
  }[]
  readonly cached: boolean
}

interface DescribeOptions extends AnswerOptions {
  readonly schema: string
}

/** `sterna describe KEY` */
export function addDescribe(program: Command): void {
  addAnswerOptions(
    program
      .command('describe')
      .description('show columns, sizes and parts of a dataset')
      .argument('<key>', 'the dataset')
      .option('--schema <name>', 'schema of the dataset', 'main'),
  ).action(describe)
}

async function describe(key: string, options: DescribeOptions): Promise<void> {
  const request = { key, schema: options.schema }
  const description = (await withClient(options, (client) =>
    callAction(client, 'describe', request),
  )) as Description
  printAnswer(options, description, sheet)
}

function sheet(description: Description): string[] {
  const { rows, size_bytes, arrow_size_bytes, compression_ratio, version, cached, columns, metadata } =
    description
  const facts: readonly (readonly [string, string])[] = [
    ['key', description.key],
    ['schema', description.schema],
    ['rows', rows.toLocaleString('en-US')],
    ['on disk', formatBytes(size_bytes)],
    ['in memory', formatBytes(arrow_size_bytes)],
    ['ratio', formatRatio(compression_ratio)],
    ['version', String(version)],
    ['cached', cached ? 'yes' : 'no'],
    ...optionFacts(description.options).map(([name, value]) => [`option ${name}`, value] as const),
    ...rollupFacts(description.rollup),
    ...Object.entries(metadata).map(([name, value]) => [`metadata ${name}`, value] as const),
  ]
  return [
    ...alignFacts(facts),
    '',
    ...renderTable(
      [{ name: 'column' }, { name: 'type' }, { name: 'nullable' }],
      columns.map((column) => [column.name, column.type, column.nullable ? 'yes' : 'no']),
    ),
    '',
    ...renderTable(
      [
        { name: 'part' },
        { name: 'tier' },
        { name: 'rows', alignRight: true },
        { name: 'on disk', alignRight: true },
        { name: 'in memory', alignRight: true },
        { name: 'version', alignRight: true },
      ],
      description.part_list.map((part) => [
        part.name,
        part.tier,
        part.rows.toLocaleString('en-US'),
        formatBytes(part.size_bytes),
        formatBytes(part.arrow_size_bytes),
        String(part.version),
      ]),
    ),
  ]
}

function rollupFacts(rollup: Description['rollup']): (readonly [string, string])[] {
  if (rollup === null) return []
  const { sql, source, watermark, lag_ms: lagMs } = rollup
  return [
    ['rollup of', nameOf(source)],
    ['rollup sql', sql.replace(/\s+/g, ' ')],
    ['rollup watermark', watermark ?? 'none: all is computed'],
    ['rollup lag', lagMs === null ? '-' : `${(lagMs / 1000).toLocaleString('en-US')} s`],
  ]
}

/** Lines of a name and a value, the values below each other. */
export function alignFacts(facts: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...facts.map(([name]) => name.length))
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd())
}

/** Options as names and texts, as `name=value` takes them. */
export function optionFacts(options: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(options).flatMap(([name, value]) =>
    isObject(value)
      ? optionFacts(value).map(([field, text]): [string, string] => [`${name}.${field}`, text])
      : [[name, typeof value === 'string' ? value : JSON.stringify(value)] as [string, string]],
  )
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
