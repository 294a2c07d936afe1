import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addAnswerOptions, printAnswer } from './answer.ts'
import { alignFacts } from './describe.ts'
import { callAction, withClient } from './server-connection.ts'

/** `sterna stats` */
export function addStats(program: Command): void {
  addAnswerOptions(program.command('stats').description('show what the server stores and caches')).action(
    stats,
  )
}

async function stats(options: AnswerOptions): Promise<void> {
  const figures = await withClient(options, (client) => callAction(client, 'stats'))
  printAnswer(options, figures, (all) => alignFacts(factsOf(all)))
}

/** Nested figures as lines: `{"cache": {"hits": 3}}` is `cache hits  3`. */
export function factsOf(figures: unknown, path: readonly string[] = []): [string, string][] {
  if (typeof figures !== 'object' || figures === null) {
    return [[path.join(' ').replaceAll('_', ' '), factText(path.at(-1) ?? '', figures)]]
  }
  return Object.entries(figures).flatMap(([name, inner]) => factsOf(inner, [...path, name]))
}

function factText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') return value === null ? '-' : JSON.stringify(value)
  if (/bytes(_|$)/.test(name)) return formatBytes(value)
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
