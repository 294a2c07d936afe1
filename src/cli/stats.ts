import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { alignFacts } from './describe.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'

interface StatsOptions extends ServerOptions {
  readonly json?: true
}

/** `sterna stats` */
export function addStats(program: Command): void {
  addServerOption(
    program
      .command('stats')
      .description('show what the server stores and caches')
      .option('--json', 'print JSON'),
  ).action(stats)
}

async function stats(options: StatsOptions): Promise<void> {
  const figures = await withClient(options, (client) => callAction(client, 'stats'))
  console.log(
    options.json === true ? JSON.stringify(figures, null, 2) : alignFacts(factsOf(figures)).join('\n'),
  )
}

/** Nested figures as lines: `{"cache": {"hits": 3}}` is `cache hits  3`. */
export function factsOf(figures: unknown, path: readonly string[] = []): [string, string][] {
  if (typeof figures !== 'object' || figures === null) {
    return [[path.join(' ').replaceAll('_', ' '), factText(path.at(-1) ?? '', figures)]]
  }
  return Object.entries(figures).flatMap(([name, inner]) => factsOf(inner, [...path, name]))
}

function factText(name: string, value: unknown): string {
  if (typeof value !== 'number') return value === null ? '-' : JSON.stringify(value)
  if (/bytes(_|$)/.test(name)) return formatBytes(value)
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
