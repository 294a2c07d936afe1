import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addGlobOptions, printAnswer } from './answer.ts'
import { nameOf } from './ls.ts'
import { countOf } from './progress.ts'
import { callAction, withClient } from './server-connection.ts'

/** What the action `check` answers. */
interface CheckSummary {
  readonly datasets: number
  readonly parts: number
  readonly rows: number
  readonly bytes: number
  readonly parts_without_checksums: number
  readonly problems: readonly {
    readonly key: string | null
    readonly schema: string | null
    readonly part: string | null
    readonly problem: string
  }[]
}

/** `sterna check [GLOB]`; exits with 1 where something is wrong. */
export function addCheck(program: Command): void {
  addGlobOptions(
    program
      .command('check')
      .description('compare every stored byte with its checksum, and every part with the catalog'),
  ).action(check)
}

async function check(glob: string, options: AnswerOptions): Promise<void> {
  const summary = (await withClient(options, (client) =>
    callAction(client, 'check', { glob }),
  )) as CheckSummary
  printAnswer(options, summary, report)
  if (summary.problems.length > 0) process.exitCode = 1
}

function report(summary: CheckSummary): string[] {
  const { datasets, parts, rows, bytes, problems, parts_without_checksums: unsealed } = summary
  return [
    ...problems.map(({ key, schema, part, problem }) => {
      const name = key === null || schema === null ? [] : [nameOf({ key, schema })]
      return [...name, ...(part === null ? [] : [part]), problem].join(': ')
    }),
    `${countOf(datasets, 'dataset')}, ${countOf(parts, 'part')}, ${countOf(rows, 'row')}: ${formatBytes(bytes)} compared`,
    ...(unsealed > 0 ? [`${countOf(unsealed, 'part')} of other programs have no checksums`] : []),
    problems.length === 0 ? 'nothing is wrong' : countOf(problems.length, 'problem'),
  ]
}
