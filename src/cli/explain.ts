import type { Command } from 'commander'
import { type AnswerOptions, addAnswerOptions, printAnswer } from './answer.ts'
import { callAction, withClient } from './server-connection.ts'

interface ExplainOptions extends AnswerOptions {
  readonly analyze?: true
}

/** What the action `explain` answers. */
interface Explanation {
  readonly plan: string
  readonly rollups: readonly {
    readonly key: string
    readonly source: string
    readonly from: string | null
    readonly source_parts: number
    readonly source_parts_total: number
  }[]
}

/** `sterna explain SQL` */
export function addExplain(program: Command): void {
  addAnswerOptions(
    program
      .command('explain')
      .description('show the plan of SQL, and how many parts of how many it opens')
      .argument('<sql>', 'one SELECT; every dataset is a table by its key')
      .option('--analyze', 'run it, and show times'),
  ).action(explain)
}

async function explain(sql: string, { analyze, ...options }: ExplainOptions): Promise<void> {
  const request = { sql, analyze: analyze === true }
  const explanation = (await withClient(options, (client) =>
    callAction(client, 'explain', request),
  )) as Explanation
  printAnswer(options, explanation, ({ plan, rollups }) => [plan.trimEnd(), ...rollups.map(lineOf)])
}

function lineOf(rollup: Explanation['rollups'][number]): string {
  const { key, source, from, source_parts: parts, source_parts_total: total } = rollup
  const computed = from === null ? 'computed' : `computed from ${from} on`
  return `rollup ${key}: ${computed}, parts of ${source}: ${parts} of ${total}`
}
